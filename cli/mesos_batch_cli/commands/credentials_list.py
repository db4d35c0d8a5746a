"""``mesos-batch credentials list``: for whom the keyring has a secret or a token."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import profile_settings as the
from mesos_batch.config import settings as run_settings
from mesos_batch.errors import ExitCode
from mesos_batch_cli.output.streams import emit, paint_for, say_warning, width_of
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.config.keyring_entry import Entry

USAGE = ("mesos-batch credentials list [flags]",)
ABOUT = (
    "Lists for which masters and principals 'credentials set' kept something, and whether the "
    "keyring still has it. What it is, is not shown."
)
SETTINGS = the.CREDENTIALS_LIST
_TOLD = {True: "in the keyring", False: "gone", None: "unknown"}


def run(arguments: Sequence[str]) -> int:
    """Print the list.

    Raises:
        UsageError: a flag is wrong, or the list cannot be read.
    """
    values = Values(arguments, os.environ, SETTINGS)

    from mesos_batch.config import credential_index
    from mesos_batch_cli.output.as_json import as_json
    from mesos_batch_cli.output.table import table

    entries = credential_index.read()
    found = _look(entries)
    if values[run_settings.JSON]:
        rows = [
            {"master": it.master, "principal": it.principal, "kind": it.kind, "in_keyring": there}
            for it, there in zip(entries, found, strict=True)
        ]
        emit(sys.stdout, as_json("credentials", {"credentials": rows}))
    elif not entries:
        emit(sys.stderr, "no credentials are kept; 'mesos-batch credentials set' keeps some")
    else:
        paint = paint_for(sys.stdout, values[run_settings.COLOR], os.environ)
        cells = [
            (it.master, it.principal or "", it.kind, _TOLD[there])
            for it, there in zip(entries, found, strict=True)
        ]
        columns = ("MASTER", "PRINCIPAL", "KIND", "STATE")
        emit(sys.stdout, "\n".join(table(columns, cells, paint, width_of(sys.stdout, os.environ))))
    return ExitCode.FINISHED


def _look(entries: Sequence[Entry]) -> list[bool | None]:
    """Whether the keyring has each of them; ``None`` where it does not say."""
    if not entries:
        return []
    from mesos_batch.config import keyring_store

    try:
        keyring_store.require()
        return [keyring_store.load(entry) is not None for entry in entries]
    except keyring_store.KeyringUnusableError as error:
        say_warning(f"the keyring cannot be asked: {error}")
        return [None] * len(entries)
