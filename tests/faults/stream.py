"""One subscription: events on their way from a master to a scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from faults.clock import Pipe

if TYPE_CHECKING:
    from faults.sim_master import Framework, Master
    from faults.world import World


class Listener(Protocol):
    """Whoever holds the client's end."""

    def says(self, stream: Stream, event: Any) -> None:
        """Something arrived; ``None`` is the end of the stream."""


class Stream:
    """The events of one subscription, in order, until either side drops it."""

    def __init__(self, world: World, master: Master, listener: Listener) -> None:
        self.master = master
        self.framework: Framework | None = None
        self._listener = listener
        self.pipe = Pipe(world.clock, world.rng, world.plan.slowest_message, self._arrived)
        self.ended_by_client = False
        self.ended_by_master = False

    def send(self, event: Any) -> None:
        if not self.ended_by_client and not self.ended_by_master:
            self.pipe.send(event)

    def _arrived(self, event: Any) -> None:
        if not self.ended_by_client:
            self._listener.says(self, event)
