"""Tasks that wait for the recording instead of sleeping.

``sleep N`` in a command becomes a read from a pipe, and the pipe is written where the recording
says the task ended. So tasks end in the recorded order, however fast or slow the machine is.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from conformance.recording import Recording
from conformance.streams import Json

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2

# Seconds between an event and its record, at most.
NEWS_DELAY = 0.05
_SLEEP = re.compile(r"\bsleep \d+\b")


class HeldTasks:
    """Holds the tasks of a recording that slept and finished by themselves."""

    def __init__(self, recording: Recording, directory: Path) -> None:
        self._ends = _ends(recording)
        self._directory = directory
        self._pipes: dict[str, int] = {}
        self.let_go_on: list[str] = []

    def hold(self, task: Json) -> None:
        """Change the command of a task so that it waits."""
        task_id, command = task["task_id"]["value"], task["command"]
        if task_id not in self._ends or not _SLEEP.search(command.get("value", "")):
            return
        path = self._directory / f"{task_id}.pipe"
        if task_id not in self._pipes:
            os.mkfifo(path)
            # Open for both, so that nobody has to wait for the other side.
            self._pipes[task_id] = os.open(path, os.O_RDWR)
        read = f"read _ < {shlex.quote(str(path))}"
        command["value"] = _SLEEP.sub(read, command["value"])

    def let_go(self, at: float) -> None:
        """Let the tasks end that had ended at this time of the recording."""
        ended = [name for name, end in self._ends.items() if end <= at + NEWS_DELAY]
        for task_id in set(ended) & set(self._pipes) - set(self.let_go_on):
            os.write(self._pipes[task_id], b"\n")
            self.let_go_on.append(task_id)

    def close(self) -> None:
        """Let go every task."""
        for pipe in self._pipes.values():
            os.close(pipe)


def _ends(recording: Recording) -> dict[str, float]:
    """When each task finished, in the time of the recording."""
    ends: dict[str, float] = {}
    offset = float("-inf")
    for record in recording.records():
        event = recording.content_type.decode(record.body, scheduler_pb2.Event)
        status = event.update.status
        if event.type == event.UPDATE and status.HasField("uuid"):
            offset = max(offset, status.timestamp - record.at)
            if status.state == pb.TASK_FINISHED:
                ends.setdefault(status.task_id.value, status.timestamp)
    return {task_id: at - offset for task_id, at in ends.items()}
