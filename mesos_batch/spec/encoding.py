"""From bytes to text, with a word on each encoding editors write."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", None),
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class Text:
    """Decoded text; ``other`` names an encoding other than UTF-8 (UTF-16, UTF-32)."""

    text: str
    other: str | None = None


class NotTextError(ValueError):
    """The bytes are no text; ``text`` is what could be read before the first bad byte."""

    def __init__(self, message: str, text: str) -> None:
        super().__init__(message)
        self.text = text


def has_byte_order_mark(data: bytes) -> bool:
    """Whether the bytes say that they are text."""
    return any(data.startswith(mark) for mark, _, _ in _MARKS)


def decode(data: bytes) -> Text:
    """Decode UTF-8, or what a byte order mark says; the mark is dropped.

    Raises:
        NotTextError: the bytes are not in that encoding.
    """
    encoding, other = "utf-8", None
    for mark, name, title in _MARKS:
        if data.startswith(mark):
            data, encoding, other = data[len(mark) :], name, title
            break
    try:
        return Text(data.decode(encoding), other)
    except UnicodeDecodeError as error:
        message = f"byte 0x{data[error.start]:02x} is not valid {other or 'UTF-8'}"
        raise NotTextError(message, data[: error.start].decode(encoding, "ignore")) from None
