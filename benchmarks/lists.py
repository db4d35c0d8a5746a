"""Task lists for benchmarks."""

from __future__ import annotations

import json
from collections.abc import Iterable


def task_list(tasks: Iterable[tuple[str, float]]) -> str:
    """A list of tasks that run these commands with so many cpus, and 32 MB each."""
    return json.dumps(
        {
            "tasks": [
                {
                    "name": f"t{number}",
                    "task_id": {"value": f"t{number}"},
                    "command": {"value": command},
                    "resources": [
                        {"name": "cpus", "type": "SCALAR", "scalar": {"value": cpus}},
                        {"name": "mem", "type": "SCALAR", "scalar": {"value": 32}},
                    ],
                }
                for number, (command, cpus) in enumerate(tasks)
            ]
        }
    )
