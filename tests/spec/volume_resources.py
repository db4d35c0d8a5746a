"""Volume resources for tests, and short ways to ask what is wrong with one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from task_lists import DYNAMIC, VOLUME, disk

from mesos_batch.spec.problems import InvalidTaskListError
from mesos_batch.spec.volume_resource import VolumeResource, load_volume_resource

SEED = Path(__file__).parents[2] / "examples" / "persistent_volume_resource.json"
A_VOLUME = disk(VOLUME, **DYNAMIC)


def holding(*resources: dict[str, Any], **more: Any) -> bytes:
    """A volume resource in JSON."""
    return json.dumps({"resources": resources, **more}).encode()


def volume(**changes: Any) -> dict[str, Any]:
    """A persistent volume with other fields in its description."""
    return disk({**VOLUME, **changes}, **DYNAMIC)


def load(data: bytes, role: str = "r", principal: str | None = "p") -> VolumeResource:
    return load_volume_resource(data, "file", role, principal)


def lines_of(data: bytes, role: str = "r", principal: str | None = "p") -> list[str]:
    """All problems as they are printed."""
    try:
        found = load(data, role, principal).warnings
    except InvalidTaskListError as error:
        found = error.problems
    return [problem.format() for problem in found]


def told(data: bytes, role: str = "r", principal: str | None = "p") -> list[str]:
    """The problems without positions and remedies."""
    return [line.split(" error: ")[1].split(" (")[0] for line in lines_of(data, role, principal)]
