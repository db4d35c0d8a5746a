"""Ids as people use them: a master numbers its agents and frameworks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def short_ids(ids: Iterable[str]) -> dict[str, str]:
    """The end of each id after its last dash, or all of it where that would name two."""
    known = list(dict.fromkeys(ids))
    ends = {name: name.rpartition("-")[2] for name in known}
    counts = Counter(ends.values())
    return {name: end if counts[end] == 1 else name for name, end in ends.items()}
