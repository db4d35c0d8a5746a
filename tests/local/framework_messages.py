"""What frameworks write in calls, as JSON values."""

from __future__ import annotations

from typing import Any

CAPABILITIES = ("TASK_KILLING_STATE", "PARTITION_AWARE", "RESERVATION_REFINEMENT", "MULTI_ROLE")


def scalar(name: str, value: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "SCALAR", "scalar": {"value": value}, **more}


def reservation(role: str, principal: str | None = "tester") -> list[dict[str, Any]]:
    by = {} if principal is None else {"principal": principal}
    return [{"type": "DYNAMIC", "role": role, **by}]


def volume(
    size: float, volume_id: str, *, role: str = "test", principal: str | None = "tester"
) -> dict[str, Any]:
    by = {} if principal is None else {"principal": principal}
    return scalar(
        "disk",
        size,
        reservations=reservation(role),
        disk={
            "persistence": {"id": volume_id, **by},
            "volume": {"container_path": "data", "mode": "RW"},
        },
    )


def task(task_id: str, agent_id: str = "", /, **more: Any) -> dict[str, Any]:
    """A valid task; ``None`` takes a field away."""
    made = {
        "name": task_id,
        "task_id": {"value": task_id},
        "agent_id": {"value": agent_id},
        "resources": [scalar("cpus", 0.1), scalar("mem", 32)],
        "command": {"value": "true"},
        **more,
    }
    return {name: value for name, value in made.items() if value is not None}


def launch(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "LAUNCH", "launch": {"task_infos": list(tasks)}}


def default_executor(framework_id: str, /, **more: Any) -> dict[str, Any]:
    made = {
        "type": "DEFAULT",
        "executor_id": {"value": "pool"},
        "framework_id": {"value": framework_id},
        "resources": [scalar("cpus", 0.1), scalar("mem", 32), scalar("disk", 10)],
        **more,
    }
    return {name: value for name, value in made.items() if value is not None}


def launch_group(executor: dict[str, Any], *tasks: dict[str, Any]) -> dict[str, Any]:
    group = {"executor": executor, "task_group": {"tasks": list(tasks)}}
    return {"type": "LAUNCH_GROUP", "launch_group": group}


def framework_info(**more: Any) -> dict[str, Any]:
    made = {
        "user": "root",
        "name": "test",
        "roles": ["*"],
        "capabilities": [{"type": name} for name in CAPABILITIES],
        **more,
    }
    return {name: value for name, value in made.items() if value is not None}


def capabilities(*names: str) -> list[dict[str, str]]:
    return [{"type": name} for name in names]
