"""--json: one object that names its schema, from every command that tells something."""

import json
from pathlib import Path
from typing import Any

import pytest
from mesos_batch_cli.command_table import COMMANDS
from program import Outcome, Program, task, write

# What these print is a document of another kind: a task list, a schema, a script.
OF_ANOTHER_KIND = {
    "expand",
    "schema",
    "generate lines",
    "generate csv",
    "generate s3",
    "generate prefetch",
    "completion",
}


def told(done: Outcome, kind: str) -> dict[str, Any]:
    """The one object on stdout."""
    document: dict[str, Any] = json.loads(done.stdout)
    assert document.pop("schema") == f"mesos-batch.{kind}/1"
    return document


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_it(command: Any) -> None:
    flags = {setting.name for setting in command.module().SETTINGS}
    assert ("json" in flags) is (command.name not in OF_ANOTHER_KIND)


def test_a_run_ends_with_what_status_tells(mesos_batch: Program, tmp_path: Path) -> None:
    write(tmp_path / "tiles.json", task("good", "true"), task("bad", "echo no >&2; exit 3"))
    ran = mesos_batch("run", "tiles.json", "--master=local", "--local_agents=1", "--json")
    result = told(ran, "run")

    assert (ran.returncode, result["exit_code"], result["state"]) == (1, 1, "ended")
    assert {it["task_id"]: it["phase"] for it in result["tasks"]} == {
        "good": "finished",
        "bad": "failed",
    }
    for command in (["status"], ["wait"], ["top"]):
        assert told(mesos_batch(*command, "last", "--json"), "run") == result
    retried = told(mesos_batch("retry", "last", "--json", "--quiet"), "run")
    assert [it["task_id"] for it in retried["tasks"]] == ["bad"]


def test_a_run_that_is_not_kept_tells_the_same_but_for_its_id(
    mesos_batch: Program, tmp_path: Path
) -> None:
    write(tmp_path / "tiles.json", task("good", "true"))
    ran = mesos_batch("run", "tiles.json", "--master=local", "--no-journal", "--json")
    result = told(ran, "run")

    assert (result["run_id"], result["exit_code"], result["counts"]) == (None, 0, {"finished": 1})
    assert [it["phase"] for it in result["tasks"]] == ["finished"]


def test_nothing_done_is_told_too(mesos_batch: Program, tmp_path: Path) -> None:
    write(tmp_path / "tiles.json", task("good", "true"))
    mesos_batch("run", "tiles.json", "--master=local", "--local_agents=1")
    for command in ("retry", "cancel"):
        done = mesos_batch(command, "last", "--json")
        outcome = told(done, "outcome")
        assert (done.returncode, outcome["done"]) == (0, False)
        assert done.stderr == outcome["message"] + "\n"


def test_problems_of_a_file_have_their_places(mesos_batch: Program, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text("tasks:\n  - name: a\n    comand: 'true'\n    cpus: 1\n")
    done = mesos_batch("run", "job.yaml", "--master=local", "--json")
    error = told(done, "error")

    assert (done.returncode, error["exit_code"]) == (2, 2)
    assert "nothing was sent to any cluster" in error["message"]
    assert [(it["line"], it["field"], it["hint"]) for it in error["problems"]][-1] == (
        3,
        "tasks[0].comand",
        "did you mean command?",
    )


def test_log_lines_are_objects(mesos_batch: Program, tmp_path: Path) -> None:
    write(tmp_path / "tiles.json", task("a", r"printf 'one\ntw\377o\n'; echo three >&2"))
    mesos_batch("run", "tiles.json", "--master=local", "--local_agents=1")
    done = mesos_batch("logs", "last", "a", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]

    assert {line.pop("schema") for line in lines} == {"mesos-batch.log/1"}
    assert lines == [
        {"task_id": "a", "stream": "stdout", "line": "one"},
        {"task_id": "a", "stream": "stdout", "line": "tw\N{REPLACEMENT CHARACTER}o"},
        {"task_id": "a", "stream": "stderr", "line": "three"},
    ]
    found = mesos_batch("logs", "last", "a", "--json", "--grep=three")
    assert len(found.stdout.splitlines()) == 1
    assert mesos_batch("logs", "last", "a", "--json", "--grep=four").returncode == 1


def test_reports_that_were_written_are_told(mesos_batch: Program, tmp_path: Path) -> None:
    write(tmp_path / "tiles.json", task("good", "true"))
    mesos_batch("run", "tiles.json", "--master=local", "--local_agents=1")
    done = mesos_batch("report", "last", "--report=run.csv", "--json")

    assert told(done, "reports")["reports"] == [{"format": "csv", "path": "run.csv"}]
    both = mesos_batch("report", "last", "--report=csv:-", "--json")
    assert both.returncode == 2
