"""JSON as the standard has it, at the speed of ``json``.

Python's module takes ``NaN`` and fields given twice; here they are errors.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a field is given twice")
    return value


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON number")


def strict(parse_float: Callable[[str], float] | None = None) -> json.JSONDecoder:
    """What reads such JSON; ``parse_float`` makes the numbers that are not whole."""
    return json.JSONDecoder(
        object_pairs_hook=_unique, parse_constant=_refuse, parse_float=parse_float
    )


STRICT = strict()
