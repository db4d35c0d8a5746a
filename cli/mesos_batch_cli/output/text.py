"""Small pieces of text: one line from any text, times, lists cut to length."""

from __future__ import annotations

from mesos_batch.model import agent_name as names
from mesos_batch.model.duration import elapsed as elapsed


def one_line(text: str) -> str:
    """Any text on one line, control characters escaped: what comes from a cluster is not ours."""
    return " ".join(_visible(line.strip()) for line in text.splitlines() if line.strip())


def _visible(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() or char == " " else _escaped(char) for char in line)


def _escaped(char: str) -> str:
    return " " if char == "\t" else char.encode("unicode_escape").decode("ascii")


def shortened(text: str, width: int) -> str:
    """At most ``width`` characters, the end cut off with an ellipsis."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def tasks(count: int) -> str:
    """``1 task``, ``12 tasks``."""
    return f"{count} task" if count == 1 else f"{count:,} tasks"


def agent_name(agent_id: str | None, hostname: str | None) -> str:
    """How an agent is called, on one line."""
    return one_line(names.agent_name(agent_id, hostname))
