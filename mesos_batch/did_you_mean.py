"""Which name was meant by one that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

# Comparing a name with each of a hundred thousand takes longer than anybody waits.
_COMPARED = 10_000
_ALIKE = 0.6


def meant_by(name: str, known: Iterable[str], alike: float = _ALIKE) -> str | None:
    """The known name that looks most like this one; ``None`` when none is ``alike`` (0 to 1)."""
    # Takes 6 ms to import, which only a mistake should cost.
    from difflib import get_close_matches

    near = get_close_matches(name, list(islice(known, _COMPARED)), n=1, cutoff=alike)
    return near[0] if near else None
