"""How fast a task list is checked, as a multiple of the time ``json`` needs to parse it.

``python benchmarks/validate.py [TASKS]`` (default 100,000): a good list, one with a mistake in a
value and one with a mistake in the syntax, both near the end. Times are processor seconds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from mesos_batch.spec.load import load_task_list
from mesos_batch.spec.problems import InvalidTaskListError


def task_list(count: int) -> str:
    """A list as the original's generator writes it: reservations, Docker, environment."""
    reserved = {"role": "test", "reservation": {"principal": "test"}}
    tasks = [
        {
            "name": f"scene-{index}",
            "task_id": {"value": f"scene-{index}"},
            "agent_id": {"value": ""},
            "resources": [
                {"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.5}, **reserved},
                {"name": "mem", "type": "SCALAR", "scalar": {"value": 64}, **reserved},
            ],
            "command": {
                "value": "process --fast",
                "environment": {"variables": [{"name": "inputId", "value": f"scene/{index}"}]},
            },
            "container": {"type": "DOCKER", "docker": {"image": "registry/process:1"}},
        }
        for index in range(count)
    ]
    return json.dumps({"tasks": tasks}, indent=1)


def seconds(action: Callable[[], object]) -> float:
    """The processor time of one run."""
    start = time.process_time()
    action()
    return time.process_time() - start


def check(data: bytes) -> None:
    """Check a list; that it has problems is no matter here."""
    try:
        load_task_list(data, "list.json")
    except InvalidTaskListError as error:
        print(f"  {error}")


def main() -> None:
    """Print one line per kind of list."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    good = task_list(count)
    last = f'"value": "scene-{count - 1}"'
    lists = {
        "good": good,
        "wrong value": good.replace(last, '"value": "scene/"'),
        "wrong syntax": good[: good.rindex("\n ]")] + ",\n ]\n}",
    }
    print(f"{count} tasks, {len(good) / 1e6:.0f} MB")
    parse = seconds(lambda: json.loads(good))
    for kind, text in lists.items():
        data = text.encode()
        took = seconds(lambda data=data: check(data))
        print(f"{kind}: {count / took:,.0f} tasks/s, {took / parse:.1f} times json.loads")


if __name__ == "__main__":
    main()
