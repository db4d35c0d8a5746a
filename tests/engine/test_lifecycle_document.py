"""docs/task-states.md is the table the engine works by."""

from __future__ import annotations

import re
from pathlib import Path

from mesos_batch.engine.lifecycle import TABLE

DOCUMENT = Path(__file__).parents[2] / "docs" / "task-states.md"
ROW = re.compile(r"^\| `(TASK_\w+)` \| (\w+) \| (.+) \| (.+) \|$", re.MULTILINE)


def test_the_document_has_a_row_for_each_state_and_says_the_same() -> None:
    rows = ROW.findall(DOCUMENT.read_text(encoding="utf-8"))

    assert rows == [
        (state.name, row.phase.value, row.effect.value, row.why) for state, row in TABLE.items()
    ]
