"""What must hold of changes and their operations, whatever breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from faults.change_plan import is_possible
from faults.violation import broken

from mesos_batch.engine import commands as do
from mesos_batch.engine.operation_states import is_race, is_refused_feedback
from mesos_batch.model.change import ChangeKind, ChangePhase
from mesos_batch.model.operation import (
    Operation,
    OperationState,
    OperationStatus,
    OperationType,
)
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.saved import ChangeEntry, EndEntry, OperationEntry

if TYPE_CHECKING:
    from faults.sim_agent import Agent
    from faults.world import World

    from mesos_batch.engine.books import Turn

Key = tuple[int, int]
_FINISHED = OperationState.OPERATION_FINISHED
_AMOUNTS = (OperationType.RESERVE, OperationType.UNRESERVE)


class ChangeRules:
    """Knows which operation of the journal is which of the cluster, and where it was applied."""

    def __init__(self, world: World) -> None:
        self._world = world
        # The operations that were sent, by identity: those without an id are told apart by it.
        self._sent: dict[int, tuple[Operation, Key]] = {}
        self._keys: dict[int, Key] = {}
        self._status: dict[bytes, Key] = {}
        self._where: dict[Key, str] = {}
        self._shown: set[Key] = set()
        self._protected: dict[str, Resources] = {}

    # -- the cluster --------------------------------------------------------------------------

    def taken(self, uuid: int, operation: Operation) -> None:
        """The master takes an operation."""
        if id(operation) in self._sent:
            self._keys[uuid] = self._sent[id(operation)][1]

    def made(self, status_uuid: bytes, uuid: int) -> None:
        """An agent made a status."""
        if uuid in self._keys:
            self._status[status_uuid] = self._keys[uuid]

    def shown(self, applied: frozenset[int]) -> None:
        """A list of agents goes out in which these operations can be seen."""
        self._shown.update(self._keys[uuid] for uuid in applied if uuid in self._keys)

    def applied(self, agent: Agent, uuid: int) -> None:
        """An agent has carried an operation out."""
        key = self._keys.get(uuid)
        if key is None:
            return
        if not agent.operations.total.contains(self._belongs_to_others(agent)):
            self._broken("nothing foreign touched", f"{key} on {agent.agent_id}")
        self._where[key] = agent.agent_id
        change = self._world.journal.changes[key[0]]
        for kinds, limit in (
            (_AMOUNTS, change.reserved),
            ((OperationType.CREATE, OperationType.DESTROY), change.volumes),
        ):
            done = self._really(key[0], *kinds)
            if any(done.milli(name) > limit.milli(name) for name in done.names()):
                self._broken("done once", f"change {key[0]}: {done}, wanted {limit}")

    def refused(self, operation: Operation, error: str) -> None:
        """The master finds an operation wrong, for no fault of the cluster."""
        if id(operation) in self._sent and not is_race(error) and not is_refused_feedback(error):
            self._broken("operations are valid", f"{self._sent[id(operation)][1]}: {error}")

    def _belongs_to_others(self, agent: Agent) -> Resources:
        """What was on an agent before the run and is not to be undone by it."""
        known = self._protected.get(agent.agent_id)
        if known is not None:
            return known
        left = agent.machine.holds
        for change in self._world.plan.changes:
            if change.kind is ChangeKind.UNDO and change.agents == {agent.agent_id} and left:
                under = change.volumes.map(Resource.without_volume)
                left = left - change.volumes - change.reserved.without(under)
        self._protected[agent.agent_id] = left
        return left

    def _really(self, position: int, *kinds: OperationType) -> Resources:
        """What operations of a change have done on agents that are still there."""
        done = Resources()
        for key, agent_id in self._where.items():
            entry = self._world.journal.operations[key]
            if key[0] == position and entry.type in kinds and self._is_there(agent_id):
                done += entry.resources
        return done

    def _is_there(self, agent_id: str) -> bool:
        agent = self._world.agents[agent_id]
        return not agent.dead and agent_id not in self._world.registry.gone

    # -- the engine ---------------------------------------------------------------------------

    def subscribed(self, turn: Turn) -> None:
        """A subscription begins with questions about what is under way."""
        ending = any(isinstance(command, do.Teardown) for command in turn.commands)
        if ending or turn.end is not None:
            return
        asked = {
            operation_id
            for command in turn.commands
            if isinstance(command, do.ReconcileOperations)
            for operation_id, _ in command.operations
        }
        unknown = {e.operation_id for e in self._open() if e.operation_id is not None} - asked
        if unknown:
            self._broken("asks about operations", f"{unknown} are under way, asked {asked}")

    def acknowledged(self, status: OperationStatus, turn: Turn) -> None:
        """What has a uuid is acknowledged each time it comes."""
        uuids = {c.uuid for c in turn.commands if isinstance(c, do.AcknowledgeOperation)}
        if status.uuid is not None and status.uuid not in uuids:
            self._broken("operations acknowledged", str(status))

    def is_open(self, operation_id: str) -> bool:
        """Whether the journal still waits for word of an operation."""
        return any(entry.operation_id == operation_id for entry in self._open())

    def calls(self, command: do.Command) -> None:
        """A call is about to be sent."""
        match command:
            case do.Operate():
                self._operate_allowed(command)
            case do.AcknowledgeOperation():
                key = self._status[command.uuid]
                entry = self._world.journal.operations[key]
                if entry.state is not _FINISHED:
                    self._broken("status journalled first", f"{entry} is acknowledged")

    def _operate_allowed(self, command: do.Operate) -> None:
        journal = self._world.journal
        if journal.framework_id is None:
            self._broken("framework id journalled", f"{command} is sent without it")
        keys = {key for _, key in self._sent.values()}
        sending = set()
        for operation in command.operations:
            entry = next(
                (
                    entry
                    for key, entry in journal.operations.items()
                    if key not in keys | sending
                    and entry.state is OperationState.OPERATION_PENDING
                    and (entry.type, entry.operation_id, entry.agent_id)
                    == (operation.type, operation.operation_id, command.agent_id)
                    and entry.resources == operation.resources
                ),
                None,
            )
            if entry is None:
                self._broken("operation journalled", f"{operation} on {command.agent_id}")
            key = entry.position, entry.number
            sending.add(key)
            self._sent[id(operation)] = operation, key
            change = journal.changes.get(entry.position)
            if change is None or change.agent_id != command.agent_id:
                self._broken("change journalled", f"{operation}: {change}")
        positions = {position for position, _ in sending}
        for entry in self._open():
            if entry.position in positions and (entry.position, entry.number) not in sending:
                self._broken("one operation at a time", f"{command} while {entry} is open")

    def _open(self) -> list[OperationEntry]:
        entries = self._world.journal.operations.values()
        return [entry for entry in entries if not entry.state.is_terminal]

    # -- the journal --------------------------------------------------------------------------

    def written(self, entry: object) -> None:
        """An entry is being committed; the journal holds the one before it."""
        journal = self._world.journal
        if isinstance(entry, OperationEntry):
            key = entry.position, entry.number
            before = journal.operations.get(key)
            seen = entry.operation_id is None and key in self._shown
            if entry.state is _FINISHED and key not in self._where and not seen:
                self._broken("operation finished is true", str(entry))
            if before is not None and before.state is _FINISHED and entry.state is not _FINISHED:
                self._broken("operation ends once", f"{before} becomes {entry}")
        elif isinstance(entry, ChangeEntry):
            last = journal.changes.get(entry.position)
            ended = last is not None and last.phase in (ChangePhase.DONE, ChangePhase.CANCELLED)
            if last is not None and ended and entry.phase is not last.phase:
                self._broken("change ends once", f"{last} becomes {entry}")
            if entry.phase is ChangePhase.DONE:
                self._done(entry)

    def _done(self, entry: ChangeEntry) -> None:
        """The books say that a change is done: its operations make it up exactly."""
        if self._world.plan.changes[entry.position].kind is ChangeKind.FORGET:
            return
        told = {kind: Resources() for kind in OperationType}
        for operation in self._world.journal.operations.values():
            if operation.position == entry.position and operation.state is _FINISHED:
                told[operation.type] += operation.resources
        amounts = told[OperationType.RESERVE] + told[OperationType.UNRESERVE]
        volumes = told[OperationType.CREATE] + told[OperationType.DESTROY]
        if amounts != entry.reserved or volumes != entry.volumes:
            self._broken("done is complete", f"{entry}: {amounts}, {volumes}")
        for position, other in self._world.journal.changes.items():
            changes = self._world.plan.changes
            both = changes[position], changes[entry.position]
            makes = all(change.kind is ChangeKind.MAKE for change in both)
            apart = makes and any(change.apart for change in both)
            same = other.agent_id == entry.agent_id and position != entry.position
            if apart and same and other.agent_id is not None:
                self._broken("apart stays apart", f"{entry} and {other}")

    def all_done(self, rule: str, what: str) -> None:
        """No task may be launched before every change is done."""
        for position in range(len(self._world.plan.changes)):
            entry = self._world.journal.changes.get(position)
            if entry is None or entry.phase is not ChangePhase.DONE:
                self._broken(rule, f"{what} while change {position} is {entry}")

    def all_ended(self, rule: str) -> bool:
        """Every change must have ended; whether one of them failed."""
        failed = False
        for position in range(len(self._world.plan.changes)):
            entry = self._world.journal.changes.get(position)
            if entry is None or entry.phase is ChangePhase.WAITING:
                self._broken(rule, f"change {position} has not ended: {entry}")
            failed |= entry.phase is ChangePhase.FAILED
        return failed

    # -- the end ------------------------------------------------------------------------------

    def judge_end(self, end: EndEntry | None) -> None:
        """Compare what the books say with what the cluster holds."""
        journal, plan = self._world.journal, self._world.plan
        if end is not None and end.final and journal.cancelled is None:
            self.all_done("changes come first", "the run has ended")
        for key, agent_id in self._where.items():
            entry = journal.operations[key]
            # A person was told that it may have taken place.
            unclear = entry.operation_id is None and entry.state is OperationState.OPERATION_FAILED
            known = entry.state is _FINISHED or not entry.state.is_terminal or unclear
            if self._is_there(agent_id) and not known:
                self._broken("nothing orphaned", f"{entry} was applied on {agent_id}")
        for position, entry in journal.changes.items():
            if entry.phase is ChangePhase.DONE and entry.agent_id is not None:
                self._holds(position, entry)
        if not plan.faults and is_possible(plan):
            self.all_done("as planned", "the run has ended")

    def promised_in_vain(self) -> bool:
        """Whether a master showed what its agent never got: tasks may wait for that for ever."""
        return any(
            entry.state is _FINISHED and key not in self._where
            for key, entry in self._world.journal.operations.items()
        )

    def _holds(self, position: int, entry: ChangeEntry) -> None:
        """What was made is there, what was undone is not."""
        operations = [o for k, o in self._world.journal.operations.items() if k[0] == position]
        if entry.agent_id is None or not self._is_there(entry.agent_id):
            return
        if any(operation.operation_id is None for operation in operations):
            return
        total = self._world.agents[entry.agent_id].operations.total
        if self._world.plan.changes[position].kind is ChangeKind.MAKE:
            under = entry.volumes.map(Resource.without_volume)
            if not total.contains(entry.volumes + entry.reserved.without(under)):
                self._broken("made is there", f"{entry}: {total}")
        elif any(total.contains(Resources([volume])) for volume in entry.volumes):
            self._broken("undone is gone", f"{entry}: {total}")

    def _broken(self, rule: str, text: str) -> NoReturn:
        broken(self._world, rule, text)
