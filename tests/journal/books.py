"""A run of few tasks whose numbered commits leave a state that tells the number."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from mesos_batch.journal import Journal
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.saved import AttemptEntry, Entry, FrameworkEntry, Past, TaskEntry
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec

TASKS = 3
CHILD = Path(__file__).with_name("child.py")


def task(number: int, **more: Any) -> TaskSpec:
    resources = more.pop("resources", None) or Resources.scalars(cpus=1, mem=32)
    return TaskSpec(f"t{number}", f"task {number}", resources, b"payload %d" % number, **more)


def create(state_dir: Path, tasks: int = TASKS, **more: Any) -> Journal:
    about = {"master": "leader:5050", "source": "tiles.json", "options": {}, **more}
    return Journal.create(state_dir, [task(number) for number in range(tasks)], **about)


def numbered(number: int, padding: str = "") -> list[Entry]:
    """The entries of commit ``number`` (from 1): each task was launched once more."""
    entries: list[Entry] = [FrameworkEntry(float(number), f"framework-{number}")]
    for position in range(TASKS):
        entries += [
            TaskEntry(position, Phase.LAUNCHED, launches=number, message=padding),
            AttemptEntry(position, number, Phase.LAUNCHED, "agent", "host", float(number)),
        ]
    return entries


def last_commit(past: Past) -> int:
    """The number of the last commit that is there; all before are whole, nothing else is there."""
    number = max((task.launches for task in past.tasks), default=0)
    expected = {
        entry for each in range(1, number + 1) for entry in numbered(each) if is_attempt(entry)
    }
    assert set(past.attempts) == expected
    assert [task.launches for task in past.tasks] == [number] * (TASKS if number else 0)
    assert past.framework_id == (f"framework-{number}" if number else None)
    if number:
        assert past.touched_at == number
    return number


def is_attempt(entry: Entry) -> bool:
    return isinstance(entry, AttemptEntry)


def running(position: int, number: int = 1) -> list[Entry]:
    """What is written when a task has begun to run."""
    return [
        TaskEntry(position, Phase.RUNNING, number, state=TaskState.TASK_RUNNING),
        AttemptEntry(
            position,
            number,
            Phase.RUNNING,
            "agent-1",
            "node1",
            launched_at=10.0,
            state=TaskState.TASK_RUNNING,
            started_at=11.0,
        ),
    ]


def child(*arguments: object, **more: Any) -> subprocess.Popen[str]:
    """A process that does what ``child.py`` says, with pipes."""
    command = [sys.executable, str(CHILD), *map(str, arguments)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more
    )


def output_of(process: subprocess.Popen[str]) -> str:
    """What a child printed until its end."""
    with process:
        return process.communicate()[0]


def crashed_run(state_dir: Path, commits: int, checkpoint_after: int = 0) -> Path:
    """The directory of a run whose owner died after that many numbered commits."""
    return Path(output_of(child("crash", state_dir, commits, checkpoint_after)).strip())


def copy_of(directory: Path, parent: Path) -> Path:
    """The directory of a run again, under the same name in another place."""
    target = parent / directory.name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(directory, target)
    return target
