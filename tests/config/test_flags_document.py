"""docs/flags.md tells every flag as it is declared."""

from pathlib import Path

import pytest
from mesos_batch_cli.command_table import COMMANDS

from mesos_batch.config import cluster_settings as cluster
from mesos_batch.config import command_settings as commands
from mesos_batch.config import generate_settings as generators
from mesos_batch.config import job_settings as jobs
from mesos_batch.config import local_settings
from mesos_batch.config import log_settings as logs
from mesos_batch.config import plan_settings as plans
from mesos_batch.config import profile_settings as profiles
from mesos_batch.config import volume_settings as volumes
from mesos_batch.config.setting import Setting

DOCUMENT = Path(__file__).parents[2] / "docs" / "flags.md"
# Their flags, where they have any, are told by --help.
WITHOUT_FLAGS = {"mesos-batch help", "mesos-batch completion"}
SECTIONS = {
    "## mesos-batch": commands.RUN,
    "## mesos-batch plan": plans.PLAN,
    "## mesos-batch validate": jobs.VALIDATE,
    "## mesos-batch expand": jobs.EXPAND,
    "## mesos-batch schema": jobs.SCHEMA,
    "## mesos-batch resume": commands.RESUME,
    "## mesos-batch retry": commands.RETRY,
    "## mesos-batch runs": commands.RUNS,
    "## mesos-batch top": commands.TOP,
    "## mesos-batch status": commands.STATUS,
    "## mesos-batch logs": logs.LOGS,
    "## mesos-batch files": logs.FILES,
    "## mesos-batch explain": commands.EXPLAIN,
    "## mesos-batch report": commands.REPORT_COMMAND,
    "## mesos-batch wait": commands.WAIT,
    "## mesos-batch cancel": commands.CANCEL,
    "## mesos-batch generate lines": generators.LINES,
    "## mesos-batch generate csv": generators.CSV,
    "## mesos-batch generate s3": generators.S3,
    "## mesos-batch generate prefetch": generators.PREFETCH,
    "## mesos-batch agents": cluster.AGENTS,
    "## mesos-batch offers": cluster.OFFERS,
    "## mesos-batch frameworks": cluster.FRAMEWORKS,
    "## mesos-batch tasks": cluster.TASKS,
    "## mesos-batch volumes list": volumes.LIST,
    "## mesos-batch volumes create": volumes.CREATE,
    "## mesos-batch volumes destroy": volumes.DESTROY,
    "## mesos-batch volumes audit": volumes.AUDIT,
    "## mesos-batch reservations list": volumes.LIST,
    "## mesos-batch reservations reserve": volumes.RESERVE,
    "## mesos-batch reservations unreserve": volumes.UNRESERVE,
    "## mesos-batch local": local_settings.LOCAL,
    "## mesos-batch doctor": profiles.DOCTOR,
    "## mesos-batch profile add": profiles.PROFILE_ADD,
    "## mesos-batch profile list, mesos-batch profile show": profiles.PROFILE_LIST,
    "## mesos-batch profile use": profiles.PROFILE_USE,
    "## mesos-batch profile remove": profiles.PROFILE_REMOVE,
    "## mesos-batch config show": profiles.CONFIG_SHOW,
    "## mesos-batch config path": profiles.CONFIG_PATH,
    "## mesos-batch credentials set, mesos-batch credentials delete": profiles.CREDENTIALS,
    "## mesos-batch credentials list": profiles.CREDENTIALS_LIST,
}


def row(setting: Setting[object]) -> str:
    variable = f"`{setting.env}`" if setting.env is not None else "-"
    cells = (f"`{setting.usage}`", setting.default_text, variable, setting.help)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def rows_under(heading: str) -> set[str]:
    section = DOCUMENT.read_text(encoding="utf-8").split(f"\n{heading}\n")[1].split("\n## ")[0]
    return {line for line in section.splitlines() if line.startswith("| `")}


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_document_has_exactly_the_declared_flags(heading: str) -> None:
    assert rows_under(heading) == {row(setting) for setting in SECTIONS[heading]}


def test_it_has_a_section_for_each_command_and_no_other() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    headings = [line for line in text.splitlines() if line.startswith("## mesos-batch")]
    assert sorted(headings) == sorted(SECTIONS)
    names = {name for heading in headings for name in heading.removeprefix("## ").split(", ")}
    listed = {f"mesos-batch {command.name}" for command in COMMANDS} - {"mesos-batch run"}
    assert names == {*listed, "mesos-batch"} - WITHOUT_FLAGS
