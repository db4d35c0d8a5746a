"""The public door to reservations and persistent volumes.

cluster = look(RunOptions(master="mesos.example.org:5050"))
ledger = read_ledger(cluster)
plan = plan_create(CreateWish(role="test", principal="alice", size=1024, count=3), cluster)
start([], options, Keep(), plan)

Plans are decided before anything is sent; ``api.start`` carries them out and confirms each step.
"""

from mesos_batch.volumes.audit import Finding, Standing, audit
from mesos_batch.volumes.create import (
    CreateWish,
    Disk,
    plan_create,
    plan_ensure,
    plan_on_new_cluster,
)
from mesos_batch.volumes.destroy import DestroyPlan, plan_destroy, plan_remove, plan_undo
from mesos_batch.volumes.forget import plan_forget
from mesos_batch.volumes.ledger import Holding, Ledger, read_ledger
from mesos_batch.volumes.listing import (
    ReservationInfo,
    VolumeInfo,
    list_reservations,
    list_volumes,
)
from mesos_batch.volumes.look import look
from mesos_batch.volumes.outdated import refuse_outdated
from mesos_batch.volumes.reserve import ReserveWish, plan_reserve, plan_unreserve

__all__ = [
    "CreateWish",
    "DestroyPlan",
    "Disk",
    "Finding",
    "Holding",
    "Ledger",
    "ReservationInfo",
    "ReserveWish",
    "Standing",
    "VolumeInfo",
    "audit",
    "list_reservations",
    "list_volumes",
    "look",
    "plan_create",
    "plan_destroy",
    "plan_ensure",
    "plan_forget",
    "plan_on_new_cluster",
    "plan_remove",
    "plan_reserve",
    "plan_undo",
    "plan_unreserve",
    "read_ledger",
    "refuse_outdated",
]
