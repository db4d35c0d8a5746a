"""Durations as Mesos writes them: ``10secs``, ``1.5hrs``, ``2mins``."""

from __future__ import annotations

import re

_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "ms": 1e-3,
    "secs": 1.0,
    "mins": 60.0,
    "hrs": 3600.0,
    "days": 86400.0,
    "weeks": 604800.0,
}
UNITS = tuple(_SECONDS)
_PATTERN = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(\D*)")
_MAX_SECONDS = (2**63 - 1) / 1e9


def parse_duration(text: str) -> float:
    """Read a duration and give its seconds.

    The grammar is stout's: a number directly followed by one of ``ns us ms secs mins hrs days
    weeks``, nothing else.

    Raises:
        ValueError: the text is no such duration; the message names the remedy.
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a duration; write for example 10secs, 2mins or 1.5hrs")
    number, unit = match.groups()
    if unit not in _SECONDS:
        units = ", ".join(UNITS)
        near = f" (did you mean {number}{unit}s?)" if f"{unit}s" in _SECONDS else ""
        said = f"unit '{unit}'" if unit else "no unit"
        raise ValueError(f"'{text}' has {said}; the units are {units}{near}")
    seconds = float(number) * _SECONDS[unit]
    if seconds > _MAX_SECONDS:
        raise ValueError(f"'{text}' is longer than Mesos can count (about 292 years)")
    return seconds


def format_duration(seconds: float) -> str:
    """Print seconds in the largest unit that stays at or above one: ``1.5mins``."""
    for unit in reversed(UNITS):
        if seconds >= _SECONDS[unit]:
            return f"{seconds / _SECONDS[unit]:g}{unit}"
    return "0ns"
