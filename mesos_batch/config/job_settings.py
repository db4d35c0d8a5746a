"""The settings of ``mesos-batch validate``, ``expand`` and ``schema``, declared once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mesos_batch.config import settings as run
from mesos_batch.config import volume_settings as volumes
from mesos_batch.config.connection_settings import WHO
from mesos_batch.config.setting import Group, Setting

MASTER = replace(
    run.MASTER,
    help="Which cluster to ask where persistent volumes are and what they are made of: an address "
    "as runs take it. Nobody is asked when no task names a volume.",
)
OF_ROLE = replace(
    volumes.OF_ROLE,
    group=Group.BATCH,
    help="Use volumes of this role only, when several roles have one of the same id.",
)
FOR_ROLE = replace(
    run.ROLE, group=Group.BATCH, help="The role of the run: what is reserved to another is refused."
)
FOR_PRINCIPAL = replace(
    run.PRINCIPAL, group=Group.BATCH, help="The principal of the run, who may have reserved."
)

EXPAND: tuple[Setting[Any], ...] = (
    MASTER,
    OF_ROLE,
    *WHO,
    run.HELP,
)
VALIDATE: tuple[Setting[Any], ...] = (FOR_ROLE, FOR_PRINCIPAL, run.JSON, run.HELP)
SCHEMA: tuple[Setting[Any], ...] = (run.HELP,)
