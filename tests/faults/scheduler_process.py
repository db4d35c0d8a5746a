"""One life of the scheduler: the engine and what the runtime does around it.

Mirrors ``runtime/runner.py``: what has come is handled in one go, its entries are one commit,
then the calls are sent in order, then the end is committed. A call that fails costs the
connection and the calls after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING

from faults import sim_calls
from faults.subscription import Subscription

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.scheduler import BatchScheduler
from mesos_batch.errors import ExitCode
from mesos_batch.model.saved import EndEntry

if TYPE_CHECKING:
    from faults.stream import Stream
    from faults.world import World

    from mesos_batch.engine.books import Turn

ANSWER_SECONDS = 75.0
AT_ONCE = 500
_OF_ANOTHER_CONNECTION = (
    ev.Subscribed,
    ev.ConnectionLost,
    ev.SubscriptionFailed,
    ev.FrameworkRemoved,
)
Steps = Generator[float, None, None]


class CrashedError(Exception):
    """The process was killed here."""


class SchedulerProcess:
    """A scheduler from its start to its crash or end."""

    def __init__(self, world: World, *, resumed: bool) -> None:
        self.world = world
        self.alive = True
        past = world.journal.past() if resumed else None
        self.engine = BatchScheduler(
            world.specs, world.policy, world.clock.now, past, world.plan.changes
        )
        if resumed:
            world.oracle.restored(self.engine.snapshot())
        self.subscription = Subscription(world, self, self.engine.framework_id)
        self._calls: Stream | None = None
        self._inbox: deque[ev.Event] = deque()
        self._steps: Steps | None = None
        self._awake = True
        self._armed: float | None = None
        self.stalled_until = 0.0

    def start(self) -> None:
        self.post(ev.TimePassed())
        if self.alive:
            self.subscription.connect()

    def post(self, event: ev.Event) -> None:
        """Hand the engine an event when it is free."""
        if not self.alive:
            return
        self._inbox.append(event)
        slow = self.world.plan.slow_engine
        if slow and self._awake:
            self._awake = False
            self.world.clock.after(slow * self.world.rng.random(), self._wake)
        elif self._awake:
            self._pump()

    def die(self) -> None:
        """kill -9: nothing is said to anybody."""
        self.alive = False
        self._inbox.clear()
        self.subscription.drop(self.world.rng.choice((0.0, 0.0, 1.0, 40.0)))

    def stall(self, seconds: float) -> None:
        """A full disk, or a laptop that sleeps: what comes meanwhile waits."""
        self._awake = False
        self.stalled_until = self.world.clock.now + seconds
        self.world.clock.at(self.stalled_until, self._stall_over)

    def _stall_over(self) -> None:
        self.world.oracle.stalled()
        self._wake()

    def abandon(self) -> None:
        """The user wants to wait no longer: a last TEARDOWN, and off."""
        if self._steps is not None or not self.alive:
            return
        self._deliver(do.Teardown())
        left = "left without waiting for the kills"
        self._finish(EndEntry(self.world.clock.now, ExitCode.INTERRUPTED, left, final=False))

    # -- turns --------------------------------------------------------------------------------

    def _wake(self) -> None:
        if self.world.clock.now < self.stalled_until:
            return
        self._awake = True
        if self.alive:
            self._go_on()
            self._pump()

    def _pump(self) -> None:
        while self.alive and self._steps is None and self._inbox:
            batch = [self._inbox.popleft() for _ in range(min(len(self._inbox), AT_ONCE))]
            self._steps = self._receive(batch)
            self._go_on()
        if self.alive and self._steps is None:
            self._arm()

    def _go_on(self) -> None:
        """Take the present work on, to its end or to the next call that is slow."""
        steps = self._steps
        if steps is None or not self.alive:
            return
        try:
            delay = next(steps)
        except StopIteration:
            self._steps = None
        except CrashedError:
            self._steps = None
            self.world.process_crashed(self)
        else:
            self._awake = False
            self.world.clock.at(max(self.world.clock.now + delay, self.stalled_until), self._wake)

    def _receive(self, events: list[ev.Event]) -> Steps:
        turns: list[tuple[ev.Event, Turn]] = []
        for event in events:
            if isinstance(event, _OF_ANOTHER_CONNECTION):
                yield from self._carry_out(turns)
                turns = []
                self._calls = None
                if not self.alive:
                    return
            if isinstance(event, ev.Subscribed):
                self._calls = self.subscription.stream
            turns.append((event, self._handle(event)))
            if isinstance(event, ev.FrameworkRemoved) and not self.engine.ended:
                yield from self._carry_out(turns)
                turns = []
                self.subscription.start_over()
            if self.engine.ended:
                break
        yield from self._carry_out(turns)

    def _handle(self, event: ev.Event) -> Turn:
        turn = self.engine.handle(event, self.world.clock.now)
        self.world.oracle.turn(event, turn)
        return turn

    def _carry_out(self, turns: list[tuple[ev.Event, Turn]]) -> Steps:
        world = self.world
        if any(turn.entries for _, turn in turns):
            self._crash_at("crash_before_commit")
            for event, turn in turns:
                world.oracle.reports.hear(event)
                world.journal.take(turn.entries)
            world.journal.commit(world.clock.now)
            world.oracle.written.committed(ending=any(turn.end is not None for _, turn in turns))
            self._crash_at("crash_after_commit")
        else:
            for event, _ in turns:
                world.oracle.reports.hear(event)
        for _, turn in turns:
            for command in turn.commands:
                self._crash_at("crash_between_calls")
                yield from self._send(command)
        for _, turn in turns:
            world.oracle.told(turn.facts)
            if turn.end is not None:
                self._crash_at("crash_before_commit")
                world.oracle.ends(turn.end, self.engine, connected=self._calls is not None)
                self._finish(turn.end)

    def _finish(self, end: EndEntry) -> None:
        self.world.journal.take([end])
        self.world.journal.commit(self.world.clock.now)
        self.alive = False
        self.subscription.drop(self.world.rng.choice((0.0, 0.1, 1.0)))
        self.world.process_ended(end)

    def _crash_at(self, kind: str) -> None:
        if self.world.armed.take(kind):
            self.world.happened(kind, "here")
            raise CrashedError

    def _arm(self) -> None:
        deadline = self.engine.next_deadline()
        if deadline is not None and deadline != self._armed:
            self._armed = deadline
            self.world.clock.at(deadline, self._tick, deadline)

    def _tick(self, deadline: float) -> None:
        if self.alive and deadline == self._armed:
            self._armed = None
            if self._steps is None and not self._inbox:
                self.post(ev.TimePassed())

    # -- calls --------------------------------------------------------------------------------

    def _send(self, command: do.Command) -> Steps:
        world = self.world
        if isinstance(command, do.ListAgents):
            world.clock.after(world.rng.random(), self._list_agents, command.number)
            return
        if self._calls is None or self.engine.framework_id is None:
            return
        world.oracle.calls(command)
        fault = world.armed.take_call()
        if fault is not None:
            world.happened(fault.kind, str(command))
            yield from self._faulty(fault.kind, fault.value, command)
        elif not self._deliver(command):
            self._call_failed("the master does not take the call")
        if isinstance(command, do.Teardown) and self._calls is not None:
            self._inbox.append(ev.TornDown())

    def _faulty(self, kind: str, value: float, command: do.Command) -> Steps:
        if kind == "call_late":
            early = self.world.rng.random() < 0.5
            taken = self._deliver(command) if early else True
            yield min(value, ANSWER_SECONDS)
            if not early:
                taken = self._deliver(command)
            if not taken or value >= ANSWER_SECONDS:
                self._call_failed("no answer in time")
            return
        if kind == "call_dropped":
            self._drop(command)
            return
        if kind == "call_lost_after":
            self._deliver(command)
        self._call_failed("the connection broke")

    def _deliver(self, command: do.Command) -> bool:
        """Let the master have a call; false when it does not take it."""
        stream = self._calls
        if stream is None:
            return False
        framework = stream.framework
        master = self.world.master
        if framework is None or master is not stream.master or framework.stream is not stream:
            return False
        sim_calls.call(master, framework, command)
        if isinstance(command, do.Teardown):
            self.world.torn_down = master, framework.framework_id
        return True

    def _drop(self, command: do.Command) -> None:
        """202, and then nothing: the offers of the call are nobody's any more."""
        master = self.world.master
        if isinstance(command, do.Teardown):
            self._deliver(command)
        elif master is not None and isinstance(command, do.Launch | do.Operate | do.Decline):
            for offer_id in command.offer_ids:
                master.allocator.offers.pop(offer_id, None)
            master.allocator.wake()

    def _call_failed(self, reason: str) -> None:
        failed, self._calls = self._calls, None
        self.subscription.reconnect(reason, failed)

    def _list_agents(self, number: int) -> None:
        world = self.world
        master = world.master
        if master is None or not self.alive or world.rng.random() < 0.1:
            return
        listed = ev.AgentsListed(
            tuple(
                ev.AgentTotal(known.agent_id, known.agent.hostname, known.total)
                for known in master.agents.values()
            ),
            number,
        )
        for known in master.agents.values():
            world.oracle.changes.shown(known.applied)
        if world.plan.changes:
            world.clock.after(world.rng.random(), self.post, listed)
        else:
            self.post(listed)
