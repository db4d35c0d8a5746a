"""docs/volumes.md has the table the engine goes by."""

from __future__ import annotations

import re
from pathlib import Path

from mesos_batch.engine.operation_states import TABLE, Effect
from mesos_batch.model.operation import OperationState

DOCUMENT = Path(__file__).parents[2] / "docs" / "volumes.md"
ROW = re.compile(r"^\| `(OPERATION_\w+)` \| (.+) \| (.+) \|$", re.MULTILINE)


def test_the_document_has_a_row_for_each_state_and_says_the_same() -> None:
    rows = ROW.findall(DOCUMENT.read_text(encoding="utf-8"))

    assert rows == [(state.name, row.effect.value, row.why) for state, row in TABLE.items()]


def test_every_state_has_a_row() -> None:
    assert list(TABLE) == list(OperationState)


def test_what_is_waited_for_is_what_is_not_over() -> None:
    for state, row in TABLE.items():
        assert (row.effect in (Effect.WAIT, Effect.DOUBT)) is not state.is_terminal, state
