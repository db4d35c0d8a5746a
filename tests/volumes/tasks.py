"""Tasks that use a volume which is named by its id and nothing else."""

from __future__ import annotations

from typing import Any

from program import task


def on_volume(task_id: str, volume: str, command: str, **more: Any) -> dict[str, Any]:
    """A task in the form of TaskInfo whose command finds the volume where it was created to be."""
    made: dict[str, Any] = task(task_id, command, **more)
    disk = {"name": "disk", "type": "SCALAR", "disk": {"persistence": {"id": volume}}}
    made["resources"] = [*made["resources"], disk]
    return made
