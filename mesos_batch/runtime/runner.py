"""The engine thread: events to the engine, its entries to the journal, its calls to the master.

What waits in the queue is taken together: one commit of the journal, one round of calls. Nothing
is sent before what it follows from is on disk.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from mesos_batch.collector import keep_what_is_there
from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.scheduler import BatchScheduler
from mesos_batch.errors import ExitCode, JournalError
from mesos_batch.model.facts import Fact, RunEnded
from mesos_batch.model.saved import EndEntry
from mesos_batch.protocol.calls import call_for
from mesos_batch.protocol.connection import Verdict
from mesos_batch.runtime.clock import Clock
from mesos_batch.runtime.keeper import Keeper
from mesos_batch.runtime.subscriber import Connected, Message, Subscriber, Target
from mesos_batch.transport.operator import list_agents

if TYPE_CHECKING:
    from mesos_batch.engine.books import Turn
    from mesos_batch.engine.policy import Policy
    from mesos_batch.journal import Journal
    from mesos_batch.model.change import Change
    from mesos_batch.model.saved import Past
    from mesos_batch.model.snapshot import RunSnapshot
    from mesos_batch.model.task import TaskSpec
    from mesos_batch.transport.calls import Calls

# A second Ctrl-C leaves at once, but not without trying to take the tasks along.
LAST_CALL_SECONDS = 1.0
KILLED = "left without waiting for the kills"
UNDECIDED = "left at once; what was sent may still take place"
# How long the engine thread has for that before it is left behind.
LEAVE_SECONDS = 2.0
AT_ONCE = 500
_INDEPENDENT = (do.Acknowledge, do.AcknowledgeOperation)
_OF_ANOTHER_CONNECTION = (
    Connected,
    ev.ConnectionLost,
    ev.SubscriptionFailed,
    ev.FrameworkRemoved,
)


class Runner:
    """Drives one run. ``publish`` is called in the engine thread with the facts of each turn.

    ``environment`` is what each task sees. With a ``journal``, ``past`` is what it knows of a run
    that goes on.
    """

    def __init__(
        self,
        tasks: Sequence[TaskSpec],
        policy: Policy,
        target: Target,
        publish: Callable[[Sequence[Fact]], None],
        *,
        environment: Mapping[str, str],
        journal: Journal | None = None,
        past: Past | None = None,
        changes: Sequence[Change] = (),
    ) -> None:
        self._clock = Clock()
        self._scheduler = BatchScheduler(tasks, policy, self._clock.now(), past, changes)
        self._target = target
        self._publish = publish
        self._environment = environment
        self._events: queue.SimpleQueue[Message] = queue.SimpleQueue()
        framework_id = self._scheduler.framework_id
        self._subscriber = Subscriber(target, self._events.put, self._clock, framework_id)
        self._calls: Calls | None = None
        self._subscription: Calls | None = None
        self._master: str | None = None
        self._leave = threading.Event()
        self._detached = False
        self._forsaken = False
        self._keeper = Keeper(journal, self._clock, self._publish, self._leave)
        self._last: RunEnded | None = None
        self.mistake: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin to subscribe and to run."""
        self._thread.start()

    def snapshot(self) -> RunSnapshot:
        """The state of the run; safe from any thread."""
        snapshot = self._scheduler.snapshot()
        last = self._last
        if last is None:
            return snapshot
        return replace(snapshot, exit_code=last.exit_code, message=last.message)

    def cancel(self, exit_code: ExitCode) -> None:
        """End the run in good order, with this code."""
        self._events.put(ev.CancelAsked(exit_code))

    def detach(self, exit_code: ExitCode) -> None:
        """Leave with this code and let the tasks run on."""
        self._detached = True
        self._events.put(ev.DetachAsked(exit_code))

    def abandon(self) -> None:
        """Leave at once: no waiting for kills."""
        self._leave.set()
        self._events.put(ev.TimePassed())

    def leave(self) -> None:
        """End at once, past the engine thread when a call or the journal holds it up."""
        self.abandon()
        if not self.join(LEAVE_SECONDS):
            self._forsaken = True
            told = self._take_tasks_along()
            self._break_off(ExitCode.INTERRUPTED, self._parting_words(told=told))

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end of the run; whether it came within ``timeout`` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._drive()
        except JournalError as error:
            if self._leave.is_set():
                self._leave_at_once(all_is_written=False)
            else:
                text = error.message if error.hint is None else f"{error.message}. {error.hint}"
                self._break_off(ExitCode.JOURNAL, text)
        except Exception as error:  # noqa: BLE001 - whoever waits for the run must learn of it
            if not self._forsaken:
                self.mistake = error
                self._break_off(ExitCode.INTERNAL, f"internal error: {error!r}")
        finally:
            self._subscriber.close()
            self._drop_calls()

    def _drive(self) -> None:
        keep_what_is_there()
        # An empty batch has nothing to ask a master.
        self._receive([ev.TimePassed()])
        if not self._scheduler.ended:
            self._subscriber.start()
        while not self._scheduler.ended and not self._leave.is_set():
            self._receive(self._next_messages())
        if not self._scheduler.ended:
            self._leave_at_once()

    def _leave_at_once(self, *, all_is_written: bool = True) -> None:
        """End without the engine's consent, because the user waits no longer."""
        if self._forsaken:
            return
        told = self._take_tasks_along()
        code, left = ExitCode.INTERRUPTED, self._parting_words(told=told)
        with suppress(JournalError):
            if told and all_is_written:
                self._close_books(code)
                return
            self._keeper.commit([EndEntry(self._clock.now(), code, left, final=False)])
        self._break_off(code, left)

    def _close_books(self, code: ExitCode) -> None:
        """The framework is torn down, so every task is: nothing of the run goes on."""
        now = self._clock.now()
        turns = [
            self._scheduler.handle(event, now)
            for event in (ev.CancelAsked(code), ev.FrameworkRemoved(KILLED))
        ]
        self._keeper.commit([entry for turn in turns for entry in turn.entries])
        self._keeper.commit([turn.end for turn in turns if turn.end is not None])
        self._publish([fact for turn in turns for fact in turn.facts])

    def _parting_words(self, *, told: bool) -> str:
        """What becomes of the tasks."""
        if self._detached:
            return "left at once; the tasks run on"
        if told or self._scheduler.framework_id is None:
            return KILLED
        if self._scheduler.undecided:
            return UNDECIDED
        timeout = self._target.framework.failover_timeout
        return f"left at once; no master could be told, so the tasks run on for {timeout:g} s"

    def _take_tasks_along(self) -> bool:
        """Have the framework torn down, unless its tasks are to stay; whether a master took it."""
        framework_id = self._scheduler.framework_id
        if self._detached or framework_id is None or self._subscription is None:
            return False
        if self._scheduler.undecided:
            return False
        call = call_for(do.Teardown(), framework_id, refined=self._target.framework.refined)
        content_type = self._target.content_type
        # The connection we have may be the one that is held up.
        calls = self._subscription.again()
        answer = calls.send(content_type.encode(call), content_type.value, LAST_CALL_SECONDS)
        calls.close()
        return answer.verdict is Verdict.ACCEPTED

    def _next_messages(self) -> list[Message]:
        """What has come, at least one message; or that time has passed."""
        asked = self._keeper.cancel_request()
        if asked is not None:
            return [ev.CancelAsked(asked)]
        deadline = self._scheduler.next_deadline()
        waits = [self._keeper.poll_seconds]
        if deadline is not None:
            waits.append(max(0.0, deadline - self._clock.now()))
        known = [seconds for seconds in waits if seconds is not None]
        messages: list[Message] = []
        with suppress(queue.Empty):
            messages.append(self._events.get(timeout=min(known, default=None)))
            while len(messages) < AT_ONCE:
                messages.append(self._events.get_nowait())
        return messages or [ev.TimePassed()]

    def _receive(self, messages: Iterable[Message]) -> None:
        """Handle messages; those of one connection are one commit and one round of calls."""
        turns: list[Turn] = []
        for message in messages:
            if isinstance(message, Exception):
                raise message
            if isinstance(message, _OF_ANOTHER_CONNECTION):
                # What was decided before belongs to the connection before.
                self._carry_out(turns)
                turns = []
                self._drop_calls()
            if isinstance(message, Connected):
                self._calls = self._subscription = message.calls
                self._master = message.master
                event: ev.Event = message.event
            else:
                event = message
            if isinstance(event, ev.OffersArrived) and self._calls is None:
                # They were made to a connection that is no more; nobody would hear our answer.
                continue
            turns.append(self._scheduler.handle(event, self._clock.now()))
            if isinstance(event, ev.FrameworkRemoved) and not self._scheduler.ended:
                self._carry_out(turns)
                turns = []
                self._subscriber.start_over()
            if self._scheduler.ended:
                break
        self._carry_out(turns)

    def _carry_out(self, turns: Sequence[Turn]) -> None:
        self._keeper.commit([entry for turn in turns for entry in turn.entries])
        commands = [command for turn in turns for command in turn.commands]
        for independent, group in groupby(commands, _is_independent):
            if independent:
                self._send(list(group))
            else:
                for command in group:
                    self._do(command)
        self._keeper.commit([turn.end for turn in turns if turn.end is not None])
        facts = [fact for turn in turns for fact in turn.facts]
        if facts:
            self._publish(facts)

    def _do(self, command: do.Command) -> None:
        if isinstance(command, do.ListAgents):
            threading.Thread(
                target=self._list_agents, args=(command.number,), name="list agents", daemon=True
            ).start()
        elif self._send([command]) and isinstance(command, do.Teardown):
            self._events.put(ev.TornDown())

    def _send(self, commands: Sequence[do.Command]) -> bool:
        """Send the calls of commands that do not wait for each other; whether all were accepted."""
        framework_id = self._scheduler.framework_id
        if self._calls is None or framework_id is None:
            # The connection broke within this turn: reconciliation will tell what is true.
            return False
        content_type = self._target.content_type
        bodies = [
            content_type.encode(
                call_for(
                    command,
                    framework_id,
                    refined=self._target.framework.refined,
                    environment=self._environment,
                )
            )
            for command in commands
        ]
        answer = self._calls.send_all(bodies, content_type.value)[-1]
        if answer.verdict is Verdict.ACCEPTED:
            return True
        failed = self._calls
        self._drop_calls()
        if answer.verdict is Verdict.SUBSCRIBE_AGAIN:
            self._subscriber.reconnect(f"a call failed: {answer.text}", failed)
        else:
            self._events.put(ev.SubscriptionFailed(f"the master refuses a call: {answer.text}"))
        return False

    def _list_agents(self, number: int) -> None:
        if self._master is not None:
            agents = list_agents(self._master, self._target.login)
            if agents is not None:
                self._events.put(ev.AgentsListed(agents, number))

    def _break_off(self, exit_code: ExitCode, message: str) -> None:
        """End without the engine's consent."""
        self._last = RunEnded(self._clock.now(), exit_code=exit_code, message=message)
        self._publish([self._last])

    def _drop_calls(self) -> None:
        if self._calls is not None:
            self._calls.close()
            self._calls = None


def _is_independent(command: do.Command) -> bool:
    """Whether a call says nothing that others of its kind wait for: an acknowledgement."""
    return isinstance(command, _INDEPENDENT)
