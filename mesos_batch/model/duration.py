"""Durations as Mesos writes them: ``10secs``, ``1.5hrs``, ``2mins``.

Source: ``stout/duration.hpp``, which counts nanoseconds in 64 bits.
"""

from __future__ import annotations

import re

_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "secs": 1_000_000_000,
    "mins": 60_000_000_000,
    "hrs": 3_600_000_000_000,
    "days": 86_400_000_000_000,
    "weeks": 604_800_000_000_000,
}
UNITS = tuple(_NANOSECONDS)
# What people write elsewhere. Mesos has no such units, so they are suggested, not taken.
_NEAR = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), "secs"),
    **dict.fromkeys(("m", "min", "minute", "minutes"), "mins"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "hrs"),
    **dict.fromkeys(("d", "day"), "days"),
    **dict.fromkeys(("w", "week"), "weeks"),
}
_SECOND = _NANOSECONDS["secs"]
_PATTERN = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(\D*)")
_MAX = 2**63 - 1


def parse_duration(text: str) -> float:
    """Read a duration and give its seconds.

    The grammar is stout's: a number directly followed by one of ``ns us ms secs mins hrs days
    weeks``, nothing else. It is rounded to nanoseconds.

    Raises:
        ValueError: the text is no such duration; the message names the remedy.
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a duration; write for example 10secs, 2mins or 1.5hrs")
    number, unit = match.groups()
    if unit not in _NANOSECONDS:
        units = ", ".join(UNITS)
        known = _NEAR.get(unit.lower())
        near = f" (did you mean {number}{known}?)" if known is not None else ""
        said = f"unit '{unit}'" if unit else "no unit"
        raise ValueError(f"'{text}' has {said}; the units are {units}{near}")
    nanoseconds = float(number) * _NANOSECONDS[unit]
    if nanoseconds > _MAX:
        raise ValueError(f"'{text}' is longer than Mesos can count (about 292 years)")
    return round(nanoseconds) / _SECOND


def format_duration(seconds: float) -> str:
    """Print seconds as Mesos does: ``2mins``, ``90secs``, ``1.5ms``.

    The unit is the largest that the duration reaches, or the next smaller one if only that gives
    a whole number.
    """
    nanoseconds = round(abs(seconds) * _SECOND)
    sign = "-" if seconds < 0 and nanoseconds else ""
    smaller = unit = "ns"
    for name, size in _NANOSECONDS.items():
        if nanoseconds < size:
            break
        smaller, unit = unit, name
    if nanoseconds % _NANOSECONDS[unit] and nanoseconds % _NANOSECONDS[smaller] == 0:
        unit = smaller
    return f"{sign}{nanoseconds / _NANOSECONDS[unit]:.15g}{unit}"


def elapsed(seconds: float) -> str:
    """A time span as people say it: ``0.4s``, ``12s``, ``2m05s``, ``3h20m``, ``2d04h``."""
    seconds = max(seconds, 0.0)
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h{minutes:02d}m"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours:02d}h"
