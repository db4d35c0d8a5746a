"""The ledger: what the runs of this user made on clusters and have not undone, by their journals.

Every operation is in the journal of its run before it is sent. The ledger is all of them in the
order they were sent, added up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch import journal
from mesos_batch.config.masters import LOCAL
from mesos_batch.errors import JournalError
from mesos_batch.journal import RunInfo, RunState
from mesos_batch.model.change import ChangeKind, ChangePhase, ChangeView, volume_ids
from mesos_batch.model.operation import OperationState, OperationType
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import Resources

if TYPE_CHECKING:
    from mesos_batch.model.cluster import AgentState, ClusterView
    from mesos_batch.model.saved import OperationEntry


@dataclass(slots=True, eq=False)
class Holding:
    """What one change of a run holds on an agent.

    ``reserved`` is reserved and not part of a volume, ``volumes`` were created; ``maybe`` are
    operations nobody has heard of: they may have taken place. ``complete`` is whether the change
    came to its end as planned, ``planned`` which volumes it was to create. ``begun_at`` is when
    the run began, in seconds since the epoch.
    """

    run_id: str
    run_state: RunState
    agent_id: str
    hostname: str
    reserved: Resources = field(default_factory=Resources)
    volumes: Resources = field(default_factory=Resources)
    maybe: list[OperationEntry] = field(default_factory=list)
    complete: bool = True
    planned: tuple[str, ...] = ()
    begun_at: float = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is held."""
        return not (self.reserved or self.volumes or self.maybe)

    def perhaps(self, kind: OperationType) -> Resources:
        """What operations of this type may have done."""
        parts = (operation.resources for operation in self.maybe if operation.type is kind)
        return sum(parts, Resources())

    @property
    def left_over(self) -> bool:
        """Whether the change stopped halfway and nobody is at it."""
        return not self.complete and self.run_state is not RunState.RUNNING


@dataclass(slots=True)
class Ledger:
    """All holdings; ``unreadable`` says which journals could not be read and why.

    ``half_undone`` are changes that were to undo something, did a part of it and stopped.
    """

    holdings: list[Holding] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    half_undone: list[ChangeView] = field(default_factory=list)

    def on(self, agent_id: str) -> list[Holding]:
        """The holdings on an agent."""
        return [holding for holding in self.holdings if holding.agent_id == agent_id]

    def of_run(self, run_id: str) -> list[Holding]:
        """The holdings of a run."""
        return [holding for holding in self.holdings if holding.run_id == run_id]

    def with_volume(self, agent_id: str, volume: Resource) -> Holding | None:
        """The holding a volume is part of."""
        one = Resources([volume])
        return next((h for h in self.on(agent_id) if h.volumes.contains(one)), None)

    def naming(self, volume_id: str) -> list[Holding]:
        """The holdings with a volume of this id."""
        return [
            holding
            for holding in self.holdings
            if volume_id in volume_ids(holding.volumes)
            or any(volume_id in volume_ids(op.resources) for op in holding.maybe)
        ]


def read_ledger(cluster: ClusterView | None, master: str, state_dir: Path | None = None) -> Ledger:
    """Read the journals of all runs on this cluster, or of all runs where none is given.

    ``master`` is the address the user gave; a run on an agent of the cluster counts too, whatever
    its master was called.

    Raises:
        JournalError: the directory of the runs cannot be read.
    """
    infos = [it for it in reversed(journal.list_runs(state_dir)) if it.master != LOCAL]
    ledger = Ledger()
    events: list[_Event] = []
    for info in infos:
        if info.state is RunState.UNREADABLE:
            ledger.unreadable.append(f"run {info.run_id}: {info.message}")
        elif info.changes:
            try:
                events += _events_of(info, ledger)
            except JournalError as error:
                ledger.unreadable.append(f"run {info.run_id}: {error.message}")
    for event in sorted(events, key=lambda event: event.at):
        event.count()
    for view in ledger.half_undone:
        _leave(ledger, view)
    here = {info.run_id for info in infos if info.master == master}
    ledger.holdings = [
        holding
        for holding in ledger.holdings
        if not holding.is_empty
        and (cluster is None or holding.run_id in here or _is_of(cluster, holding.agent_id))
    ]
    return ledger


def unclaimed(agent: AgentState, ledger: Ledger, ids: Sequence[str]) -> Resources:
    """What an agent has reserved beside volumes, but for what other runs of ours hold there.

    Those of which a run was to create one of the volumes ``ids`` are no others.
    """
    plain = agent.total.reserved().beside_volumes()
    for holding in ledger.on(agent.agent_id):
        if not set(ids) & set(holding.planned):
            plain = plain.without(holding.reserved)
    return plain


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that adds to the ledger or takes from it, and when it was begun."""

    at: float
    count: Callable[[], None]


def _is_of(cluster: ClusterView, agent_id: str) -> bool:
    """Whether an agent is, or was, one of this cluster: its id begins with that of a master."""
    known = {agent.agent_id for agent in cluster.agents} | set(cluster.recovering)
    masters = {other.rpartition("-")[0] for other in known}
    return agent_id in known or agent_id.rpartition("-")[0] in masters


def _events_of(info: RunInfo, ledger: Ledger) -> Iterator[_Event]:
    """What a run did for certain; what it may have done is in its holdings at once."""
    views = journal.read_changes(info.directory)
    for view in views:
        if view.change.kind is ChangeKind.FORGET and view.phase is ChangePhase.DONE:
            yield _Event(info.created_at, partial(_write_off, ledger, view))
        if _is_half_undone(view) and info.state is not RunState.RUNNING:
            ledger.half_undone.append(view)
    holdings: dict[tuple[int, str], Holding] = {}
    for operation in journal.read_operations(info.directory):
        view, holding = views[operation.position], None
        if view.change.kind is ChangeKind.MAKE:
            key = operation.position, operation.agent_id
            if key not in holdings:
                holdings[key] = _new_holding(info, view, operation.agent_id)
                ledger.holdings.append(holdings[key])
            holding = holdings[key]
        if operation.state is OperationState.OPERATION_FINISHED:
            count = partial(_count, ledger, operation, holding, view.change.run_id)
            yield _Event(operation.sent_at, count)
        elif not operation.state.is_terminal and holding is not None:
            holding.maybe.append(operation)


def _new_holding(info: RunInfo, view: ChangeView, agent_id: str) -> Holding:
    return Holding(
        run_id=info.run_id,
        run_state=info.state,
        agent_id=agent_id,
        hostname=view.hostname or agent_id,
        complete=view.phase is ChangePhase.DONE,
        planned=tuple(volume_ids(view.volumes)),
        begun_at=info.created_at,
    )


def _count(
    ledger: Ledger, operation: OperationEntry, holding: Holding | None, undone: str | None
) -> None:
    """Add one operation up; what is undone leaves the holding that had it.

    Of holdings that have the same it leaves those of the run that is ``undone``.
    """
    mine = ledger.on(operation.agent_id)
    mine.sort(key=lambda other: (other is not holding, other.run_id != undone))
    match operation.type:
        case OperationType.RESERVE if holding is not None:
            holding.reserved += operation.resources
        case OperationType.CREATE if holding is not None:
            _take(mine, operation.resources.map(Resource.without_volume))
            holding.volumes += operation.resources
        case OperationType.DESTROY:
            for other in mine:
                gone = other.volumes.found_in(operation.resources)
                other.volumes = other.volumes.without(gone)
                dynamic = gone.filter(lambda volume: volume.is_dynamically_reserved)
                other.reserved += dynamic.map(Resource.without_volume)
        case OperationType.UNRESERVE:
            _take(mine, operation.resources)


def _take(holdings: Iterable[Holding], resources: Resources) -> None:
    """Take reserved resources from the holdings that have them, the first ones first."""
    left = resources
    for holding in holdings:
        part = holding.reserved.common(left)
        holding.reserved = holding.reserved.without(part)
        left = left.without(part)


def _is_half_undone(view: ChangeView) -> bool:
    began = any(op.state is OperationState.OPERATION_FINISHED for op in view.operations)
    return view.change.kind is ChangeKind.UNDO and view.phase is not ChangePhase.DONE and began


def _leave(ledger: Ledger, view: ChangeView) -> None:
    """What was to be undone and is still held was left halfway."""
    change = view.change
    for holding in ledger.on(view.agent_id or ""):
        touched = holding.reserved.common(change.reserved) or holding.volumes.found_in(
            change.volumes
        )
        if touched and change.run_id in (None, holding.run_id):
            holding.complete = False


def _write_off(ledger: Ledger, view: ChangeView) -> None:
    """Leave out what was on an agent that is gone for good."""
    gone = view.change
    for holding in [it for agent_id in gone.agents or () for it in ledger.on(agent_id)]:
        if gone.run_id not in (None, holding.run_id):
            continue
        holding.volumes = holding.volumes.without(gone.volumes)
        holding.reserved = holding.reserved.without(gone.reserved)
        holding.maybe = [
            operation
            for operation in holding.maybe
            if not (gone.volumes + gone.reserved).contains(operation.resources)
        ]
