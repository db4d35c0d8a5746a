"""The engine thread: events to the engine, its commands to the master, its facts to the bus."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.scheduler import BatchScheduler
from mesos_batch.errors import ExitCode
from mesos_batch.model.facts import Fact, RunEnded
from mesos_batch.protocol.calls import call_for
from mesos_batch.protocol.connection import Verdict
from mesos_batch.runtime.clock import Clock
from mesos_batch.runtime.subscriber import Connected, Message, Subscriber, Target
from mesos_batch.transport.http import ANSWER_SECONDS
from mesos_batch.transport.operator import list_agents

if TYPE_CHECKING:
    from mesos_batch.engine.policy import Policy
    from mesos_batch.model.snapshot import RunSnapshot
    from mesos_batch.model.task import TaskSpec
    from mesos_batch.transport.calls import Calls

# A second Ctrl-C leaves at once, but not without trying to take the tasks along.
LAST_CALL_SECONDS = 1.0


class Runner:
    """Drives one run. ``publish`` is called in the engine thread with the facts of each turn."""

    def __init__(
        self,
        tasks: Sequence[TaskSpec],
        policy: Policy,
        target: Target,
        publish: Callable[[Sequence[Fact]], None],
    ) -> None:
        self._clock = Clock()
        self._scheduler = BatchScheduler(tasks, policy, self._clock.now())
        self._target = target
        self._publish = publish
        self._events: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._subscriber = Subscriber(target, self._events.put, self._clock)
        self._calls: Calls | None = None
        self._master: str | None = None
        self._abandoned = False
        self.mistake: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin to subscribe and to run."""
        self._thread.start()

    def snapshot(self) -> RunSnapshot:
        """The state of the run; safe from any thread."""
        return self._scheduler.snapshot()

    def cancel(self, exit_code: ExitCode) -> None:
        """End the run in good order, with this code."""
        self._events.put(ev.CancelAsked(exit_code))

    def abandon(self) -> None:
        """Leave at once: no waiting for kills."""
        self._abandoned = True
        self._events.put(ev.TimePassed())

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end of the run; whether it came within ``timeout`` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._drive()
        except Exception as error:  # noqa: BLE001 - whoever waits for the run must learn of it
            self.mistake = error
            self._publish([self._last_fact(ExitCode.INTERNAL, f"internal error: {error!r}")])
        finally:
            self._subscriber.close()
            self._drop_calls()

    def _drive(self) -> None:
        # An empty batch has nothing to ask a master.
        self._handle(ev.TimePassed())
        if not self._scheduler.ended:
            self._subscriber.start()
        while not self._scheduler.ended and not self._abandoned:
            self._receive(self._next_message())
        if not self._scheduler.ended:
            self._do(do.Teardown(), LAST_CALL_SECONDS)
            left = "left without waiting for the kills"
            self._publish([self._last_fact(ExitCode.INTERRUPTED, left)])

    def _next_message(self) -> Message:
        deadline = self._scheduler.next_deadline()
        if deadline is None:
            return self._events.get()
        try:
            return self._events.get(timeout=max(0.0, deadline - self._clock.now()))
        except queue.Empty:
            return ev.TimePassed()

    def _receive(self, message: Message) -> None:
        if isinstance(message, Exception):
            raise message
        if isinstance(message, Connected):
            self._drop_calls()
            self._calls = message.calls
            self._master = message.master
            self._handle(message.event)
        else:
            if isinstance(message, ev.ConnectionLost | ev.SubscriptionFailed):
                self._drop_calls()
            self._handle(message)

    def _handle(self, event: ev.Event) -> None:
        turn = self._scheduler.handle(event, self._clock.now())
        for command in turn.commands:
            self._do(command)
        if turn.facts:
            self._publish(turn.facts)

    def _do(self, command: do.Command, timeout: float = ANSWER_SECONDS) -> None:
        if isinstance(command, do.ListAgents):
            threading.Thread(target=self._list_agents, name="list agents", daemon=True).start()
            return
        framework_id = self._scheduler.framework_id
        if self._calls is None or framework_id is None:
            # The connection broke within this turn: reconciliation will tell what is true.
            return
        framework = self._target.framework
        content_type = self._target.content_type
        body = content_type.encode(call_for(command, framework_id, refined=framework.refined))
        answer = self._calls.send(body, content_type.value, timeout)
        if answer.verdict is Verdict.ACCEPTED:
            return
        self._drop_calls()
        if answer.verdict is Verdict.SUBSCRIBE_AGAIN:
            self._subscriber.reconnect(f"a call failed: {answer.text}")
        else:
            self._events.put(ev.SubscriptionFailed(f"the master refuses a call: {answer.text}"))

    def _list_agents(self) -> None:
        if self._master is not None:
            listed = list_agents(self._master, self._target.login)
            if listed is not None:
                self._events.put(listed)

    def _last_fact(self, exit_code: ExitCode, message: str) -> RunEnded:
        return RunEnded(self._clock.now(), exit_code=exit_code, message=message)

    def _drop_calls(self) -> None:
        if self._calls is not None:
            self._calls.close()
            self._calls = None
