"""The settings of a run that are about persistent volumes: those of the original, and how long."""

from __future__ import annotations

from typing import Any

from mesos_batch.config.setting import BOOLEAN, POSITIVE_DURATION, VERBATIM, Group, Setting

PERSISTENT_VOLUME: Setting[bool] = Setting(
    name="persistent_volume",
    kind=BOOLEAN,
    default=False,
    group=Group.VOLUMES,
    help="Before the tasks are run, reserve what --persistent_volume_resource lists and create its "
    "volumes, on one agent; a volume that exists is used as it is.",
)
PERSISTENT_VOLUME_RESOURCE: Setting[str | None] = Setting(
    name="persistent_volume_resource",
    kind=VERBATIM,
    default=None,
    group=Group.VOLUMES,
    help="What to reserve and which volumes to create on it: /path or file:///path of a TaskInfo "
    "(JSON, or protobuf), or the JSON itself. Of the TaskInfo only the resources count.",
)
REMOVE_PERSISTENT_VOLUME: Setting[bool] = Setting(
    name="remove_persistent_volume",
    kind=BOOLEAN,
    default=False,
    group=Group.VOLUMES,
    help="Run no task: destroy the volumes of --persistent_volume_resource and unreserve the rest "
    "of it.",
)
VOLUME_TIMEOUT: Setting[float] = Setting(
    name="volume_timeout",
    kind=POSITIVE_DURATION,
    default=300.0,
    group=Group.VOLUMES,
    help="Give up reserving, creating or destroying when no fitting offer, and no word of what was "
    "sent, has come for this long.",
)

ORIGINAL_VOLUMES: tuple[Setting[Any], ...] = (
    PERSISTENT_VOLUME,
    PERSISTENT_VOLUME_RESOURCE,
    REMOVE_PERSISTENT_VOLUME,
)
