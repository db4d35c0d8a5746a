"""Values of a job file become text as they were written there, and are what they are else."""

from __future__ import annotations

from pathlib import Path

import pytest
from jobs.job_files import DEFAULTS, entry, tasks

from mesos_batch.jobs.document import Syntax


@pytest.mark.parametrize(
    "number", ["1.10", "010", "0x1F", "0o17", "1e3", "+5", "-0", "1.0e+2", ".5", ".inf", "7", "2.5"]
)
def test_text_and_templates_have_it_as_it_was_written(number: str) -> None:
    (task,) = entry(
        f"""\
foreach: [{number}]
environment: {{A: {number}}}
command: run {{{{ item }}}} {{{{ '%s' % item }}}}
"""
    )

    assert task["command"]["environment"]["variables"][0]["value"] == number
    assert task["command"]["value"] == f"run {number} {number}"


def test_in_toml_and_json_and_rows_of_json_too(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"version": 3.10}\n', encoding="utf-8")
    row = """foreach = {json_lines = "rows.jsonl"}"""
    head = """defaults = {cpus = 1, mem = 32}\n[[tasks]]\nname = "t"\n"""
    toml = f"{head}{row}\ncommand = 'run {{{{ version }}}}'\nenvironment = {{A = 1.50}}\n"
    json = """{"defaults": {"cpus": 1, "mem": 32, "environment": {"A": 1.50}}, "tasks": [
        {"name": "t", "foreach": {"json_lines": "rows.jsonl"}, "command": "run {{ version }}"}]}"""

    for text, syntax in ((toml, Syntax.TOML), (json, Syntax.JSON)):
        (task,) = tasks(text, tmp_path, syntax=syntax)
        assert task["command"]["value"] == "run 3.10"
        assert task["command"]["environment"]["variables"][0]["value"] == "1.50"


def test_templates_count_with_it_and_format_it() -> None:
    (task,) = entry(
        """\
foreach: [{a: 1.10, b: 010}]
command: "{{ a * 2 }} {{ b + 1 }} {{ '%.1f' % a }} {{ '{:03}'.format(b) }} {{ a == 1.1 }}"
"""
    )
    assert task["command"]["value"] == "2.2 11 1.1 010 true"


def test_fields_of_numbers_and_labels_of_ours_have_the_number() -> None:
    (task,) = tasks(
        f"""\
{DEFAULTS}tasks:
- {{name: t, cpus: 0.50, priority: +5, retries: 0x2, foreach: {{range: {{from: 01, to: 0x1}}}}}}
"""
    )
    assert task["resources"][0]["scalar"]["value"] == 0.5
    values = {label["key"]: label["value"] for label in task["labels"]["labels"]}
    assert values == {"mesos_batch.priority": "5", "mesos_batch.max_attempts": "3"}


def test_words_are_those_of_the_file_and_not_of_python() -> None:
    (task,) = entry(
        'foreach: [{a: true, b: null}]\ncommand: "{{ a }} {{ not a }} {{ b }} {{ [a] }}"'
    )
    assert task["command"]["value"] == "true false null [True]"
