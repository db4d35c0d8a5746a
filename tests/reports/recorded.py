"""A run in a journal on disk in which everything happens that a report tells of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mesos_batch.errors import ExitCode
from mesos_batch.history import RunHistory, read_history
from mesos_batch.journal import Journal
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.saved import AgentEntry, AttemptEntry, EndEntry, FrameworkEntry, TaskEntry
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec
from mesos_batch.runs import find_run

START = 1_790_000_000.0
HOSTILE = "</script><script>alert(1)</script>"
HOSTILE_MESSAGE = "<img src=x onerror=alert(2)> \x00\x1b\ufffe & done"
FORMULA = "=cmd|' /C calc'!A0"
# In this order: position is the index.
IDS = ("plain", "again", "bad", "gone", "huge", "late", HOSTILE, FORMULA)

_STATES = {
    Phase.FINISHED: TaskState.TASK_FINISHED,
    Phase.FAILED: TaskState.TASK_FAILED,
    Phase.LOST: TaskState.TASK_LOST,
}


def attempt(
    position: int, number: int, phase: Phase, begin: float, end: float, **more: object
) -> AttemptEntry:
    """An attempt on agent ``S<position % 2>`` that starts half a second after its launch."""
    agent = f"0b5e-S{position % 2}"
    made = AttemptEntry(
        position,
        number,
        phase,
        agent,
        f"node-{position % 2}",
        launched_at=START + begin,
        state=_STATES[phase],
        started_at=START + begin + 0.5,
        ended_at=START + end,
        sandbox_url=f"http://node-{position % 2}:5051/files/browse?path=%2Fbox{position}",
    )
    return replace(made, **more)


ATTEMPTS = (
    attempt(0, 1, Phase.FINISHED, 0, 10, message="Command exited with status 0", exit_status=0),
    attempt(1, 1, Phase.FAILED, 0, 4, message="Command exited with status 2", exit_status=2),
    attempt(1, 2, Phase.FINISHED, 6, 8, message="Command exited with status 0", exit_status=0),
    attempt(2, 1, Phase.FAILED, 2, 3, message="Command exited with status 127", exit_status=127),
    attempt(3, 1, Phase.LOST, 4, 6, reason="REASON_AGENT_REMOVED"),
    attempt(3, 2, Phase.FINISHED, 8, 9, message="Command exited with status 0", exit_status=0),
    attempt(6, 1, Phase.FAILED, 3, 7, message=HOSTILE_MESSAGE, signal="Killed"),
    attempt(7, 1, Phase.FINISHED, 9, 12, message="Command exited with status 0", exit_status=0),
)


def record(state_dir: Path) -> RunHistory:
    """Write the journal of a run that has ended, and read its history."""
    resources = Resources.scalars(cpus=1, mem=512)
    tasks = [
        TaskSpec(name, name, resources, b"payload", command=f"do {number}\nit\twell")
        for number, name in enumerate(IDS)
    ]
    options = {"max_attempts": 2, "role": "*"}
    with Journal.create(
        state_dir, tasks, master="leader:5050", source="tiles.json", options=options
    ) as journal:
        agents = [AgentEntry(f"0b5e-S{number}", f"node-{number}", 4.0, 4096) for number in (0, 1)]
        journal.commit([FrameworkEntry(START, "framework-1"), *agents, *ATTEMPTS, *_ends()])
        journal.commit([EndEntry(START + 13, ExitCode.TASK_FAILED)])
        run_id = journal.run_id
    return read_history(find_run(run_id, state_dir))


def _ends() -> list[TaskEntry]:
    latest = {entry.position: entry for entry in ATTEMPTS}
    ends = [
        TaskEntry(
            position,
            last.phase,
            launches=last.number,
            state=last.state,
            message=last.message,
            reason=last.reason,
            ended_at=last.ended_at,
        )
        for position, last in latest.items()
    ]
    unplaceable = "needs cpus 99, and the largest agent (node-0) has 4"
    return [
        *ends,
        TaskEntry(4, Phase.UNPLACEABLE, 0, message=unplaceable, ended_at=START + 11),
        TaskEntry(5, Phase.CANCELLED, 0, message="cancelled", ended_at=START + 12),
    ]
