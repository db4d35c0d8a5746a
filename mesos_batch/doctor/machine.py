"""Checks of this machine: versions, where runs are kept, the keyring."""

from __future__ import annotations

import platform
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mesos_batch import __version__
from mesos_batch.doctor.check import Check, doubtful, failed, good
from mesos_batch.errors import ExitCode
from mesos_batch.journal.paths import PRIVATE, runs_directory

_LITTLE_BYTES = 100 << 20
_GB = 1 << 30


def machine_checks(state_dir: Path | None) -> Iterator[Check]:
    """All of them; ``state_dir`` ``None`` is where this platform keeps state."""
    yield good(
        "versions",
        f"mesos-batch {__version__}, Python {platform.python_version()}, "
        f"{ssl.OPENSSL_VERSION.split('  ')[0]}, {platform.system()} {platform.machine()}",
    )
    yield _state(runs_directory(state_dir))
    yield _keyring()


def _state(directory: Path) -> Check:
    try:
        directory.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"doctor")
        free = shutil.disk_usage(directory).free
    except OSError as error:
        return failed(
            "runs",
            f"no run can be kept in {directory}: {error.strerror}",
            "Make it writable, or choose another place with --state_dir.",
            ExitCode.JOURNAL,
        )
    told = f"kept in {directory}, {free / _GB:.1f} GB free"
    if free < _LITTLE_BYTES:
        return doubtful("runs", told, "A journal of a large run may not fit: free some space.")
    return good("runs", told)


def _keyring() -> Check:
    from mesos_batch.config import keyring_store

    try:
        name = keyring_store.try_out()
    except keyring_store.KeyringUnusableError as error:
        return doubtful(
            "keyring",
            f"cannot be used: {error}",
            "MESOS_BATCH_SECRET, --secret_file and --token_file work without one.",
        )
    return good("keyring", f"{name} keeps and gives back what it is given")
