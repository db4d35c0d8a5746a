"""Small pieces of text: one line from any text, times, lists cut to length."""

from __future__ import annotations

import re

from mesos_batch.model import agent_name as names
from mesos_batch.model.duration import elapsed as elapsed

_COLOR_CODE = re.compile(r"\x1b\[[0-9;]*m")


def one_line(text: str) -> str:
    """Any text on one line, control characters escaped: what comes from a cluster is not ours."""
    return " ".join(_visible(line.strip()) for line in text.splitlines() if line.strip())


def _visible(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() or char == " " else _escaped(char) for char in line)


def _escaped(char: str) -> str:
    return " " if char == "\t" else char.encode("unicode_escape").decode("ascii")


def terminal_line(line: str, *, colored: bool) -> str:
    """A line of a program as a terminal may have it: colours, and no other power over it."""
    # A carriage return begins the line again: only what came last would be seen.
    line = line.rstrip("\r").rpartition("\r")[2]
    if "\x1b" not in line:
        return _with_tabs(line)
    parts = _COLOR_CODE.split(line)
    codes = _COLOR_CODE.findall(line) if colored else []
    # As many codes as gaps, and the end of all colours.
    following = [*codes, "\x1b[0m"] if codes else [""] * len(parts)
    return "".join(_with_tabs(part) + code for part, code in zip(parts, following, strict=True))


def _with_tabs(line: str) -> str:
    return "\t".join(_visible(part) for part in line.split("\t"))


def shortened(text: str, width: int) -> str:
    """At most ``width`` characters, the end cut off with an ellipsis."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def rate_text(per_second: float) -> str:
    """How fast tasks end, in the unit people count in: ``2.4 tasks/s``, ``31 tasks/min``."""
    for unit, seconds in (("s", 1), ("min", 60)):
        if per_second * seconds >= 1:
            return f"{_few_digits(per_second * seconds)} tasks/{unit}"
    return f"{_few_digits(per_second * 3600)} tasks/h"


def _few_digits(number: float) -> str:
    return f"{number:.1f}" if number < 10 else f"{number:,.0f}"


def tasks(count: int) -> str:
    """``1 task``, ``12 tasks``."""
    return counted(count, "task")


def counted(count: int, noun: str) -> str:
    """``1 agent``, ``1,200 agents``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def agent_name(agent_id: str | None, hostname: str | None) -> str:
    """How an agent is called, on one line."""
    return one_line(names.agent_name(agent_id, hostname))
