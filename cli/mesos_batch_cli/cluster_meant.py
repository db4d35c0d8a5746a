"""Which cluster a command asks, and who we are to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch.config.connection_settings import HOW
from mesos_batch.errors import UsageError
from mesos_batch_cli.run_options import credentials_for, how_to_connect, with_credentials
from mesos_batch_cli.values import Origin, Values

if TYPE_CHECKING:
    from mesos_batch.api import RunOptions

# What a framework is called that makes or undoes volumes; those that only look never register.
_TITLE = "mesos-batch volumes"


def cluster_of(values: Values, like: RunOptions | None = None) -> RunOptions:
    """Which cluster is meant, and who we are to it: as in the run ``like``, unless a flag says.

    Raises:
        UsageError: no master is given, or the secret cannot be read.
    """
    from mesos_batch.api import RunOptions

    master, principal = values[the.MASTER], values[the.PRINCIPAL]
    if like is not None:
        if values.origin(the.MASTER) is not Origin.FLAG:
            master = with_credentials(like.master)
        if values.origin(the.PRINCIPAL) is not Origin.FLAG:
            principal = like.principal
    if master is None:
        raise UsageError("no master is given", "Add --master=HOST:PORT.")
    how = how_to_connect(values)
    if like is not None:
        how = {
            option.name: how[option.name]
            if values.origin(option) is Origin.FLAG
            else getattr(like, option.name)
            for option in HOW
        }
    who = credentials_for(values, master, principal)
    return RunOptions(
        master=master,
        framework_name=_TITLE,
        principal=who.principal,
        secret=who.secret,
        token=who.token,
        **how,
    )
