"""For whom the keyring has something of ours: no keyring can be asked that everywhere.

The file has no secret in it. What it says may be outdated, as others change the keyring too.
"""

from __future__ import annotations

import json
from pathlib import Path

from mesos_batch.config.directories import user_directory
from mesos_batch.config.keyring_entry import Entry
from mesos_batch.config.write_file import write_private
from mesos_batch.errors import UsageError

_FILE = "credentials.json"


def index_file() -> Path:
    """Where the list is."""
    return user_directory() / _FILE


def read() -> tuple[Entry, ...]:
    """What was put into the keyring, and not taken out by us.

    Raises:
        UsageError: the file cannot be read.
    """
    path = index_file()
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return tuple(Entry(it["kind"], it["principal"], it["master"]) for it in kept)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            f"{path} is not as we wrote it", "Delete it; the keyring itself is not touched."
        ) from None


def add(entry: Entry) -> None:
    """Note that the keyring has it.

    Raises:
        UsageError: the file cannot be read or written.
    """
    _write([*(it for it in read() if it != entry), entry])


def remove(entry: Entry) -> None:
    """Note that the keyring has it no more.

    Raises:
        UsageError: the file cannot be read or written.
    """
    known = read()
    if entry in known:
        _write([it for it in known if it != entry])


def has_token(principal: str | None, master: str) -> bool:
    """Whether it makes sense to ask the keyring for a token."""
    try:
        return Entry("token", principal, master) in read()
    except UsageError:
        # It is told where the list itself is asked for; a run goes on without.
        return False


def _write(entries: list[Entry]) -> None:
    rows = [
        {"kind": it.kind, "principal": it.principal, "master": it.master}
        for it in sorted(entries, key=lambda it: (it.master, it.principal or "", it.kind))
    ]
    write_private(index_file(), json.dumps(rows, indent=2) + "\n")
