"""Whom to ask about the cluster that options name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.config.masters import LOCAL
from mesos_batch.errors import UsageError
from mesos_batch.runtime.leaders import masters_at
from mesos_batch.transport.http import Login

if TYPE_CHECKING:
    from mesos_batch.options import RunOptions
    from mesos_batch.runtime.leaders import Masters


def whom_to_ask(options: RunOptions) -> tuple[Masters, Login | None]:
    """Where its masters are found, and who we are to them.

    Only master, principal and secret of the options are looked at.

    Raises:
        UsageError: the embedded cluster is meant, which is not there before a run nor after it.
    """
    if options.master == LOCAL:
        raise UsageError(
            "the cluster of --master=local lives and ends with a run",
            "Start 'mesos-batch local' in another terminal and give its address.",
        )
    login: Login | None = None
    if options.principal is not None and options.secret is not None:
        login = Login(options.principal, options.secret.reveal())
    return masters_at(options.master), login
