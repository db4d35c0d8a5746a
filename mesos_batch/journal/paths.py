"""Where journals are: one directory per run, named so that names sort by time."""

from __future__ import annotations

import calendar
import os
import secrets
import time
from pathlib import Path

from platformdirs import user_state_path

JOURNAL = "journal.sqlite"
OWNER = "owner.sqlite"

# Lower case base32: no letter that is taken for a digit when an id is typed from a screen.
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_STAMP = "%Y%m%d-%H%M%S"
PRIVATE = 0o700  # a task list may hold what is not for everybody


def runs_directory(state_dir: Path | None) -> Path:
    """The directory all runs are under; ``None`` is where this platform keeps state."""
    return (state_dir or user_state_path("mesos-batch", appauthor=False)) / "runs"


def make_run_directory(state_dir: Path | None, created_at: float) -> Path:
    """Make the directory of a new run; its name, the run id, is nobody else's.

    Raises:
        OSError: it cannot be made.
    """
    runs = runs_directory(state_dir)
    runs.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    stamp = time.strftime(_STAMP, time.gmtime(created_at))
    while True:
        directory = runs / f"{stamp}-{''.join(secrets.choice(_LETTERS) for _ in range(4))}"
        try:
            directory.mkdir(mode=PRIVATE)
        except FileExistsError:
            continue
        return directory


def run_directories(state_dir: Path | None) -> list[Path]:
    """The directories of all runs, the oldest first.

    Raises:
        OSError: they cannot be listed.
    """
    try:
        found = list(runs_directory(state_dir).iterdir())
    except FileNotFoundError:
        return []
    return sorted(path for path in found if _is_run(path))


def _is_run(path: Path) -> bool:
    try:
        created_at_of(path.name)
    except ValueError:
        return False
    # Locked and without a journal: the program was killed before the run began.
    began = (path / JOURNAL).exists() or not (path / OWNER).exists()
    return began and path.is_dir()


def created_at_of(run_id: str) -> float:
    """When a run was created, to the second, as its id tells.

    Raises:
        ValueError: this is no run id.
    """
    return float(calendar.timegm(time.strptime(run_id.rpartition("-")[0], _STAMP)))


def sync_names(directory: Path) -> None:
    """Make the names in the directory of a run, and its own, survive a power cut.

    Raises:
        OSError: it cannot be done.
    """
    if os.name == "nt":
        # Windows has no handle of a directory to flush; NTFS journals names by itself.
        return
    for folder in (directory, directory.parent, directory.parent.parent):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
