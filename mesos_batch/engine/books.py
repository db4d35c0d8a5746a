"""Everything the engine remembers, and the turn it is writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.engine.agents import Agents
from mesos_batch.engine.offers_wanted import OffersWanted
from mesos_batch.engine.reconcile import Reconciliation
from mesos_batch.engine.tasks import Tasks
from mesos_batch.engine.timers import Timers
from mesos_batch.engine.waiting import Waiting

if TYPE_CHECKING:
    from mesos_batch.engine.commands import Command
    from mesos_batch.engine.policy import Policy
    from mesos_batch.errors import ExitCode
    from mesos_batch.model.facts import Fact
    from mesos_batch.model.task import TaskSpec


@dataclass(slots=True)
class Turn:
    """What one event led to: calls to make, in order, and facts to tell."""

    commands: list[Command] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


class Books:
    """The state of a run. Times are seconds; ``now`` is the time of the present event."""

    def __init__(self, tasks: Sequence[TaskSpec], policy: Policy, now: float) -> None:
        self.policy = policy
        self.now = now
        self.started_at = now
        self.turn = Turn()
        self.tasks = Tasks(tasks)
        self.waiting = Waiting()
        for record in self.tasks.records:
            self.waiting.push(record.position, record.spec)
        self.agents = Agents(policy.role)
        self.offers_wanted = OffersWanted()
        self.reconciliation = Reconciliation()
        self.timers: Timers[tuple[str, int]] = Timers()
        self.connected = False
        self.master: str | None = None
        self.framework_id: str | None = None
        self.offers_seen = False
        self.cancel_code: ExitCode | None = None
        self.exit_code: ExitCode | None = None
        self.message: str | None = None

    @property
    def cancelling(self) -> bool:
        """Whether the user wants the run to end."""
        return self.cancel_code is not None

    def tell(self, fact: Fact) -> None:
        """Add a fact to the turn."""
        self.turn.facts.append(fact)

    def send(self, command: Command) -> None:
        """Add a call to the turn."""
        self.turn.commands.append(command)
