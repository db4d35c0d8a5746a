"""Directories of tasks: any id has one, and no two have the same."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.sandboxes.names import LONGEST, directory_name

IDS = st.text(min_size=1, max_size=80)


@given(IDS, IDS, st.booleans())
def test_two_tasks_never_share_a_directory(one: str, other: str, folds_case: bool) -> None:
    names = [directory_name(task_id, folds_case=folds_case) for task_id in (one, other)]
    if folds_case:
        names = [name.lower() for name in names]

    assert (names[0] == names[1]) == (one == other)


@given(st.text(min_size=1, max_size=500))
def test_a_name_is_one_on_every_file_system(task_id: str) -> None:
    name = directory_name(task_id, folds_case=True)

    assert len(name.encode()) <= 255
    assert name.isascii()
    assert not set(name) & set('/\\:*?"<>| \0\n')
    assert name not in ("", ".", "..")
    assert not name.endswith((".", " "))


@given(st.text(min_size=1, max_size=20))
def test_the_id_can_be_told_from_a_short_name(task_id: str) -> None:
    name = directory_name(task_id, folds_case=False)

    if len(name) <= LONGEST:
        assert unquote(name) == task_id


@pytest.mark.parametrize(
    ("task_id", "name"),
    [
        ("fmask_S2_33UUU_2017", "fmask_S2_33UUU_2017"),
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        ("con", "%63on"),
        ("LPT1.txt", "%4CPT1.txt"),
        ("console", "console"),
        ("~", "%7E"),
        ("50%", "50%25"),
    ],
)
def test_examples(task_id: str, name: str) -> None:
    assert directory_name(task_id, folds_case=False) == name


def test_long_ids_that_begin_alike_are_apart() -> None:
    names = {directory_name("x" * 300 + end, folds_case=False) for end in "ab"}

    assert len(names) == 2
