"""Runs as their journals tell them: real journals of runs that never took place."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from volumes.clusters import MASTER, NOTHING, S0

from mesos_batch.errors import ExitCode
from mesos_batch.journal import Journal, find_run
from mesos_batch.model.change import Change, ChangeKind, ChangePhase
from mesos_batch.model.cluster import ClusterView
from mesos_batch.model.operation import OperationState, OperationType
from mesos_batch.model.resources import Resources
from mesos_batch.model.saved import ChangeEntry, EndEntry, Entry, OperationEntry
from mesos_batch.volumes import Ledger, read_ledger

FINISHED = OperationState.OPERATION_FINISHED
FAILED = OperationState.OPERATION_FAILED
PENDING = OperationState.OPERATION_PENDING
UNREACHABLE = OperationState.OPERATION_UNREACHABLE
DROPPED = OperationState.OPERATION_DROPPED
RESERVE, UNRESERVE = OperationType.RESERVE, OperationType.UNRESERVE
CREATE, DESTROY = OperationType.CREATE, OperationType.DESTROY

Sent = tuple[OperationType, Resources, OperationState]


@dataclass(frozen=True)
class Step:
    """One change of a run, and the operations that were sent for it."""

    change: Change
    sent: tuple[Sent, ...]
    phase: ChangePhase = ChangePhase.DONE
    agent_id: str = S0


def make(
    reserved: Resources,
    volumes: Resources = NOTHING,
    *,
    agent_id: str = S0,
    reserve: OperationState | None = FINISHED,
    create: OperationState | None = FINISHED,
) -> Step:
    """Reserve and create; ``None`` was never sent."""
    sent: list[Sent] = []
    if reserved and reserve is not None:
        sent.append((RESERVE, reserved, reserve))
    if create is not None:
        sent += [(CREATE, Resources([volume]), create) for volume in volumes]
    wanted = bool(reserved) + len(volumes)
    whole = len(sent) == wanted and all(state is FINISHED for _, _, state in sent)
    change = Change(ChangeKind.MAKE, reserved, volumes, frozenset({agent_id}))
    phase = ChangePhase.DONE if whole else ChangePhase.WAITING
    return Step(change, tuple(sent), phase, agent_id)


def undo(
    reserved: Resources,
    volumes: Resources = NOTHING,
    *,
    agent_id: str = S0,
    destroy: OperationState = FINISHED,
    unreserve: OperationState | None = FINISHED,
    run_id: str | None = None,
) -> Step:
    """Destroy and unreserve, each resource by an operation of its own as the engine does."""
    sent = [(DESTROY, Resources([volume]), destroy) for volume in volumes]
    if unreserve is not None:
        sent += [(UNRESERVE, Resources([item]), unreserve) for item in reserved]
    change = undoing(reserved, volumes, agent_id, run_id)
    return Step(change, tuple(sent), agent_id=agent_id)


def undoing(
    reserved: Resources, volumes: Resources, agent_id: str = S0, run_id: str | None = None
) -> Change:
    """A change that undoes this."""
    return Change(ChangeKind.UNDO, reserved, volumes, frozenset({agent_id}), run_id=run_id)


def forget(
    reserved: Resources, volumes: Resources, agent_id: str, phase: ChangePhase = ChangePhase.DONE
) -> Step:
    change = Change(ChangeKind.FORGET, reserved, volumes, frozenset({agent_id}))
    return Step(change, (), phase, agent_id)


class Kept:
    """The directory of the runs."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self._driven: list[Journal] = []

    def run(self, *steps: Step, master: str = MASTER, state: str = "ended") -> str:
        """A run that did this, and has ended, stopped, or is still driven; gives its id."""
        journal = Journal.create(
            self.state_dir,
            [],
            master=master,
            source="volumes",
            options={},
            changes=[step.change for step in steps],
        )
        entries: list[Entry] = []
        for position, step in enumerate(steps):
            entries += _entries(position, step)
        if state != "driven":
            end = EndEntry(time.time(), ExitCode.FINISHED, final=state == "ended")
            entries.append(end)
        journal.commit(entries)
        if state == "driven":
            self._driven.append(journal)
        else:
            journal.close()
        return journal.run_id

    def resume(self, run_id: str, *steps: Step) -> None:
        """Go on with a run that stopped and do this, which it had planned."""
        with Journal.open(find_run(self.state_dir, run_id).directory) as journal:
            for position, step in enumerate(steps):
                journal.commit(_entries(position, step))

    def ledger(self, of: ClusterView) -> Ledger:
        return read_ledger(of, MASTER, self.state_dir)

    def close(self) -> None:
        for journal in self._driven:
            journal.close()


def _entries(position: int, step: Step) -> list[Entry]:
    change = step.change
    host = f"host{step.agent_id[-1]}"
    entries: list[Entry] = [
        ChangeEntry(position, step.phase, step.agent_id, host, change.reserved, change.volumes)
    ]
    for number, (kind, resources, state) in enumerate(step.sent):
        entries.append(
            OperationEntry(
                position, number, kind, step.agent_id, resources, state, time.time(), f"{number}"
            )
        )
    return entries
