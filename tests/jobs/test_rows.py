"""One task for each row, each combination, and each of both."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jobs.job_files import DEFAULTS, entry, expansion, problems, tasks

from mesos_batch.model.task import TaskSpec


def commands(text: str, directory: Path = Path(), **more: Any) -> list[str]:
    return [task["command"]["value"] for task in entry(text, directory, **more)]


def ids(made: list[dict[str, Any]]) -> list[str]:
    return [task["task_id"]["value"] for task in made]


def test_a_list_gives_items_or_the_fields_of_objects() -> None:
    assert commands("foreach: [a, 2, 0.5]\ncommand: x {{ item }}") == ["x a", "x 2", "x 0.5"]
    assert commands("foreach: [{a: 1, b: [2, 3]}]\ncommand: x {{ a }} {{ b[1] }}") == ["x 1 3"]


def test_a_range_has_its_last() -> None:
    assert commands("foreach: {range: {from: 1, to: 3}}\ncommand: x{{ item }}") == [
        *("x1", "x2", "x3")
    ]
    assert commands("foreach: {range: {from: 0, to: 9, step: 5}}\ncommand: x{{ item }}") == [
        *("x0", "x5")
    ]


def test_csv_gives_its_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes('\ufefftile, zoom\r\nA,1\r\n\r\n"B, x",2\r\n'.encode())

    made = commands("foreach: {csv: a.csv}\ncommand: x {{ tile | quote }} {{ zoom }}", tmp_path)

    assert made == ["x A 1", "x 'B, x' 2"]


def test_csv_may_be_separated_otherwise_and_have_odd_names(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("the tile;zoom\nA;1,5\n", encoding="utf-8")

    made = commands(
        'foreach: {csv: a.csv, delimiter: ";"}\ncommand: x {{ row["the tile"] }} {{ zoom }}',
        tmp_path,
    )

    assert made == ["x A 1,5"]


def test_json_lines_give_fields_or_items(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"item": "a", "n": {"m": 1}}\n\n"b"\n', encoding="utf-8")

    made = commands(
        "foreach: {json_lines: a.jsonl}\n"
        "command: x {{ item }}{% if n is defined %} {{ n.m }}{% endif %}",
        tmp_path,
    )

    assert made == ["x a 1", "x b"]


def test_lines_that_are_not_empty_give_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b" a \r\n\n\tb")

    assert commands("foreach: {lines: a.txt}\ncommand: x[{{ line }}]", tmp_path) == [
        *("x[ a ]", "x[\tb]")
    ]


def test_a_glob_gives_paths_by_name(tmp_path: Path) -> None:
    for name in ("b.tif", "a.tif", "c.txt"):
        (tmp_path / "in" / "deep").mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).touch()
    (tmp_path / "in" / "deep" / "d.tif").touch()

    assert commands(
        "foreach: {glob: 'in/**/*.tif'}\ncommand: x {{ path }} {{ name }} {{ stem }}", tmp_path
    ) == ["x in/a.tif a.tif a", "x in/b.tif b.tif b", "x in/deep/d.tif d.tif d"]


@pytest.mark.parametrize("word", ["stdin", "-"])
def test_standard_input_is_a_file_too(word: str) -> None:
    made = commands(f"foreach: {{lines: '{word}'}}\ncommand: x {{{{ line }}}}", stdin=["a\n", "b"])
    assert made == ["x a", "x b"]
    made = commands(f"foreach: {{csv: '{word}'}}\ncommand: x {{{{ k }}}}", stdin=["k\n", "1\n"])
    assert made == ["x 1"]


def test_constants_may_name_a_file(tmp_path: Path) -> None:
    (tmp_path / "2017.txt").write_text("a\n", encoding="utf-8")

    (task,) = tasks(
        f"{DEFAULTS}vars: {{year: 2017}}\n"
        "tasks: [{name: t, foreach: {lines: '{{ year }}.txt'}, command: '{{ line }} {{ year }}'}]",
        tmp_path,
    )

    assert task["command"]["value"] == "a 2017"


def test_ids_have_the_index_where_there_are_rows() -> None:
    assert ids(entry("")) == ["t"]
    assert ids(entry("foreach: [a]")) == ["t-0000"]
    assert ids(entry("matrix: {a: [1, 2]}")) == ["t-0000", "t-0001"]
    assert ids(entry("foreach: [a, b]\ntask_id: 'x-{{ item }}-{{ index }}'")) == ["x-a-0", "x-b-1"]


def test_an_index_of_more_than_four_digits_is_longer() -> None:
    text = f"{DEFAULTS}tasks: [{{name: t, foreach: {{range: {{from: 0, to: 10000}}}}}}]"
    *_, before, last = expansion(text).specs()
    assert (before.task_id, last.task_id) == ("t-9999", "t-10000")


def test_each_entry_counts_by_itself() -> None:
    made = tasks(
        f"{DEFAULTS}tasks: [{{name: a, foreach: [1, 2]}}, {{name: b, foreach: [1]}}, {{name: c}}]"
    )

    assert ids(made) == ["a-0000", "a-0001", "b-0000", "c"]
    assert [task["name"] for task in made] == ["a", "a", "b", "c"]


numbers = st.lists(st.integers(), min_size=1, max_size=4, unique=True)


@settings(max_examples=30)
@given(rows=numbers, matrix=st.dictionaries(st.sampled_from("abc"), numbers, max_size=3))
def test_rows_and_combinations_are_all_there_is(
    rows: list[int], matrix: dict[str, list[int]]
) -> None:
    shown = " ".join(f"{{{{ {name} }}}}" for name in ("item", *matrix))
    lines = f"foreach: {rows}\ncommand: x {shown}\n" + (f"matrix: {matrix}" if matrix else "")

    assert commands(lines) == [
        " ".join(["x", *map(str, values)]) for values in product(rows, *matrix.values())
    ]


def test_rows_are_read_when_their_tasks_are_asked_for() -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield f"row {read}\n"

    text = f"{DEFAULTS}tasks: [{{name: t, foreach: {{lines: stdin}}, matrix: {{a: [1, 2]}}}}]"
    specs = expansion(text, stdin=endless()).specs()

    assert read == 0
    assert [spec.task_id for spec in islice(specs, 5)][-1] == "t-0004"
    assert read == 3
    assert sum(1 for _ in islice(specs, 9_995)) == 9_995
    assert read == 5_000


def test_tasks_that_were_passed_on_are_forgotten() -> None:
    lines = (f"row {number}\n" for number in range(2_000))
    made = expansion(f"{DEFAULTS}tasks: [{{name: t, foreach: {{lines: stdin}}}}]", stdin=lines)

    for _ in made.specs():
        pass

    assert sum(isinstance(item, TaskSpec) for item in gc.get_objects()) < 10


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a,b\n1,2\n3\n4\n", "the row has 1 cell and the first line 2, for rows.csv:3 and 1 more"),
        ("", "rows.csv is empty (its first line names the columns)"),
        ("a,a\n", "rows.csv:1 has two columns named 'a'"),
        ("a,\n", "rows.csv:1 has a column without a name"),
        ('a\n"b"c\n', "rows.csv:2 is not CSV: ',' expected after '\"'"),
        ('a\n1\n"x\n', "rows.csv:3 ends in a cell whose double quote is never closed"),
        ("index\n1\n", "the row gives 'index', which has another meaning already, for rows.csv:2"),
        ("\xe4".encode("latin-1"), "rows.csv is not UTF-8 text (save it as UTF-8)"),
        ("a\n", None),
    ],
)
def test_what_is_wrong_with_a_file_of_rows(
    tmp_path: Path, content: str | bytes, problem: str | None
) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "rows.csv").write_bytes(data)

    (told,) = problems(f"{DEFAULTS}tasks: [{{name: t, foreach: {{csv: rows.csv}}}}]", tmp_path)

    if problem is None:
        problem = "there are no rows, so there are no tasks of this entry"
        assert told.startswith("job:2:28: warning")
    assert told.split("tasks[0].foreach: ")[1] == problem


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('  {"a": 1', "Expecting ',' delimiter at column 10"),
        ("{'a': 1}", "Expecting property name enclosed in double quotes at column 2"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": 1, "a": 2}', "a field is given twice"),
    ],
)
def test_json_lines_that_are_none(tmp_path: Path, line: str, fault: str) -> None:
    (tmp_path / "a").write_text(f"1\n{line}\n", encoding="utf-8")

    (told,) = problems(f"{DEFAULTS}tasks: [{{name: t, foreach: {{json_lines: a}}}}]", tmp_path)

    assert told.split("tasks[0].foreach: ")[1] == f"the line is not JSON: {fault}, for a:2"


def test_standard_input_is_read_by_one() -> None:
    twice = (
        f"{DEFAULTS}tasks:\n- {{name: a, foreach: {{lines: stdin}}}}\n"
        "- {name: b, foreach: {csv: '-'}}\n"
    )
    assert problems(twice, stdin=[]) == [
        "job:4:22: error: tasks[1].foreach: standard input is read already in line 3"
    ]


def test_standard_input_may_be_the_job_file_itself() -> None:
    (told,) = problems(f"{DEFAULTS}tasks: [{{name: t, foreach: {{lines: stdin}}}}]")

    assert told.endswith("standard input is the job file itself (give the job file as a file)")
