"""What the tasks of a list have in common, kept once: a batch says the same over and over."""

from __future__ import annotations

import zlib

# A text that no other task has would only be remembered in vain.
_TEXTS = 10_000
# Below that a payload hardly takes more memory than the objects around it.
_LEAST = 256  # bytes
_WINDOW = 1 << 15  # bytes; deflate looks no further back
_RAW = -15  # the binary logarithm of it, without header and checksum
# Found to be fast and to find what was said thirty payloads ago.
_LEVEL, _MEMORY_LEVEL = 3, 5
# So many payloads one after the other that have nothing in common with others: give up.
_UNLIKE = 1000


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
        self._unlike = 0
        self._compressor = _compressor(b"")

    def pack(self, payload: bytes) -> tuple[bytes, bytes | None]:
        """The payload in little memory, and what :func:`unpack` needs with it.

        What a payload has that those before had not, the next ones may have too.
        """
        if len(payload) < _LEAST or self._unlike > _UNLIKE:
            return payload, None
        compressor = self._compressor.copy()
        packed = compressor.compress(payload) + compressor.flush()
        like = self._like
        if len(packed) > len(payload) // 8 and len(like) + len(payload) <= _WINDOW:
            self._like += payload
            self._compressor = _compressor(self._like)
        if len(packed) > len(payload) // 2:
            self._unlike += 1
            return payload, None
        self._unlike = 0
        return packed, like


def unpack(kept: bytes, like: bytes | None) -> bytes:
    """The payload that was packed."""
    if like is None:
        return kept
    return zlib.decompressobj(_RAW, like).decompress(kept)


def _compressor(like: bytes) -> zlib._Compress:
    return zlib.compressobj(
        _LEVEL, zlib.DEFLATED, _RAW, _MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY, like
    )
