"""Writing small files of the user: all at once, for nobody else to read."""

from __future__ import annotations

import os
from pathlib import Path

from mesos_batch.errors import UsageError
from mesos_batch.whole_file import whole_file

_MINE = 0o600


def write_private(path: Path, text: str) -> None:
    """Replace a file by one with this text; whoever reads it meanwhile reads the old or the new.

    A link stays one, and permissions of a file that was there stay as they are.

    Raises:
        UsageError: it cannot be written.
    """
    path = path.resolve()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole_file(path, _MINE) as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
