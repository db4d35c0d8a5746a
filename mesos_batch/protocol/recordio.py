"""RecordIO framing: a decimal length in bytes, one newline, that many bytes.

Source: Mesos ``docs/recordio.md`` and ``stout/recordio.hpp``. HTTP chunks say nothing about
records: a record may be split over chunks and a chunk may hold several.
"""

from __future__ import annotations

MAX_RECORD_BYTES = 1 << 30
_MAX_HEADER_BYTES = 20


class RecordIOError(ValueError):
    """The stream is not RecordIO; nothing after this point can be trusted."""


def encode(record: bytes) -> bytes:
    """Frame one record."""
    return b"%d\n%s" % (len(record), record)


class Decoder:
    """Feed bytes as they come, get whole records."""

    def __init__(self, max_record_bytes: int = MAX_RECORD_BYTES) -> None:
        self._buffer = bytearray()
        self._length: int | None = None
        self._max = max_record_bytes

    @property
    def pending_bytes(self) -> int:
        """Bytes fed of an unfinished record, header included; more than 0 at the end is a cut."""
        header = 0 if self._length is None else len(f"{self._length}\n")
        return header + len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes and give the records they complete, in order.

        Raises:
            RecordIOError: a header is not a decimal length or is beyond the limit.
        """
        self._buffer += data
        records: list[bytes] = []
        start = 0
        while True:
            if self._length is None:
                end = self._buffer.find(b"\n", start, start + _MAX_HEADER_BYTES + 1)
                if end < 0:
                    if len(self._buffer) - start > _MAX_HEADER_BYTES:
                        raise RecordIOError("a record header has no end")
                    break
                self._length = self._parse_header(bytes(self._buffer[start:end]))
                start = end + 1
            if len(self._buffer) - start < self._length:
                break
            records.append(bytes(self._buffer[start : start + self._length]))
            start += self._length
            self._length = None
        del self._buffer[:start]
        return records

    def _parse_header(self, header: bytes) -> int:
        if not header.isdigit():
            raise RecordIOError(f"a record header is {header!r}, not a length")
        length = int(header)
        if length > self._max:
            raise RecordIOError(f"a record of {length} bytes is beyond the limit of {self._max}")
        return length
