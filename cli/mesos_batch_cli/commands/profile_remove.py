"""``mesos-batch profile remove PROFILE``: take a profile out of the user's file."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mesos_batch.config import profile_settings as the
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.output.outcome import tell_done
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch profile remove PROFILE",)
ABOUT = (
    "Takes a profile out of your configuration file; all else in it stays as it is. Credentials "
    "in the keyring stay too: 'credentials delete' forgets them."
)
CLOSING = "docs/settings.md tells how profiles and configuration files are written."
SETTINGS = the.PROFILE_REMOVE


def run(arguments: Sequence[str]) -> int:
    """Take it out.

    Raises:
        UsageError: there is none, or the file cannot be changed.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)
    if values.word is None:
        raise UsageError("no profile is named", f"Write {USAGE[0]}.")

    from mesos_batch.config import profile_store

    path = profile_store.remove(values.word)
    told = f"profile {values.word} is no longer in {path}"
    tell_done(told, values, profile=values.word, file=str(path))
    return ExitCode.FINISHED
