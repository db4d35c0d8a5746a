"""What the tasks of a list have in common, kept once: a batch says the same over and over."""

from __future__ import annotations

import zlib

# A text that no other task has would only be remembered in vain.
_TEXTS = 10_000
# Below that a payload hardly takes more memory than the objects around it.
_LEAST = 256  # bytes
_WINDOW = 1 << 15  # bytes; deflate looks no further back
_RAW = -15  # the binary logarithm of it, without header and checksum
_FAST = 1
_MEMORY_LEVEL = 4


class Texts:
    """Gives one object for all texts that are equal."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def share(self, text: str) -> str:
        """An equal text; the first texts of a long list are remembered."""
        known = self._known.get(text)
        if known is not None:
            return known
        if len(self._known) < _TEXTS:
            self._known[text] = text
        return text


class Payloads:
    """Packs the payloads of a list one after the other.

    A payload is kept as what differs from earlier ones: compressed by deflate, with the text of
    those as its preset dictionary.
    """

    def __init__(self) -> None:
        self._like = b""
        self._compressor = _compressor(b"")

    def pack(self, payload: bytes) -> tuple[bytes, bytes | None]:
        """The payload in little memory, and what :func:`unpack` needs with it.

        A payload unlike those before is kept as it is, and the next ones may be like it.
        """
        if len(payload) < _LEAST:
            return payload, None
        compressor = self._compressor.copy()
        packed = compressor.compress(payload) + compressor.flush()
        if len(packed) <= len(payload) // 2 and self._like:
            return packed, self._like
        if len(self._like) + len(payload) <= _WINDOW:
            self._like += payload
            self._compressor = _compressor(self._like)
        return payload, None


def unpack(kept: bytes, like: bytes | None) -> bytes:
    """The payload that was packed."""
    if like is None:
        return kept
    return zlib.decompressobj(_RAW, like).decompress(kept)


def _compressor(like: bytes) -> zlib._Compress:
    return zlib.compressobj(
        _FAST, zlib.DEFLATED, _RAW, _MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY, like
    )
