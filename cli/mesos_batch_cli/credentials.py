"""What the commands on credentials share: whose it is, for which master, and what helps without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.config import profile_settings as the
from mesos_batch.config import settings as run_settings
from mesos_batch.config.keyring_entry import Entry
from mesos_batch.config.masters import LOCAL
from mesos_batch.errors import UsageError

if TYPE_CHECKING:
    from mesos_batch_cli.values import Values


def entry_meant(values: Values, usage: str) -> Entry:
    """What is to be kept or forgotten.

    Raises:
        UsageError: it is not said whose, or for which master.
    """
    master, principal = values[run_settings.MASTER], values[run_settings.PRINCIPAL]
    is_token = values[the.AS_TOKEN]
    if master is None or (principal is None and not is_token):
        missing = "master" if master is None else "principal"
        raise UsageError(f"no {missing} is given", f"Write {usage}.")
    if master == LOCAL:
        raise UsageError("a local cluster makes its own secret, so none is kept")
    return Entry("token" if is_token else "secret", principal, str(master))


def no_keyring(why: object, kind: str) -> UsageError:
    """Say what to use where there is no keyring: nothing is ever kept in plain text instead."""
    return UsageError(
        f"the keyring cannot be used: {why}",
        f"Nothing was written. Without one, set MESOS_BATCH_{kind.upper()}, or give"
        f" --{kind}_file=FILE with a file only you can read (chmod 600).",
    )
