"""The JSON Schema of job files: editors accept what we accept, and refuse what we refuse."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jobs.job_files import problems
from jsonschema import Draft202012Validator

from mesos_batch.jobs import schema
from mesos_batch.jobs.yaml_text import parse_yaml

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "job-files.md").read_text(encoding="utf-8")
SCHEMA = schema.json_schema()
TABLES = {
    "Of the file:": list(schema.JobFile.model_fields.items()),
    "Of `defaults`, and of each of": list(schema.Defaults.model_fields.items()),
    "Of each of `tasks` only:": [
        (name, field)
        for name, field in schema.Task.model_fields.items()
        if name not in schema.Defaults.model_fields
    ],
    "Of each of `uris`": list(schema.Uri.model_fields.items()),
    "Of each of `volumes`:": list(schema.Volume.model_fields.items()),
}


def refuses(value: Any) -> bool:
    return not Draft202012Validator(SCHEMA).is_valid(value)


def job(**fields: Any) -> dict[str, Any]:
    return {"defaults": {"cpus": 1, "mem": 32}, "tasks": [{"name": "t", "command": "x", **fields}]}


def test_it_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", ["tiles.yaml", "seasons.toml"])
def test_it_accepts_the_examples(name: str) -> None:
    text = (ROOT / "examples" / name).read_text(encoding="utf-8")
    value = tomllib.loads(text) if name.endswith(".toml") else parse_yaml(text)[0]
    assert not refuses(value)


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL))
def test_it_accepts_what_the_document_shows(block: str) -> None:
    value, _ = parse_yaml(block)
    if isinstance(value, list):
        value = {"tasks": value}
    elif isinstance(value, dict) and "tasks" not in value:
        value = job(**value)
    assert not refuses(value)


FINE: list[dict[str, Any]] = [
    {},
    {"foreach": [1, {"a": 2}], "matrix": {"z": [1, "b"]}},
    {"foreach": {"csv": "a.csv", "delimiter": ";"}},
    {"foreach": {"range": {"from": 1, "to": 3, "step": 2}}},
    {"command": ["x", 1, True]},
    {"cpus": "{{ cpus }}", "retries": "{% if a %}1{% endif %}"},
    {"timeout": "1.5hrs", "kill_grace": "{{ s }}secs", "expected_runtime": "90secs"},
    {"constraints": "hostname:unique", "depends_on": ["a", "b"], "always": True},
    {"environment": {"A": 1}, "labels": {"b": "c"}, "user": None},
    {"uris": ["http://a", {"value": "http://b", "extract": False}]},
    {"volumes": [{"id": "v", "path": "p", "size": 3}]},
    {"image": "alpine", "containerizer": "mesos"},
    {"task_info": {"anything": [1]}},
]
WRONG: list[dict[str, Any]] = [
    {"cpu": 1},
    {"cpus": "64MB"},
    {"retries": -1},
    {"retries": 1.5},
    {"timeout": "10s"},
    {"timeout": 10},
    {"command": []},
    {"command": {}},
    {"constraints": [3]},
    {"always": "yes"},
    {"environment": {"A": {}}},
    {"foreach": {}},
    {"foreach": {"csv": "a", "lines": "b"}},
    {"foreach": {"lines": "b", "delimiter": ";"}},
    {"foreach": {"csv": "b", "delimiter": "::"}},
    {"foreach": {"csv": "b", "delimiter": "\n"}},
    {"foreach": {"csv": None}},
    {"foreach": {"range": {"from": 1}}},
    {"foreach": []},
    {"matrix": {"a": []}},
    {"uris": [{"values": "x"}]},
    {"volumes": [{}]},
    {"containerizer": "dockr"},
]


@pytest.mark.parametrize("fields", FINE)
def test_it_accepts_what_the_program_accepts(fields: dict[str, Any]) -> None:
    assert not refuses(job(**fields))
    _, findings = schema_verdict(job(**fields))
    assert findings == []


@pytest.mark.parametrize("fields", WRONG)
def test_it_refuses_what_the_program_refuses(fields: dict[str, Any]) -> None:
    assert refuses(job(**fields))
    _, findings = schema_verdict(job(**fields))
    assert findings


def schema_verdict(value: Any) -> tuple[object, list[Any]]:
    from mesos_batch.jobs.validation import validate

    return validate(value)


def test_every_field_says_what_it_is_for() -> None:
    for part in (schema.JobFile, *schema.PARTS.values()):
        for name, field in part.model_fields.items():
            assert field.description, f"{part.__name__}.{name}"
            assert field.description.endswith(".")


@pytest.mark.parametrize("title", TABLES)
def test_the_document_has_exactly_the_fields_of_the_schema(title: str) -> None:
    table = DOCUMENT.split(f"\n{title}")[1].split("\n|---|---|\n")[1].split("\n\n")[0]
    assert table.splitlines() == [
        f"| `{field.alias or name}` | {field.description} |" for name, field in TABLES[title]
    ]


def test_the_mistakes_of_the_document_are_told_so() -> None:
    """The lines it prints are those the program prints."""
    told = re.findall(r"^(?:job|other)\.yaml:\d+:\d+: (error: .*)$", DOCUMENT, re.MULTILINE)
    text = "tasks:\n- memory: 64\n  name: t\n  command: x\n  timeout: 10min\n"
    assert [line.split(": ", 1)[1] for line in problems(text)] == told[:2]
