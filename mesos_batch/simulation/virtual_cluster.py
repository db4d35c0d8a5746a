"""A master and its agents as the engine sees them, in virtual time: events out, commands in.

Every task does what is expected of it: ``start_seconds`` after its launch it runs, after its
duration it has finished. What a master decides is as Mesos decides it: offers come in rounds every
``allocation_interval`` seconds, and at once after a subscription and a REVIVE; what a task frees
waits for the next of these. There are no other frameworks, and calls and events take no time.
Neither changes of reservations and volumes nor shared executors are simulated.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.model.offer import Offer, attribute_texts
from mesos_batch.model.state import TaskState
from mesos_batch.model.status import Source, TaskStatus
from mesos_batch.simulation.virtual_agent import AgentBooks, Layout

if TYPE_CHECKING:
    from mesos_batch.simulation.virtual_agent import Amount, VirtualAgent

FRAMEWORK_ID = "virtual"
MASTER = "virtual time"
# Mesos' defaults, src/master/constants.hpp.
ALLOCATION_INTERVAL = 1.0
_A_MOMENT = 1e-9
_FINISHED = "Command exited with status 0"
_KILLED = "Command terminated with signal Terminated"


@dataclass(slots=True, eq=False)
class _Task:
    """An attempt that an agent holds."""

    task_id: str
    agent: AgentBooks
    held: Amount
    duration: float
    state: TaskState = TaskState.TASK_STAGING


class VirtualCluster:
    """A cluster for one framework, which it takes to have subscribed.

    :meth:`next_time` says when something happens and :meth:`take` what; :meth:`call` answers it.
    ``durations`` are seconds by position in the task list. Times are seconds and never go back.
    """

    def __init__(
        self,
        agents: Sequence[VirtualAgent],
        durations: Sequence[float],
        now: float,
        *,
        start_seconds: float = 0.0,
        allocation_interval: float = ALLOCATION_INTERVAL,
        role: str = "*",
    ) -> None:
        self._durations = durations
        self._start_seconds = start_seconds
        self._interval = allocation_interval
        self._role = role
        self._begin = now
        self._agents = _with_layouts(agents, role)
        self._by_id = {books.agent.agent_id: books for books in self._agents}
        self._offers: dict[str, tuple[AgentBooks, Amount]] = {}
        self._tasks: dict[str, _Task] = {}
        # What the framework hears next; an allocation is made when its turn comes.
        self._ready: deque[ev.Event | Callable[[float], ev.Event | None]] = deque()
        self._ready_at = now
        self._later: list[tuple[float, int, _Task]] = []
        self._round_at: float | None = None
        self._suppressed = False
        self._count = 0
        self._commands: dict[type, Callable[[Any, float], None]] = {
            do.Launch: self._launch,
            do.Decline: self._decline,
            do.Kill: self._kill,
            do.Reconcile: self._reconcile,
            do.Suppress: self._suppress,
            do.Revive: self._revive,
            do.ListAgents: self._list_agents,
            do.Teardown: self._tear_down,
            do.Acknowledge: _ignore,
        }
        self._ready += [ev.Subscribed(FRAMEWORK_ID, MASTER), self._allocate]

    @property
    def active(self) -> int:
        """How many tasks agents hold."""
        return len(self._tasks)

    def next_time(self) -> float | None:
        """When something happens next; ``None`` when nothing will unless the framework acts."""
        if self._ready:
            return self._ready_at
        later = self._later[0][0] if self._later else None
        if later is None or (self._round_at is not None and self._round_at < later):
            return self._round_at
        return later

    def take(self, now: float) -> ev.Event | None:
        """What happens at this time, which :meth:`next_time` gave; ``None`` for nothing to hear."""
        if self._ready:
            happened = self._ready.popleft()
            return happened(now) if callable(happened) else happened
        if self._round_at is not None and self._round_at <= now:
            return self._allocate(now)
        return self._go_on(heapq.heappop(self._later)[2], now)

    def call(self, command: do.Command, now: float) -> None:
        """Take a call of the framework.

        Raises:
            TypeError: the call is about reservations or volumes.
            ValueError: more is launched than was offered.
        """
        carry_out = self._commands.get(type(command))
        if carry_out is None:
            raise TypeError(f"{type(command).__name__} is not simulated")
        carry_out(command, now)

    # --- offers ----------------------------------------------------------------------------

    def _allocate(self, now: float) -> ev.Event | None:
        """Offer everything free that no filter keeps back, all of it to the one framework."""
        self._round_at = None
        if self._suppressed:
            return None
        offers: list[Offer] = []
        for books in self._agents:
            if not books.layout.is_allocatable(books.free):
                continue
            blocked = books.blocked_until(now)
            if blocked is not None:
                self._wake(blocked, now)
                continue
            amount, resources = books.take_all()
            self._count += 1
            offer_id = f"O{self._count}"
            self._offers[offer_id] = books, amount
            agent = books.agent
            offers.append(
                Offer(
                    offer_id,
                    agent.agent_id,
                    agent.hostname,
                    resources,
                    role=self._role,
                    attributes=agent.attributes,
                )
            )
        return ev.OffersArrived(tuple(offers)) if offers else None

    def _wake(self, at: float, now: float) -> None:
        """Let the first round at this time or later look at what is free."""
        rounds = math.ceil((at - self._begin) / self._interval - _A_MOMENT)
        due = self._begin + rounds * self._interval
        if due <= now:
            due += self._interval
        if self._round_at is None or due < self._round_at:
            self._round_at = due

    def _give_back(self, books: AgentBooks, left: Amount, refuse: float, now: float) -> None:
        """Recover what of an offer was not used; it is refused for so many seconds."""
        books.free = books.free + left
        until = now
        if refuse > 0 and left:
            # A filter shorter than an interval lasts an interval.
            until = now + max(refuse, self._interval)
            books.filters.append((left, until))
        self._wake(until, now)

    def _decline(self, command: do.Decline, now: float) -> None:
        for offer_id in command.offer_ids:
            books, offered = self._offers.pop(offer_id)
            self._give_back(books, offered, command.refuse_seconds, now)

    def _suppress(self, _command: do.Suppress, _now: float) -> None:
        self._suppressed = True

    def _revive(self, _command: do.Revive, now: float) -> None:
        self._suppressed = False
        for books in self._agents:
            books.filters.clear()
        self._soon(self._allocate, now)

    # --- tasks -----------------------------------------------------------------------------

    def _launch(self, command: do.Launch, now: float) -> None:
        """ACCEPT with LAUNCH: start the tasks, recover the rest."""
        if command.executor is not None:
            raise TypeError("executors that tasks share are not simulated")
        books = self._by_id[command.agent_id]
        left: Amount | None = None
        for offer_id in command.offer_ids:
            offered = self._offers.pop(offer_id)[1]
            left = offered if left is None else left + offered
        if left is None:
            raise ValueError("a launch without an offer")
        for launch in command.tasks:
            held = books.layout.amount(launch.resources)
            executor = launch.spec.executor_resources
            if executor is not None:
                held = held + books.layout.amount(executor)
            left = left - held
            task = _Task(launch.task_id, books, held, self._durations[launch.position])
            self._tasks[task.task_id] = task
            self._at(now + self._start_seconds, task)
        self._give_back(books, left, command.refuse_seconds, now)

    def _go_on(self, task: _Task, now: float) -> ev.Event | None:
        """Let a task come to its next state."""
        if self._tasks.get(task.task_id) is not task:
            return None
        if task.state is TaskState.TASK_STAGING:
            task.state = TaskState.TASK_RUNNING
            self._at(now + task.duration, task)
            self._soon(self._update(task, TaskState.TASK_RUNNING, now), now)
            return self._update(task, TaskState.TASK_STARTING, now)
        self._free(task, now)
        return self._update(task, TaskState.TASK_FINISHED, now, _FINISHED)

    def _kill(self, command: do.Kill, now: float) -> None:
        task = self._tasks.get(command.task_id)
        if task is not None:
            self._free(task, now)
            self._soon(self._update(task, TaskState.TASK_KILLED, now, _KILLED), now)

    def _free(self, task: _Task, now: float) -> None:
        """Give back what a task held; Mesos offers it with the next round, not at once."""
        del self._tasks[task.task_id]
        task.agent.free = task.agent.free + task.held
        self._wake(now, now)

    def _update(
        self, task: _Task, state: TaskState, now: float, message: str | None = None
    ) -> ev.UpdateArrived:
        self._count += 1
        status = TaskStatus(
            task.task_id,
            state,
            agent_id=task.agent.agent.agent_id,
            message=message,
            source=Source.SOURCE_EXECUTOR,
            uuid=self._count.to_bytes(16, "big"),
            timestamp=now,
        )
        return ev.UpdateArrived(status)

    def _reconcile(self, command: do.Reconcile, now: float) -> None:
        """Tell the state of each task asked about, or of all."""
        for task_id in [task_id for task_id, _ in command.tasks] or list(self._tasks):
            task = self._tasks.get(task_id)
            status = TaskStatus(
                task_id,
                task.state if task is not None else TaskState.TASK_GONE,
                agent_id=task.agent.agent.agent_id if task is not None else None,
                source=Source.SOURCE_MASTER,
                reason="REASON_RECONCILIATION",
                timestamp=now,
            )
            self._soon(ev.UpdateArrived(status), now)

    # --- the rest --------------------------------------------------------------------------

    def _list_agents(self, command: do.ListAgents, now: float) -> None:
        listed = tuple(
            ev.AgentTotal(
                books.agent.agent_id,
                books.agent.hostname,
                books.agent.listed,
                attribute_texts(books.agent.attributes),
            )
            for books in self._agents
        )
        self._soon(ev.AgentsListed(listed, command.number), now)

    def _tear_down(self, _command: do.Teardown, now: float) -> None:
        self._tasks.clear()
        self._soon(ev.TornDown(), now)

    def _soon(self, happens: ev.Event | Callable[[float], ev.Event | None], now: float) -> None:
        self._ready.append(happens)
        self._ready_at = now

    def _at(self, at: float, task: _Task) -> None:
        self._count += 1
        heapq.heappush(self._later, (at, self._count, task))


def _with_layouts(agents: Sequence[VirtualAgent], role: str) -> list[AgentBooks]:
    layouts: dict[tuple[object, ...], Layout] = {}
    made: list[AgentBooks] = []
    for agent in agents:
        key = Layout.key(agent.free)
        layout = layouts.get(key)
        if layout is None:
            layout = layouts[key] = Layout(agent.free, role)
        made.append(AgentBooks(agent, layout, role))
    return made


def _ignore(_command: do.Command, _now: float) -> None:
    """An acknowledgement: nothing is ever sent twice here."""
