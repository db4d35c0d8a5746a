"""What must hold in every run, checked while it happens and at its end.

The oracle sees what was told to the engine, what it wrote and called, and knows the truth about
every process. It knows nothing of how the engine decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from faults.change_rules import ChangeRules
from faults.dependency_rules import DependencyRules
from faults.patience import Patience
from faults.reports import Reports
from faults.sim_executors import is_anchor
from faults.trace import short
from faults.truth import check_as_planned, check_attempts, check_exit_code, check_processes
from faults.violation import broken
from faults.written import ORDER, Written

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.change import ChangePhase
from mesos_batch.model.facts import Phase
from mesos_batch.model.saved import CancelEntry
from mesos_batch.model.state import TaskState

if TYPE_CHECKING:
    from faults.messages import Process
    from faults.world import World

    from mesos_batch.engine.books import Turn
    from mesos_batch.engine.scheduler import BatchScheduler
    from mesos_batch.model.saved import EndEntry
    from mesos_batch.model.snapshot import RunSnapshot
    from mesos_batch.model.status import TaskStatus

ALIVE = (TaskState.TASK_STAGING, TaskState.TASK_STARTING, TaskState.TASK_RUNNING)
# Tasks of ours that are in no book are found by the reconciliation every quarter of an hour.
LONG_ENOUGH = 2000.0
_LITTLE = 1e-6


class Oracle:
    """Judges one run. ``attempts`` are those a launch was sent for, by task id."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.reports = Reports(world)
        self.changes = ChangeRules(world)
        self.dependencies = DependencyRules(world.plan)
        self.written = Written(world, self.reports, self.changes)
        self.attempts: dict[str, tuple[int, int]] = {}
        self._updates: dict[bytes, tuple[str, TaskState]] = {}
        self._ends_told: Counter[str] = Counter()
        self._requeued_until: dict[str, float] = {}
        self._cancelled: ExitCode | None = None
        # The shared executors the present process began.
        self._executors: set[str] = set()
        self._patience = Patience(self.reports.is_over, self.changes.is_open)

    # -- the cluster --------------------------------------------------------------------------

    def forks(self, attempt_id: str, agent_id: str) -> None:
        """A process begins."""
        if attempt_id in self._world.processes:
            self._broken("attempt runs once", f"{attempt_id} runs a second time, on {agent_id}")

    def made(self, uuid: bytes, attempt_id: str, state: TaskState) -> None:
        """An agent made an update."""
        self._updates[uuid] = attempt_id, state

    def refused(self, attempt_id: str, error: str) -> None:
        """The master finds a task invalid."""
        self._broken("tasks are valid", f"the master refuses {attempt_id}: {error}")

    def idle(self, executor_id: str, since: float) -> None:
        """A shared executor without tasks lived until its anchor had slept its fill."""
        process = self._world.process
        if executor_id not in self._executors or process is None or process.stalled_until > since:
            # Whoever began it is no more, or could do nothing.
            return
        undisturbed = self._world.clock.now - since
        self._broken("idle pools end", f"{executor_id} is idle for {undisturbed:.0f} s")

    def exits(self, process: Process, exit_status: int | None) -> None:
        """A process ends; one that counts for nothing must not go on to its own end."""
        world = self._world
        over_at = self.written.over_at.get(process.attempt_id)
        if exit_status is None or over_at is None or world.master is None:
            return
        undisturbed = world.clock.now - max(over_at, world.disturbed_at)
        known = world.master.agents.get(process.agent_id)
        if undisturbed > LONG_ENOUGH and known is not None and process.attempt_id in known.tasks:
            self._broken("superseded die", f"{process} was given up {undisturbed:.0f} s ago")

    # -- the engine ---------------------------------------------------------------------------

    def restored(self, snapshot: RunSnapshot) -> None:
        """The engine was made from the journal."""
        self.dependencies.begin(self._world.journal)
        for position, view in enumerate(snapshot.tasks):
            entry = self._world.journal.tasks.get(position)
            known = (Phase.WAITING, 0) if entry is None else (entry.phase, entry.launches)
            if known != (view.phase, view.launches):
                text = f"{view.spec.task_id} was {known}, is {(view.phase, view.launches)}"
                self._broken("restored as written", text)
        for position, change in enumerate(snapshot.changes):
            written = self._world.journal.changes.get(position)
            phase = ChangePhase.WAITING if written is None else written.phase
            if phase is ChangePhase.FAILED and self._world.journal.cancelled is None:
                phase = ChangePhase.WAITING
            if phase is not change.phase:
                text = f"change {position} was {written}, is {change.phase}"
                self._broken("restored as written", text)

    def turn(self, event: ev.Event, turn: Turn) -> None:
        """Look at a turn before any of it is done."""
        self._trace(event, turn)
        if any(self._is_cancelled(command) for command in turn.commands):
            self._broken("no launch after cancel", f"{event} leads to an ACCEPT")
        for entry in turn.entries:
            if isinstance(entry, CancelEntry):
                self._cancelled = entry.exit_code
        for rule, text in self.dependencies.turn(turn):
            self._broken(rule, text)
        for item in turn.facts:
            if isinstance(item, fact.TaskRequeued):
                self._requeued_until[item.task_id] = item.at + item.delay
        self._hear(event, turn)
        for command in turn.commands:
            self._patience.calls(command, self._world.clock.now)
        for rule, text in self._patience.overdue(self._world.clock.now):
            self._broken(rule, text)

    def _is_cancelled(self, command: do.Command) -> bool:
        """Whether a run that is cancelled sends this no more; one that failed runs some tasks."""
        if self._cancelled is ExitCode.TASK_FAILED and isinstance(command, do.Launch):
            return any(not task.spec.always for task in command.tasks)
        return self._cancelled is not None and isinstance(command, do.Launch | do.Operate)

    def _hear(self, event: ev.Event, turn: Turn) -> None:
        """What must follow from an event in the same turn."""
        match event:
            case ev.Subscribed():
                self._patience.begin_anew()
                self._reconciled(turn)
                self.changes.subscribed(turn)
            case ev.ConnectionLost() | ev.FrameworkRemoved():
                self._patience.begin_anew()
            case ev.OffersArrived():
                self._offers_answered(event, turn)
            case ev.OperationUpdateArrived():
                self.changes.acknowledged(event.status, turn)
            case ev.UpdateArrived():
                self._patience.heard_of(event.status.task_id)
                self._superseded_killed(event.status, turn)

    def calls(self, command: do.Command) -> None:
        """A call is about to be sent: what it follows from must be on disk."""
        self.changes.calls(command)
        match command:
            case do.Launch():
                self.changes.all_done("changes come first", f"{command} is sent")
                if command.executor is not None:
                    self._executors.add(command.executor.executor_id)
                for launch in command.tasks:
                    self._launch_allowed(command, launch)
            case do.Acknowledge():
                self._acknowledge_allowed(command)
            case do.Teardown():
                self.written.all_ended("teardown last")

    def told(self, facts: Iterable[fact.Fact]) -> None:
        """The faces are told."""
        for item in facts:
            if isinstance(item, fact.TaskEnded):
                self._ends_told[item.task_id] += 1
                if self._ends_told[item.task_id] > 1:
                    self._broken("ends once", f"{item.task_id} is told to have ended again")

    def ends(self, end: EndEntry, engine: BatchScheduler, *, connected: bool) -> None:
        """The engine has ended by its own decision."""
        if end.final and connected and engine.framework_id is not None:
            self._broken("torn down", f"{end} leaves framework {engine.framework_id} behind")

    def stalled(self) -> None:
        """The engine could do nothing for a while."""
        self._patience.begin_anew()

    def life_ended(self) -> None:
        """The process is gone; what it did not write is forgotten."""
        cancelled = self._world.journal.cancelled
        self._cancelled = None if cancelled is None else cancelled.exit_code
        self._patience.begin_anew()
        self._requeued_until.clear()
        self._executors.clear()

    # -- rules --------------------------------------------------------------------------------

    def _offers_answered(self, event: ev.OffersArrived, turn: Turn) -> None:
        answered: Counter[str] = Counter()
        for command in turn.commands:
            if isinstance(command, do.Launch | do.Operate | do.Decline):
                answered.update(command.offer_ids)
        held = Counter(offer.offer_id for offer in event.offers)
        if answered != held:
            self._broken("offers answered", f"held {sorted(held)}, answered {answered}")

    def _reconciled(self, turn: Turn) -> None:
        """A subscription with tasks in the cluster begins with questions about all of them."""
        journal = self._world.journal
        ending = any(isinstance(command, do.Teardown) for command in turn.commands)
        if journal.framework_id is None or ending or turn.end is not None:
            return
        asked = {command.tasks for command in turn.commands if isinstance(command, do.Reconcile)}
        active = {
            self.reports.name((position, entry.launches))
            for position, entry in journal.tasks.items()
            if entry.phase.is_active
        }
        explicit = {attempt_id for tasks in asked for attempt_id, _ in tasks}
        if active and (() not in asked or not active <= explicit):
            self._broken("reconciles", f"{active} are active, asked about {asked}")

    def _superseded_killed(self, status: TaskStatus, turn: Turn) -> None:
        if is_anchor(status.task_id):
            return
        over = self.reports.is_over(status.task_id)
        if status.state not in ALIVE or not over or turn.end is not None:
            return
        killed = {c.task_id for c in turn.commands if isinstance(c, do.Kill)}
        if status.task_id not in killed:
            self._broken("superseded killed", f"{status.task_id} is {status.state} and left alone")

    def _launch_allowed(self, command: do.Launch, launch: do.TaskLaunch) -> None:
        journal = self._world.journal
        position, number = launch.position, launch.attempt
        if journal.framework_id is None:
            self._broken("framework id journalled", f"{launch.task_id} is launched without it")
        if launch.task_id in self.attempts:
            self._broken("launched once", f"{launch.task_id} is launched again")
        self.attempts[launch.task_id] = position, number
        intent = journal.attempts.get((position, number))
        task = journal.tasks.get(position)
        if (
            intent is None
            or intent.agent_id != command.agent_id
            or intent.phase.is_end
            or task is None
            or task.launches != number
            or not task.phase.is_active
        ):
            self._broken("intent journalled", f"{launch.task_id}: {task}, {intent}")
        own = launch.spec.task_id
        if self._world.clock.now < self._requeued_until.get(own, 0.0) - _LITTLE:
            self._broken("retries wait", f"{launch.task_id} comes too early")
        for rule, text in self.dependencies.launch(journal, position):
            self._broken(rule, text)
        earlier = journal.attempts.get((position, number - 1))
        if number > 1 and (earlier is None or not earlier.phase.is_end):
            self._broken("one attempt at a time", f"{launch.task_id} while {earlier} is open")

    def _acknowledge_allowed(self, command: do.Acknowledge) -> None:
        attempt_id, state = self._updates[command.uuid]
        if is_anchor(attempt_id):
            return
        key = self.attempts[attempt_id]
        entry = self._world.journal.attempts.get(key)
        if entry is None:
            self._broken("journalled first", f"{attempt_id} is acknowledged, never written")
        if not entry.phase.is_end:
            if state.is_terminal or ORDER[state] > self.written.reached.get(key, 0):
                self._broken("journalled first", f"{attempt_id} {state} is not in {entry}")
        elif state.is_terminal and not self.reports.is_called(state, command.uuid, entry.phase):
            self._broken("said as it was", f"{attempt_id} {state} became {entry}")

    # -- the end ------------------------------------------------------------------------------

    def judge_end(self) -> None:
        """The run is over and everybody has been told: compare the books with the truth."""
        world = self._world
        self.changes.judge_end(world.journal.end)
        for rule, text in (
            *check_attempts(
                world.journal, world.plan, self.attempts, world.processes, world.casualties
            ),
            *check_exit_code(world.journal, world.plan),
            *self.dependencies.judge_end(world.journal),
            *check_processes(world),
            *check_as_planned(world.journal, world.plan, world.casualties),
        ):
            self._broken(rule, text)

    def _trace(self, event: ev.Event, turn: Turn) -> None:
        world = self._world
        if world.trace is None:
            return
        if not isinstance(event, ev.TimePassed):
            world.log("-> engine", "%s", short(event))
        for entry in turn.entries:
            world.log("journal", "%s", short(entry))
        for command in turn.commands:
            world.log("engine ->", "%s", short(command))

    def _broken(self, rule: str, text: str) -> NoReturn:
        broken(self._world, rule, text)
