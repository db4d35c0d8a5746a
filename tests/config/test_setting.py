"""Text to values, for each kind of setting."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from mesos_batch.config import command_settings as commands
from mesos_batch.config import local_settings as cluster
from mesos_batch.config import placement_settings as placement
from mesos_batch.config import settings as the
from mesos_batch.config.setting import Setting
from mesos_batch.model.scheduling import Constraint, Operator


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        (the.MASTER, "local", "local"),
        (the.MASTER, "10.0.0.1:5050", "10.0.0.1:5050"),
        (the.MASTER, "Master.Example.org:5050", "master.example.org:5050"),
        (the.MASTER, "master@10.0.0.1:5050", "10.0.0.1:5050"),
        (the.MASTER, "[::1]:5050", "[::1]:5050"),
        (the.MASTER, "https://m.example.org", "https://m.example.org"),
        (the.MASTER, "http://m.example.org:5050/", "http://m.example.org:5050"),
        (the.CHECKPOINT, "true", True),
        (the.CHECKPOINT, "1", True),
        (the.CHECKPOINT, "", True),
        (the.CHECKPOINT, "false", False),
        (the.CHECKPOINT, "0", False),
        (the.KILL_AFTER, "1.5hrs", 5400.0),
        (the.UNPLACEABLE_TIMEOUT, "0secs", 0.0),
        (the.CONTENT_TYPE, "json", "json"),
        (the.CONTENT_TYPE, "application/json", "json"),
        (the.CONTENT_TYPE, "application/x-protobuf", "protobuf"),
        (the.FRAMEWORK_CAPABILITIES, "GPU_RESOURCES,,SHARED_RESOURCES,",
         ("GPU_RESOURCES", "SHARED_RESOURCES")),
        (the.FRAMEWORK_CAPABILITIES, "TASK_KILLING_STATE", ("TASK_KILLING_STATE",)),
        (the.FRAMEWORK_CAPABILITIES, "", ()),
        (cluster.ATTRIBUTES, "rack:r1;zones:[1-3,7-9]", ("rack:r1", "zones:[1-3,7-9]")),
        (placement.CONSTRAINT, "rack:in:r1,r2; hostname:unique;;rack:IN:r1,r2",
         (Constraint("rack", Operator.IN, ("r1", "r2")), Constraint("hostname", Operator.UNIQUE))),
        (placement.CONSTRAINT, "", ()),
        (placement.MAX_RUNNING, "10", 10),
        (placement.EXECUTOR, "pool", "pool"),
        (placement.REVIVE_INTERVAL, "0secs", 0.0),
        (the.LOCAL_AGENTS, "1", 1),
        (the.LOCAL_CPUS, "0.5", 0.5),
        (cluster.PORT, "65535", 65535),
        (the.SECRET_FILE, "/etc/secret", Path("/etc/secret")),
        (the.ROLE, "eng/web", "eng/web"),
    ],
)  # fmt: skip
def test_text_becomes_a_value(setting: Setting[object], text: str, value: object) -> None:
    assert setting.read(text) == value


@pytest.mark.parametrize(
    ("setting", "text", "said"),
    [
        (the.MASTER, "host", "did you mean host:5050?"),
        (the.CHECKPOINT, "yes", "neither true nor false"),
        (the.CHECKPOINT, "True", "neither true nor false"),
        (the.KILL_AFTER, "10", "no unit"),
        (the.KILL_AFTER, "0secs", "not more than zero"),
        (the.KILL_AFTER, "-1secs", "not a duration"),
        (the.CONTENT_TYPE, "xml", "not one of protobuf, json"),
        (the.FRAMEWORK_CAPABILITIES, "MULTI_ROLE", "--role sets one"),
        (the.FRAMEWORK_CAPABILITIES, "UNKNOWN", "UNKNOWN cannot be used"),
        (the.FRAMEWORK_CAPABILITIES, "gpu_resources", "not one of"),
        (the.FRAMEWORK_CAPABILITIES, "GPU_RESOURCES,GPU_RESOURCES", "given twice"),
        (placement.CONSTRAINT, "hostname:unique;rack:r1", "(did you mean rack:equals:r1?)"),
        (placement.MAX_RUNNING, "0", "less than 1"),
        (placement.EXECUTOR, "docker", "not one of auto, command, pool"),
        (the.LOCAL_AGENTS, "0", "less than 1"),
        (the.LOCAL_AGENTS, "1.5", "not a whole number"),
        (the.LOCAL_AGENTS, "", "not a whole number"),
        (the.LOCAL_AGENTS, "²", "not a whole number"),
        (cluster.PORT, "65536", "more than 65535"),
        (the.LOCAL_CPUS, "0", "not more than zero"),
        (the.LOCAL_CPUS, "nan", "not a finite number"),
        (the.LOCAL_CPUS, "four", "not a number"),
        (the.ROLE, "a//b", "two in a row"),
        (the.ROLE, "", "must not be empty"),
        (the.FRAMEWORK_NAME, "", "empty"),
    ],
)
def test_text_that_is_no_value_is_refused_with_a_reason(
    setting: Setting[object], text: str, said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        setting.read(text)


def test_file_urls_stand_for_the_content_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "role"
    file.write_text("eng/web\n", encoding="utf-8")

    assert the.ROLE.read(f"file://{file}") == "eng/web"


def test_a_file_url_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot read .*No such file"):
        the.ROLE.read(f"file://{tmp_path / 'missing'}")


def test_file_urls_of_task_lists_are_left_for_the_reader_of_task_lists() -> None:
    assert the.TASK_LIST.read("file:///list.json") == "file:///list.json"


def test_usage_and_default_are_written_as_the_command_line_reads_them() -> None:
    assert (the.CHECKPOINT.usage, the.CHECKPOINT.default_text) == ("--[no-]checkpoint", "false")
    assert (the.UNREACHABLE_TIMEOUT.usage, the.UNREACHABLE_TIMEOUT.default_text) == (
        "--unreachable_timeout=DURATION",
        "15mins",
    )
    assert the.MASTER.default_text == "none"
    assert replace(the.MASTER, shown_default="ask").default_text == "ask"
    assert placement.CONSTRAINT.default_text == "none"
    made = replace(placement.CONSTRAINT, default=placement.CONSTRAINT.read("a:unique;b:max_per:2"))
    assert made.default_text == "a:unique;b:max_per:2"


@pytest.mark.parametrize(
    "setting", [*commands.RUN, *cluster.LOCAL], ids=lambda setting: setting.name
)
def test_each_default_is_a_value_its_text_leads_to(setting: Setting[object]) -> None:
    if setting.default is not None and setting.default != () and setting.shown_default is None:
        assert setting.read(setting.default_text) == setting.default


def test_environment_variables_have_one_meaning_each() -> None:
    variables = [setting.env for setting in commands.RUN if setting.env is not None]
    assert len(variables) == len(set(variables))
    assert the.MASTER.env == "MESOS_MASTER"
    assert the.KILL_AFTER.env == "MESOS_BATCH_KILL_AFTER"
    assert the.HELP.env is None
