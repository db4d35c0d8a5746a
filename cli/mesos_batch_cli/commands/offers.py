"""``mesos-batch offers``: what a cluster offers, to us or to others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mesos_batch.config import cluster_settings as cluster
from mesos_batch.errors import ExitCode
from mesos_batch_cli.cluster_meant import cluster_of
from mesos_batch_cli.output.found import print_all
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.cluster import Outstanding

USAGE = ("mesos-batch offers --master=HOST:PORT [--role=ROLE] [flags]",)
ABOUT = (
    "Shows what the cluster offers to a framework of this role. For that a framework registers, "
    "for a moment and without tasks, and is removed again, also after Ctrl-C; the offers are "
    "given back unanswered. With --outstanding nothing registers: it shows the offers that other "
    "frameworks have not answered yet."
)
SETTINGS = cluster.OFFERS
_FRAMEWORK_NAME = "mesos-batch offers"


def run(arguments: Sequence[str]) -> int:
    """Print the list.

    Raises:
        UsageError: a flag is wrong.
        ClusterError: no master answers, or it does not let us look.
    """
    values = Values(arguments, os.environ, SETTINGS)

    from mesos_batch_cli.output.offer_table import offer_fields, offer_table

    if values[cluster.OUTSTANDING]:
        found, nothing = _of_others(values), "no framework has an offer to answer"
    else:
        found, nothing = _to_us(values), f"nothing was offered to role {values[cluster.ROLE]}"
    print_all(
        [item for item in found if _is_meant(item, values)],
        values,
        fields=offer_fields,
        page=offer_table,
        kind="offers",
        nothing="there is no such offer" if found else nothing,
    )
    return ExitCode.FINISHED


def _to_us(values: Values) -> list[Outstanding]:
    from mesos_batch.cluster import offers_now

    options = replace(cluster_of(values), role=values[cluster.ROLE], framework_name=_FRAMEWORK_NAME)
    return offers_now(options, values[cluster.WAIT])


def _of_others(values: Values) -> list[Outstanding]:
    from mesos_batch.cluster import look_at_cluster, outstanding

    return outstanding(look_at_cluster(cluster_of(values)))


def _is_meant(item: Outstanding, values: Values) -> bool:
    from mesos_batch.model.selecting import is_called

    return is_called(
        item.offer.agent_id, item.offer.hostname, values[cluster.AGENT], values[cluster.HOST]
    )
