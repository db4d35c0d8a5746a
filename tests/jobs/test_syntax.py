"""Job files whose text is no YAML, TOML or JSON, or more than a job file may be."""

from __future__ import annotations

from pathlib import Path

import pytest
from jobs.job_files import DEFAULTS, NOWHERE, problems

from mesos_batch.jobs.document import Syntax


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1: error: the job file is empty (a job file begins with 'tasks:')"),
        ("a: 1\na: 2\n", "2:1: error: 'a' is given twice (remove one of them)"),
        ("a:\n\tb: 1\n", "2:1: error: a tab cannot indent in YAML (use spaces)"),
        ("a: 1\n---\n", "2:1: error: a job file is one document, and here a second one begins"),
        ("a: \x01", "1:4: error: the character 0x0001 is not allowed in YAML"),
        (
            "cpus: {{ cpus }}",
            '1:7: error: a text cannot begin with {{ in YAML (write it in quotes: "{{ name }}")',
        ),
        (
            "a: b: c",
            (
                "1:5: error: a ':' stands where none can be (a text with ': ' in it must stand in"
                " quotes; or is the line indented wrongly?)"
            ),
        ),
        ("a: @x", "1:4: error: a text cannot begin with @ in YAML (put it in quotes)"),
        ("a: &x [*x]", "1:4: error: nested deeper than 50 levels"),
        (
            "a: !!python/object:os.system {}",
            (
                "1:4: error: the tag tag:yaml.org,2002:python/object:os.system means nothing here"
                " (remove it, or put a text that begins with ! in quotes)"
            ),
        ),
        (
            "<<: {}",
            "1:1: error: YAML 1.2 has no merge key << (what tasks have in common is defaults)",
        ),
        (
            "a: [1,2",
            "1:8: error: a ',' or ']' is missing in front of this (of what begins in line 1)",
        ),
        ("a: 'x\n", "1:4: error: the text that begins here has no quote at its end"),
        (
            "a: 'x' y",
            "1:8: error: the value has ended in front of this (put all of it in quotes)",
        ),
        (
            "a: - x",
            (
                "1:4: error: a '-' stands where no list can begin (begin the list in a line of its"
                " own, or put a text in quotes)"
            ),
        ),
        (
            "glob: *.tif",
            (
                "1:7: error: there is no anchor &.tif for *.tif (a text that begins with * must"
                " stand in quotes)"
            ),
        ),
        (
            'a: "\\d"',
            r"1:6: error: \d means nothing in double quotes (write \\, or single quotes)",
        ),
        (
            "- a: 1\n b: 2\n",
            (
                "2:2: error: the line is indented otherwise than those around it (what belongs"
                " together begins in the same column)"
            ),
        ),
        ("[" * 100 + "]" * 100, "1:52: error: nested deeper than 50 levels"),
        ("? [a]\n: b", "1:3: error: a name must be a text"),
    ],
)
def test_what_is_no_yaml_or_more_than_a_job_file_needs(text: str, told: str) -> None:
    assert problems(text) == [f"job:{told}"]


def test_the_last_anchor_of_a_name_counts() -> None:
    text = f"{DEFAULTS}vars: {{a: &x 1, b: &x -2}}\ntasks: [{{name: t, command: x, mem: *x}}]"
    (told,) = problems(text)
    assert "-2 mem is less than nothing" in told


def test_aliases_cannot_make_more_than_the_file_is() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 7):
        copies = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} [{copies}]")

    (told,) = problems("\n".join(lines))

    assert "the file comes to more than 200,000 values" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1\nb = [1,\n\n", "4:1: error: this is not TOML: Invalid value"),
        (
            "a = 1\r\nb = ?\r\n",
            "2:5: error: this is not TOML: Invalid value (a text must stand in quotes)",
        ),
        ("a = 1\na = 2", "2:6: error: this is not TOML: Cannot overwrite a value"),
    ],
)
def test_what_is_no_toml(text: str, told: str) -> None:
    (problem,) = problems(text, syntax=Syntax.TOML)
    assert problem == f"job:{told}"


def test_all_mistakes_in_the_syntax_of_json_are_told() -> None:
    assert problems('{"tasks": [\n{"name": \'a\'},]}', syntax=Syntax.JSON) == [
        "job:2:10: error: tasks[0].name: text must stand in double quotes, not in single ones",
        "job:2:14: error: tasks: a comma must not stand in front of ']' (remove it)",
    ]


@pytest.mark.parametrize("depth", [51, 900, 20_000])
@pytest.mark.parametrize(
    ("syntax", "text"),
    [
        (Syntax.JSON, '{"vars": {"a": %s}, "tasks": []}'),
        (Syntax.YAML, "vars: {a: %s}\ntasks: []\n"),
        (Syntax.TOML, "tasks = []\n[vars]\na = %s\n"),
    ],
)
def test_what_nests_too_deep_is_told_in_every_syntax(syntax: Syntax, text: str, depth: int) -> None:
    (told,) = problems(text % f"{'[' * depth}{']' * depth}", syntax=syntax)
    assert "nested deeper than" in told


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    from mesos_batch.jobs.document import read_document

    document = read_document(b"tasks:\n- \xff", "job", Syntax.YAML)
    assert [problem.format() for problem in document.reading.problems] == [
        "job:2:3: error: byte 0xff is not valid UTF-8 (save the file as UTF-8)"
    ]
    assert NOWHERE.name == "no such directory"
