"""What a value of --task_list means."""

from __future__ import annotations

import pytest

from mesos_batch.spec.source import File, Inline, Stdin, classify

CASES = {
    "-": Stdin(),
    '{"tasks": []}': Inline('{"tasks": []}'),
    ' \n {"tasks": []}': Inline(' \n {"tasks": []}'),
    "[1]": Inline("[1]"),
    "tasks { name: 'a' }": Inline("tasks { name: 'a' }"),
    "tasks: [{}]": Inline("tasks: [{}]"),
    "": Inline(""),
    "/data/list.json": File("/data/list.json"),
    "list.json": File("list.json"),
    "examples/failing.json": File("examples/failing.json"),
    "tasks.json": File("tasks.json"),
    "tasks": File("tasks"),
    "file:///data/list.json": File("/data/list.json"),
    "file://list.json": File("list.json"),
    "file://../a b%20c.json": File("../a b%20c.json"),
    "C:\\data\\list.json": File("C:\\data\\list.json"),
    "c:/data/list.json": File("c:/data/list.json"),
    "file:///C:/data/list.json": File("C:/data/list.json"),
    "file:///C:\\data\\list.json": File("C:\\data\\list.json"),
    "file://C:/data/list.json": File("C:/data/list.json"),
    "\\\\server\\share\\list.json": File("\\\\server\\share\\list.json"),
}


@pytest.mark.parametrize("value", CASES)
def test_classify(value: str) -> None:
    assert classify(value) == CASES[value]
