"""Writing small files of the user: all at once, for nobody else to read."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from mesos_batch.errors import UsageError


def write_private(path: Path, text: str) -> None:
    """Replace a file by one with this text; whoever reads it meanwhile reads the old or the new.

    A link stays one, and permissions of a file that was there stay as they are.

    Raises:
        UsageError: it cannot be written.
    """
    path = path.resolve()
    temporary: str | None = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            Path(temporary).chmod(path.stat().st_mode & 0o777)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
