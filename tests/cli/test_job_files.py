"""Job files through the real program: run, plan, validate, expand, schema."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from program import Program, clean_environment, task, write

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tasks are for a POSIX shell")

EXAMPLES = Path(__file__).parents[2] / "examples"
JOB = """\
defaults: {cpus: 0.1, mem: 32}
tasks:
- name: say
  foreach: {lines: stdin}
  command: echo {{ line | quote }}
"""
WRONG = """\
defaults: {cpus: 0.1, mem: 32}
tasks:
- {name: a, comand: x}
- {name: b, command: x, timeout: 5s}
"""


def tiles(directory: Path, count: int) -> None:
    """The job file of the examples, with many rows."""
    shutil.copy(EXAMPLES / "tiles.yaml", directory)
    rows = [f"T{number},{number % 3},0.5,2" for number in range(count)]
    table = "\n".join(["tile,zoom,clouds,seconds", *rows])
    (directory / "tiles.csv").write_text(table, encoding="utf-8")


def test_a_table_of_500_rows_runs_in_one_command(tmp_path: Path, mesos_batch: Program) -> None:
    tiles(tmp_path, 500)

    done = mesos_batch("run", "tiles.yaml", "--master=local", "--quiet")

    assert done.returncode == 0, done.stderr
    assert "all 501 tasks finished" in done.stdout


@pytest.mark.parametrize("example", ["tiles.yaml", "seasons.toml"])
def test_what_expand_prints_is_a_task_list(example: str, mesos_batch: Program) -> None:
    expanded = mesos_batch("expand", str(EXAMPLES / example))
    run = mesos_batch("--master=local", "--task_list=-", "--quiet", stdin=expanded.stdout)

    assert (expanded.returncode, expanded.stderr) == (0, "")
    assert run.returncode == 0, run.stderr
    count = len(json.loads(expanded.stdout)["tasks"])
    assert f"all {count} tasks finished" in run.stdout


def test_a_task_list_can_be_validated_and_expanded_too(
    tmp_path: Path, mesos_batch: Program
) -> None:
    write(tmp_path / "list.json", task("one", "true"))

    validated, expanded = mesos_batch("validate", "list.json"), mesos_batch("expand", "list.json")

    assert validated.stdout == "list.json is valid: 1 task\n"
    assert json.loads(expanded.stdout)["tasks"][0]["command"]["value"] == "true"


def test_an_expanded_list_is_utf_8_whatever_the_terminal_has(mesos_batch: Program) -> None:
    job = "defaults: {cpus: 1}\ntasks: [{name: t, command: 'echo é 😀 €'}]\n"

    done = mesos_batch("expand", "-", stdin=job, env={"PYTHONIOENCODING": "latin-1"})

    assert json.loads(done.stdout)["tasks"][0]["command"]["value"] == "echo é 😀 €"


def test_rows_may_come_from_standard_input(tmp_path: Path, mesos_batch: Program) -> None:
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")

    done = mesos_batch("expand", "job.yaml", stdin="a b\n\nc\n")

    commands = [item["command"]["value"] for item in json.loads(done.stdout)["tasks"]]
    assert commands == ["echo 'a b'", "echo c"]


def test_a_job_file_may_be_the_value_of_the_flag(mesos_batch: Program) -> None:
    done = mesos_batch("--master=local", f"--task_list={JOB}", "--quiet", stdin="a\nb\n")

    assert done.returncode == 0, done.stderr
    assert "all 2 tasks finished" in done.stdout


def test_a_job_file_may_come_from_standard_input(mesos_batch: Program) -> None:
    text = "vars: {a: 1}\ntasks:\n- {name: t, cpus: 0.1, mem: 32, command: 'true {{ a }}'}\n"

    assert mesos_batch("validate", "-", stdin=text).stdout == "<stdin> is valid: 1 task\n"
    plan = mesos_batch("plan", "-", "--master=local", stdin=text)
    assert plan.stdout.startswith("1 task on 3 agents")


@pytest.mark.parametrize("command", ["expand", "run"])
def test_mistakes_are_told_before_anything_happens(
    command: str, tmp_path: Path, mesos_batch: Program
) -> None:
    (tmp_path / "job.yaml").write_text(WRONG, encoding="utf-8")
    flags = ("--master=127.0.0.1:1",) if command == "run" else ()

    done = mesos_batch(command, "job.yaml", *flags)

    assert done.returncode == 2
    assert done.stdout == ""
    first, second, last = done.stderr.splitlines()
    assert first == "job.yaml:3:13: error: tasks[0].comand: unknown field (did you mean command?)"
    assert second.startswith("job.yaml:4:34: error: tasks[1].timeout: '5s' has unit 's'")
    assert last.startswith("mesos-batch: job.yaml has 2 errors")


def test_programs_read_the_verdict_as_json(tmp_path: Path, mesos_batch: Program) -> None:
    (tmp_path / "job.yaml").write_text(WRONG, encoding="utf-8")
    tiles(tmp_path, 2)

    wrong = mesos_batch("validate", "job.yaml", "--json")
    right = mesos_batch("validate", "tiles.yaml", "--json")

    assert (wrong.returncode, right.returncode) == (2, 0)
    verdict = json.loads(wrong.stdout)
    assert verdict["schema"] == "mesos-batch.validation/1"
    assert (verdict["valid"], verdict["tasks"], len(verdict["problems"])) == (False, None, 2)
    assert verdict["problems"][0] == {
        "severity": "error",
        "line": 3,
        "column": 13,
        "field": "tasks[0].comand",
        "message": "unknown field",
        "hint": "did you mean command?",
    }
    assert json.loads(right.stdout)["tasks"] == 3


def test_what_belongs_to_another_role_is_refused_as_by_a_run(mesos_batch: Program) -> None:
    reserved = "tasks:\n- {name: t, cpus: 1, command: x, resources: 'disk(earth):5'}\n"

    refused = mesos_batch("validate", "-", stdin=reserved)
    fine = mesos_batch("validate", "-", "--role=earth", stdin=reserved)

    assert refused.returncode == 2
    assert "<stdin>:2:45: error: tasks[0].resources[0]: " in refused.stderr
    assert fine.returncode == 0


@pytest.mark.parametrize("command", ["validate", "expand"])
def test_a_file_has_to_be_named_and_there(command: str, mesos_batch: Program) -> None:
    missing, none = mesos_batch(command, "no.yaml"), mesos_batch(command)

    assert (missing.returncode, none.returncode) == (2, 2)
    assert "'no.yaml' cannot be read: No such file or directory" in missing.stderr
    assert f"Write mesos-batch {command} FILE." in none.stderr


def test_the_schema_is_json(mesos_batch: Program) -> None:
    done = mesos_batch("schema")

    assert done.returncode == 0
    assert json.loads(done.stdout)["title"] == "mesos-batch job file"


def test_a_reader_that_has_seen_enough_ends_expand(tmp_path: Path) -> None:
    job = "defaults: {cpus: 1, command: x}\ntasks:\n- {name: t, foreach: {lines: stdin}}\n"
    (tmp_path / "job.yaml").write_text(job, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "mesos_batch_cli", "expand", "job.yaml"],
        cwd=tmp_path,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        # Standard input stays open: what is printed before its end was made before its end.
        process.stdin.write(b"row\n" * 3000)
        process.stdin.flush()
        assert process.stdout.readline() == b'{"tasks": [\n'
        assert b'"t-0000"' in process.stdout.readline()
        process.stdout.close()
        process.stdin.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 0


def test_a_volume_is_found_by_a_run_and_spelled_out_by_expand(
    master: str, tmp_path: Path, mesos_batch: Program
) -> None:
    job = """\
defaults: {cpus: 0.1, mem: 32}
tasks:
- name: write
  volumes: [{id: data, path: store}]
  command: echo kept > store/file
"""
    (tmp_path / "job.yaml").write_text(job, encoding="utf-8")
    who = (f"--master={master}", "--role=earth", "--principal=alice")
    created = mesos_batch("volumes", "create", *who, "--size=32", "--id=data")
    assert created.returncode == 0, created.stderr

    run = mesos_batch("run", "job.yaml", *who, "--quiet")
    alone = mesos_batch("expand", "job.yaml")
    asked = mesos_batch("expand", "job.yaml", f"--master={master}")
    again = mesos_batch("--task_list=-", *who, "--quiet", stdin=asked.stdout)

    assert run.returncode == 0, run.stdout
    assert alone.returncode == 2
    assert "job.yaml:4:18: error: tasks[0].volumes[0].id: " in alone.stderr
    (made,) = json.loads(asked.stdout)["tasks"]
    assert made["resources"][2]["reservations"][0]["role"] == "earth"
    assert made["agent_id"]["value"]
    assert again.returncode == 0, again.stdout


def test_a_task_list_needs_nothing_of_job_files(tmp_path: Path) -> None:
    write(tmp_path / "list.json", task("one", "true"))
    script = (
        "import sys; from mesos_batch_cli.task_list import read_task_list;"
        "assert read_task_list('list.json', '*', None);"
        "print([name for name in ('jinja2', 'pydantic', 'ruamel.yaml') if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean_environment(),
        check=True,
    )

    assert done.stdout == "[]\n"
