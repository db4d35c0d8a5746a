"""Files that are there as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

# What the umask leaves of this, as for any file a program makes.
_ORDINARY = 0o666


@contextmanager
def whole_file(target: Path, mode: int = _ORDINARY) -> Iterator[BinaryIO]:
    """Write a file beside ``target`` that takes its place when the block ends well.

    Whoever reads meanwhile reads the old or the new. A new file has the permissions ``mode``; those
    of one that was there stay as they are. A link is replaced: resolve it first if it is to stay.

    Raises:
        OSError: it cannot be written.
    """
    coming = target.with_name(f".coming-{token_hex(8)}")
    try:
        coming.touch(mode, exist_ok=False)
        with coming.open("wb") as file:
            yield file
        if target.exists():
            coming.chmod(target.stat().st_mode & 0o777)
        coming.replace(target)
    except BaseException:
        with suppress(OSError):
            coming.unlink()
        raise
