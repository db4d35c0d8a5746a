"""Reads a file of a sandbox: all of it or its last lines, never much of it at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mesos_batch.protocol.files import MAX_READ
from mesos_batch.sandboxes.executor_lines import TELLING, ExecutorLines

if TYPE_CHECKING:
    from mesos_batch.sandboxes.source import Source


# How many lines an executor writes at the end, those about what it killed among them.
_OF_EXECUTOR = 40


def pieces(source: Source, path: str, offset: int = 0) -> Iterator[bytes]:
    """What a file holds from an offset to its end, piece by piece.

    Raises:
        SandboxError: it cannot be read.
    """
    while data := source.read(path, offset):
        offset += len(data)
        yield data


def start_of_last(source: Source, path: str, lines: int) -> int:
    """The offset at which the last ``lines`` of a file begin.

    Raises:
        SandboxError: it cannot be read.
    """
    end = size = source.size(path)
    if lines == 0:
        return size
    missing = lines
    while end > 0:
        start = max(0, end - MAX_READ)
        block = source.read(path, start)[: end - start]
        # The end of the last line begins none.
        at = len(block) - 1 if end == size and block.endswith(b"\n") else len(block)
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            missing -= 1
            if missing == 0:
                return start + at + 1
        end = start
    return 0


def start_of_last_own(source: Source, path: str, lines: int) -> int:
    """The offset at which the last ``lines`` begin that the task wrote, and not its executor.

    What an executor has written behind them is passed over as far as it usually goes.

    Raises:
        SandboxError: it cannot be read.
    """
    if lines == 0:
        return source.size(path)
    at = start_of_last(source, path, lines + _OF_EXECUTOR)
    of_executor = ExecutorLines()
    starts: deque[int] = deque(maxlen=lines)
    start, line = at, b""
    for piece in pieces(source, path, at):
        for number, part in enumerate(piece.split(b"\n")):
            if number:
                if not of_executor.has(line):
                    starts.append(start)
                at += 1
                start, line = at, b""
            line = (line + part)[:TELLING]
            at += len(part)
    if line and not of_executor.has(line):
        starts.append(start)
    return starts[0] if starts else at


def last_own_lines(source: Source, path: str, lines: int) -> list[bytes]:
    """The last lines that the task wrote, without their ends; of long ones what is near the end.

    Raises:
        SandboxError: it cannot be read.
    """
    start = max(start_of_last_own(source, path, lines), source.size(path) - MAX_READ)
    read = source.read(path, max(start, 0)).splitlines()
    return ExecutorLines().without(read)[-lines:]
