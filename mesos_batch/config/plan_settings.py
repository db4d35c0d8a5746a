"""Every setting of ``mesos-batch plan``, declared once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mesos_batch.config import placement_settings as placement
from mesos_batch.config import settings as run
from mesos_batch.config.connection_settings import WHO
from mesos_batch.config.setting import DURATION, Group, Setting

MASTER = replace(
    run.MASTER,
    help="Whose agents to plan for: an address as runs take it, or 'local' for the cluster that a "
    "run would make on this machine.",
)
TASK_LIST = replace(
    run.TASK_LIST,
    shown_default="LIST",
    help="The tasks, as runs take them; the same as LIST.",
)
ASSUME_RUNTIME: Setting[float] = Setting(
    name="assume_runtime",
    kind=DURATION,
    default=60.0,
    group=Group.PLAN,
    help="How long a task runs that does not say so in its label mesos_batch.expected_runtime.",
)
ASSUME_START: Setting[float | None] = Setting(
    name="assume_start",
    kind=DURATION,
    default=None,
    shown_default="500ms, nothing with --master=local",
    group=Group.PLAN,
    help="How long a task takes to start: its executor, for some an image or a download.",
)

PLAN: tuple[Setting[Any], ...] = (
    MASTER,
    TASK_LIST,
    ASSUME_RUNTIME,
    ASSUME_START,
    *WHO,
    run.ROLE,
    run.FRAMEWORK_CAPABILITIES,
    placement.CONSTRAINT,
    placement.MAX_RUNNING,
    run.LOCAL_AGENTS,
    run.LOCAL_CPUS,
    run.LOCAL_MEM,
    run.LOCAL_DISK,
    run.JSON,
    run.COLOR,
    replace(run.VERBOSE, help="Show every agent, and every task that does not fit."),
    run.HELP,
)
