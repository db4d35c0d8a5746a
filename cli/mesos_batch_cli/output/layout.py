"""Who gets how many of the rows of a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def share_rows(room: int, wants: Sequence[int], least: int) -> list[int]:
    """Rows for each part, ``room`` at most: first the least for each, in order, then turn by turn.

    A part that wants some gets ``least`` of them or none.
    """
    given = [0] * len(wants)
    for index, want in enumerate(wants):
        if want >= least <= room:
            given[index] = least
            room -= least
    while room > 0:
        hungry = [index for index, count in enumerate(given) if 0 < count < wants[index]]
        if not hungry:
            break
        for index in hungry[:room]:
            given[index] += 1
        room -= min(room, len(hungry))
    return given
