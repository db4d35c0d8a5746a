"""Reads a file of a sandbox: all of it or its last lines, never much of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mesos_batch.protocol.files import MAX_READ

if TYPE_CHECKING:
    from mesos_batch.sandboxes.source import Source


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


def last_lines(source: Source, path: str, lines: int) -> list[bytes]:
    """The last lines of a file, without their ends; of long ones only what is near the end.

    Raises:
        SandboxError: it cannot be read.
    """
    start = max(start_of_last(source, path, lines), source.size(path) - MAX_READ)
    return source.read(path, max(start, 0)).splitlines()[-lines:]
