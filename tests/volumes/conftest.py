"""A directory for the runs of a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from volumes.kept import Kept


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path / "state")
    yield made
    made.close()
