"""Mistakes in the syntax of JSON: all of them, at their places, each once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_lists import group, problems_of, task

from mesos_batch.spec.json_syntax import MAX_DEPTH

GOOD = json.dumps(task())


def told(text: str) -> list[str]:
    return [problem.format().partition(" error: ")[2] for problem in problems_of(text.encode())]


@pytest.mark.parametrize(
    ("text", "marker", "message"),
    [
        (
            f'{{"tasks": [{GOOD},]}}',
            ",]",
            "tasks: a comma must not stand in front of ']' (remove it)",
        ),
        ('{"tasks": [],\n}', ",\n", "a comma must not stand in front of '}' (remove it)"),
        (f'{{"tasks": [{GOOD},, null]}}', ", null", "tasks: a comma too many (remove it)"),
        ('{"tasks": [] // none\n}', "//", "JSON has no comments (remove it)"),
        ('# none\n{"tasks": []}', "#", "JSON has no comments (remove it)"),
        ('{"tasks": /* no\n */ []}', "/*", "JSON has no comments (remove it)"),
        ("{'tasks': []}", "'tasks'", "the field name 'tasks' must stand in double quotes"),
        ("{tasks: []}", "tasks", "the field name tasks must stand in double quotes"),
        ('{"tasks" []}', "[]", "':' is missing after the field name 'tasks'"),
        ('{"tasks: "x", "a": 1}', "x", "x stands where none can be"),
        ('{"tasks": "a "hi" b"}', "hi", "hi stands where none can be"),
        ('{"tasks": ', "{", "'{' is never closed"),
        ('{"tasks": [null}, "b": 3}', "}, ", "']' is missing in front of this '}'"),
        ('{"tasks"}', "}", "tasks: the field 'tasks' has no value"),
        ('{"tasks": }', "}", "tasks: the field 'tasks' has no value"),
        ('{"tasks": [],\n\n"tasks": []}', '"tasks": []}', "tasks: the field is given twice"),
        ('{"tasks": []', "{", "'{' is never closed"),
        ('{"tasks": [', "[", "'[' is never closed (2 brackets are open at the end)"),
        (
            f'{{"tasks": [{GOOD}',
            '[{"name": "t"',
            "'[' is never closed (2 brackets are open at the end)",
        ),
        ('{"tasks": [}', "}", "']' is missing in front of this '}'"),
        ('{"tasks": []]}', "]}", "']' closes nothing (remove it)"),
        ('{"tasks": []} {}', "{}", "there is more text after the end of the JSON value"),
        ('{"tasks": []}\n!', "!", "there is more text after the end of the JSON value"),
        ('{"tasks": ["a\nb"]}', '"a', 'the text opened by " is not closed in this line'),
        ('"tasks": []', '"tasks"', "a JSON value cannot begin like this"),
        ('{"tasks": [], : 1}', ": 1", "':' stands where none can be"),
        ('{"tasks": [], {}}', "{}", "a field name must stand here, not {"),
    ],
)
def test_mistake(text: str, marker: str, message: str) -> None:
    offset = text.rindex(marker)
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1

    (problem,) = problems_of(text.encode())

    assert (problem.line, problem.column) == (line, column)
    assert message in problem.format()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("NaN", 'NaN is no JSON number (only limits may be infinite, written "Infinity")'),
        ("-Infinity", "-Infinity is no JSON number"),
        ("01", "01 is no JSON number"),
        (".5", ".5 is no JSON number"),
        ("1.", "1. is no JSON number"),
        ("+1", "+1 is no JSON number"),
        ("0x1F", "0x1F is no JSON number"),
        ("1_000", "1_000 is no JSON number"),
        ("9" * 5000, f"{'9' * 40}... is no JSON number"),
    ],
)
def test_numbers_are_those_of_json(value: str, message: str) -> None:
    text = group(task()).replace(b"0.5", value.encode())

    (problem,) = problems_of(text)

    assert problem.field == "tasks[0].resources[0].scalar.value"
    assert problem.column == text.index(value.encode()) + 1
    assert (
        problem.format().partition(": tasks[0].resources[0].scalar.value: ")[2].startswith(message)
    )


@pytest.mark.parametrize(
    ("value", "message", "shift"),
    [
        ("'true'", "text must stand in double quotes, not in single ones", 0),
        ("yes", "the text yes must stand in double quotes", 0),
        ('"C:\\path"', "\\p is no JSON escape (a backslash is written \\\\)", 3),
        ('"a\tb"', "a control character must not stand in a text (write \\t)", 2),
    ],
)
def test_texts_are_those_of_json(value: str, message: str, shift: int) -> None:
    text = group(task()).replace(b'"true"', value.encode())

    (problem,) = problems_of(text)

    assert problem.format() == (
        f"list:1:{text.index(value.encode()) + shift + 1}: error: tasks[0].command.value: {message}"
    )


def test_python_is_not_json() -> None:
    text = group(task(command={"value": "x", "shell": True})).replace(b" true", b" True")

    (problem,) = problems_of(text)

    assert (problem.field, problem.hint) == ("tasks[0].command.shell", "write true")


def test_a_forgotten_bracket_is_one_mistake() -> None:
    text = group(task(), task(task_id={"value": "u"})).replace(b'"mem", ', b'"mem", [', 1)
    missing = group(task(), task(task_id={"value": "u"})).replace(b"0.5}}", b"0.5}", 1)

    assert len(problems_of(text)) == 1
    assert told(missing.decode()) == [
        "tasks[0].resources[0]: '}' is missing (it closes the bracket opened in line 1)"
    ]


def test_mistakes_in_values_are_told_beside_those_in_syntax() -> None:
    text = group(task(task_id={"value": "a/b"}), task()).replace(b"}]}", b"},]}")

    lines = told(text.decode())

    assert len(lines) == 2
    assert lines[0] == "tasks[0].task_id.value: '/' is not allowed in an id"
    assert lines[1].startswith("tasks: a comma must not stand")


def test_positions_stay_right_after_repairs() -> None:
    text = "{tasks: [" + GOOD.replace('"t"', "'a/b'") + " /* one */ " + GOOD + "],}"

    problems = problems_of(text.encode())

    places = {problem.message: problem.column for problem in problems}
    assert places["a comma is missing in front of this"] == text.rindex(GOOD) + 1
    assert places["a comma must not stand in front of '}'"] == text.rindex(",}") + 1
    assert len(problems) == 7
    after = "{tasks: [" + GOOD.replace('"true"', "4711") + "]}"
    assert [problem.column for problem in problems_of(after.encode())] == [
        2,
        after.index("4711") + 1,
    ]


def test_what_is_whole_before_the_end_is_judged() -> None:
    bad = json.dumps(task(task_id={"value": "a/b"}))

    whole = problems_of(f'{{"tasks": [{bad}, {bad}'.encode())
    torn = problems_of(f'{{"tasks": [{bad}, {bad[:-2]}'.encode())

    assert [problem.field for problem in whole] == [
        "tasks",
        "tasks[0].task_id.value",
        "tasks[1].task_id.value",
    ]
    assert [problem.field for problem in torn][:1] == ["tasks[0].task_id.value"]
    assert len(torn) == 2


def test_nothing_is_nested_too_deep() -> None:
    text = '{"tasks": ' + "[" * 5000 + "]" * 5000 + "}"

    (problem,) = problems_of(text.encode())

    assert problem.column == len('{"tasks": ') + MAX_DEPTH
    assert f"{MAX_DEPTH} levels" in problem.message


SOUND = json.dumps({"tasks": [task(), task(task_id={"value": "u"})]}, indent=1)
places = st.integers(0, len(SOUND) - 1)
scraps = st.text("{}[]:,\"'\\/#\n aN1-.", max_size=3)


@given(st.lists(st.tuples(places, st.integers(0, 3), scraps), min_size=1, max_size=4))
def test_whatever_is_mistyped_gives_problems_and_no_other_error(
    slips: list[tuple[int, int, str]],
) -> None:
    text = SOUND
    for place, length, scrap in slips:
        text = text[:place] + scrap + text[place + length :]

    problems = problems_of(text.encode())

    try:
        json.loads(text)
    except ValueError:
        assert problems
    ends = [len(line) for line in text.split("\n")]
    for problem in problems:
        assert problem.line is not None
        assert problem.column is not None
        assert 1 <= problem.column <= ends[problem.line - 1] + 1
