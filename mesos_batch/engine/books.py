"""Everything the engine remembers, and the turn it is writing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.engine import commands as do
from mesos_batch.engine.agents import Agents
from mesos_batch.engine.changes import Changes
from mesos_batch.engine.health import AgentHealth
from mesos_batch.engine.offers_wanted import OffersWanted
from mesos_batch.engine.pools import Pools
from mesos_batch.engine.reconcile import Reconciliation
from mesos_batch.engine.tasks import Tasks
from mesos_batch.engine.timers import Timers
from mesos_batch.engine.waiting import Waiting
from mesos_batch.errors import ExitCode
from mesos_batch.model.dependencies import Dependencies
from mesos_batch.model.snapshot import OfferCounts

if TYPE_CHECKING:
    from mesos_batch.engine.changes import ChangeRecord
    from mesos_batch.engine.commands import Command
    from mesos_batch.engine.policy import Policy
    from mesos_batch.engine.tasks import TaskRecord
    from mesos_batch.model.change import Change
    from mesos_batch.model.facts import Fact
    from mesos_batch.model.saved import EndEntry, Entry
    from mesos_batch.model.task import TaskSpec


@dataclass(slots=True)
class Turn:
    """What one event led to.

    ``entries`` must be on disk before the first of ``commands`` is sent, in order; ``end`` is
    written after the last one; then ``facts`` may be told.
    """

    entries: list[Entry] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    end: EndEntry | None = None


class Books:
    """The state of a run. Times are seconds; ``now`` is the time of the present event."""

    def __init__(
        self,
        tasks: Sequence[TaskSpec],
        policy: Policy,
        now: float,
        changes: Sequence[Change] = (),
    ) -> None:
        self.policy = policy
        self.now = now
        self.started_at = now
        self.turn = Turn()
        self.tasks = Tasks(tasks)
        self.changes = Changes(changes)
        self.waiting = Waiting()
        self.dependencies = Dependencies(tasks)
        # Tasks that ended, and whose end has not been told to those that depend on them.
        self.ended: deque[TaskRecord] = deque()
        self.agents = Agents(policy.role)
        self.health = AgentHealth()
        self.pools = Pools(self, tasks)
        self.offers_wanted = OffersWanted(policy.revive_interval)
        self.reconciliation = Reconciliation()
        self.timers: Timers[tuple[str, int]] = Timers()
        self.connected = False
        # Whether nothing waits to be heard: only then silence means something.
        self.idle = True
        # Until then answers to what was asked after a break are on their way.
        self.answers_by = 0.0
        self.agents_back_at = now
        self._questions = 0
        self._asked_for_agents: dict[int, float] = {}
        self.master: str | None = None
        self.framework_id: str | None = None
        self.offers_seen = False
        self.restart_losses = 0
        self.cancel_code: ExitCode | None = None
        # Whether a task failed, and nothing more is to be launched because of that.
        self.stopping = False
        self.exit_code: ExitCode | None = None
        # Why the run stops before its tasks were launched; it can be resumed.
        self.halted: str | None = None
        self.message: str | None = None
        self.offers = OfferCounts()
        # Why the task whose turn is next does not start.
        self.why_waiting: str | None = None
        self._changed: dict[int, TaskRecord] = {}

    @property
    def cancelling(self) -> bool:
        """Whether the run is to end before its time."""
        return self.cancel_code is not None

    def cancels(self, record: TaskRecord) -> bool:
        """Whether a task is to end before its time; a run that failed spares ``always`` tasks."""
        if self.cancel_code is ExitCode.TASK_FAILED:
            return not record.spec.always
        return self.cancelling

    def launches_no_more(self, record: TaskRecord) -> bool:
        """Whether a task will not be launched again, whatever becomes of its attempt."""
        return self.cancels(record) or (self.stopping and not record.spec.always)

    @property
    def all_ended(self) -> bool:
        """Whether every task and every change has come to its end."""
        return self.tasks.all_ended and self.changes.all_ended

    def list_agents(self) -> None:
        """Ask the master for its agents."""
        self._questions += 1
        self._asked_for_agents[self._questions] = self.now
        self.send(do.ListAgents(self._questions))

    def listing_asked_at(self, number: int | None) -> float | None:
        """When a list of agents was asked for; ``None`` when its answer is out of date."""
        if number is None:
            return self.now
        at = self._asked_for_agents.get(number)
        self._asked_for_agents = {n: t for n, t in self._asked_for_agents.items() if n > number}
        return at

    def relist_agents(self) -> None:
        """What the agents have was changed: believe no list that was asked for before."""
        self._asked_for_agents.clear()
        self.agents.relist()
        if self.connected:
            self.list_agents()

    def tell(self, fact: Fact) -> None:
        """Add a fact to the turn."""
        self.turn.facts.append(fact)

    def send(self, command: Command) -> None:
        """Add a call to the turn."""
        self.turn.commands.append(command)

    def save(self, entry: Entry) -> None:
        """Add an entry to the turn."""
        self.turn.entries.append(entry)

    def save_change(self, record: ChangeRecord) -> None:
        """Add a change as it is now to the turn."""
        self.save(record.entry())
        self.changes.show(record)

    def note_end(self, record: TaskRecord) -> None:
        """Have the end of a task told to those that depend on it, where there are any."""
        if self.dependencies.exist:
            self.ended.append(record)

    def changed(self, record: TaskRecord) -> None:
        """Save a task and its latest attempt as they are at the end of the turn."""
        self._changed[record.position] = record

    def save_changed(self) -> None:
        """Write the entries of the tasks and agents that changed in this turn."""
        self.turn.entries.extend(self.agents.news())
        for record in self._changed.values():
            self.save(record.task_entry())
            if record.launches:
                self.save(record.attempt_entry())
        self._changed.clear()
