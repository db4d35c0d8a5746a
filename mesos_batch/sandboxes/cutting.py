"""Bytes to lines, whatever the pieces they come in."""

from __future__ import annotations

# A file without line ends is not kept in memory.
LONGEST_LINE = 1 << 16


class LineCutter:
    """Cuts what comes into whole lines; a line that is too long comes in several."""

    def __init__(self) -> None:
        self._begun = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are whole now, without their ends."""
        *lines, self._begun = (self._begun + data).split(b"\n")
        whole = [piece for line in lines for piece in _pieces(line)]
        while len(self._begun) >= LONGEST_LINE:
            whole.append(self._begun[:LONGEST_LINE])
            self._begun = self._begun[LONGEST_LINE:]
        return whole

    def rest(self) -> list[bytes]:
        """The last line, where it has no end."""
        rest, self._begun = self._begun, b""
        return [rest] if rest else []


def _pieces(line: bytes) -> list[bytes]:
    if len(line) <= LONGEST_LINE:
        return [line]
    return [line[at : at + LONGEST_LINE] for at in range(0, len(line), LONGEST_LINE)]
