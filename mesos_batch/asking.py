"""Whom to ask about the cluster that options name, and as whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.config.masters import LOCAL
from mesos_batch.errors import UsageError
from mesos_batch.runtime.leaders import masters_at
from mesos_batch.transport.http import AUTH_SCHEMES, Login
from mesos_batch.transport.tls import SYSTEM_TRUST, Tls, context_of

if TYPE_CHECKING:
    from mesos_batch.options import RunOptions
    from mesos_batch.runtime.leaders import Masters


def whom_to_ask(options: RunOptions) -> tuple[Masters, Login | None]:
    """Where its masters are found, and who we are to them.

    Only the master of the options, and as whom to come there, are looked at.

    Raises:
        UsageError: the embedded cluster is meant, which is not there before a run nor after it,
            or a file with certificates cannot be used.
    """
    if options.master == LOCAL:
        raise UsageError(
            "the cluster of --master=local lives and ends with a run",
            "Start 'mesos-batch local' in another terminal and give its address.",
        )
    return masters_at(options.master), login_of(options)


def login_of(options: RunOptions) -> Login | None:
    """As whom to come to the master of the options, and whom to trust there.

    Raises:
        UsageError: a file with certificates cannot be used, or a token cannot be sent.
    """
    tls = Tls(options.cacert, options.client_cert, options.client_key)
    if tls != SYSTEM_TRUST:
        # What is wrong with the files is told before anybody is contacted.
        context_of(tls)
    if options.auth_scheme not in AUTH_SCHEMES:
        raise UsageError(f"auth scheme '{options.auth_scheme}' is none of token, bearer")
    login = Login(
        principal=options.principal,
        secret=None if options.secret is None else options.secret.reveal(),
        token=None if options.token is None else options.token.reveal(),
        auth_scheme=options.auth_scheme,
        tls=tls,
    )
    return None if login.is_anonymous and tls == SYSTEM_TRUST else login
