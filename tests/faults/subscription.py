"""The subscription of a scheduler: gets one, loses it, gets another.

Mirrors ``runtime/subscriber.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faults import sim_calls
from faults.stream import Stream

from mesos_batch.engine import events as ev

if TYPE_CHECKING:
    from faults.scheduler_process import SchedulerProcess
    from faults.world import World

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 15.0
GIVE_UP_SECONDS = 10.0
SILENCE = 75.0


class Subscription:
    """What the subscriber thread does."""

    def __init__(self, world: World, process: SchedulerProcess, framework_id: str | None) -> None:
        self._world = world
        self._process = process
        self._framework_id = framework_id
        self._pause = FIRST_PAUSE
        self._heard_at: float | None = None
        self._give_up_at: float | None = None
        self.stream: Stream | None = None
        if framework_id is None:
            self._give_up_at = world.clock.now + GIVE_UP_SECONDS

    def connect(self) -> None:
        """Ask the leading master."""
        if not self._process.alive or self.stream is not None:
            return
        master = self._world.master
        if master is None:
            self._try_again("no leader")
            return
        stream = Stream(self._world, master, self)
        refused = sim_calls.subscribe(master, stream, self._framework_id)
        if refused is None:
            self.stream = stream
            return
        self._world.happened("framework_id_refused", refused)
        silent_for = None
        if self._heard_at is not None and self._world.plan.tells_silence:
            silent_for = self._world.clock.now - self._heard_at
        self._process.post(ev.FrameworkRemoved(refused, silent_for))

    def start_over(self) -> None:
        """Subscribe as a new framework."""
        self._framework_id = None
        self.connect()

    def reconnect(self, reason: str, failed: Stream | None) -> None:
        """A call failed: the subscription cannot be trusted any more."""
        if failed is not None and failed is self.stream:
            self.lose(reason, self._world.rng.choice((0.0, 0.5)))

    def lose(self, reason: str, noticed_after: float = 0.0) -> None:
        """The subscription is over for us; the master may notice later."""
        if self.stream is not None and self._process.alive:
            self.drop(noticed_after)
            self._try_again(reason)

    def drop(self, noticed_after: float) -> None:
        """Leave the stream."""
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.ended_by_client = True
            self._world.clock.after(noticed_after, sim_calls.stream_broke, stream.master, stream)

    def go_deaf(self) -> None:
        """The stream is half open: nothing comes any more, and we notice by the silence."""
        if self.stream is not None:
            self.stream.pipe.hold()
            self._world.clock.after(SILENCE, self._silent, self.stream)

    def says(self, stream: Stream, event: ev.Event | None) -> None:
        """Something arrived; ``None`` is the end of the stream."""
        if stream is not self.stream:
            return
        self._heard_at = self._world.clock.now
        if event is None:
            self.lose("the master ended the subscription")
            return
        if isinstance(event, ev.Subscribed):
            self._give_up_at = None
            self._framework_id = event.framework_id
            self._pause = FIRST_PAUSE
        self._process.post(event)

    def _silent(self, stream: Stream) -> None:
        if stream is self.stream:
            self.lose("no heartbeat", noticed_after=30.0)

    def _try_again(self, reason: str) -> None:
        now = self._world.clock.now
        if self._give_up_at is not None and now >= self._give_up_at:
            self._process.post(ev.SubscriptionFailed(reason))
            return
        pause = self._pause * self._world.rng.uniform(0.5, 1.0)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        if self._give_up_at is not None:
            pause = min(pause, self._give_up_at - now)
        self._process.post(ev.ConnectionLost(reason, pause))
        self._world.clock.after(pause, self.connect)
