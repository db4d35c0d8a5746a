"""The real program as a process, and small task lists for it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from task_lists import scalar

PROGRAM = (sys.executable, "-m", "mesos_batch_cli")
Outcome = subprocess.CompletedProcess[str]
Program = Callable[..., Outcome]


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This environment without what would change what the program does."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MESOS_", "PYTHON")) and name not in ("NO_COLOR", "COLUMNS")
    }
    return {**kept, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", **(extra or {})}


def task(task_id: str, command: str, cpus: float = 0.1) -> dict[str, object]:
    """A command task in the form of TaskInfo."""
    return {
        "name": task_id,
        "task_id": {"value": task_id},
        "command": {"value": command},
        "resources": [scalar("cpus", cpus), scalar("mem", 32)],
    }


def as_json(*tasks: dict[str, object]) -> str:
    """A task list."""
    return json.dumps({"tasks": tasks})


def write(path: Path, *tasks: dict[str, object]) -> Path:
    """A file with a task list."""
    path.write_text(as_json(*tasks), encoding="utf-8")
    return path


@pytest.fixture
def mesos_batch(tmp_path: Path) -> Program:
    """Runs the program in an empty directory and gives exit code, stdout and stderr."""

    def run(
        *arguments: str, env: Mapping[str, str] | None = None, stdin: str | bytes = b""
    ) -> Outcome:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [*PROGRAM, *arguments],
            input=data,
            capture_output=True,
            cwd=tmp_path,
            env=clean_environment(env),
            check=False,
            timeout=60,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run
