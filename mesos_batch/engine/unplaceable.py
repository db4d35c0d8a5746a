"""Tasks that no known agent could ever hold: told within seconds, failed after a timeout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch.engine.agents import Agents
    from mesos_batch.engine.waiting import Shape, Waiting

# Without the master's list, offers of more agents may still come.
SETTLE = 3.0
LIST_AGAIN = 15.0


@dataclass(slots=True)
class Verdict:
    """What changed: shapes found unplaceable (with the deadline), cleared, or out of time."""

    found: list[tuple[Shape, str, float]] = field(default_factory=list)
    cleared: list[Shape] = field(default_factory=list)
    expired: list[tuple[Shape, str]] = field(default_factory=list)
    list_agents: bool = False


class UnplaceableWatch:
    """Watches the waiting shapes."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._deadlines: dict[Shape, float] = {}
        self._judged: dict[Shape, int] = {}
        self._settles_at: float | None = None
        self._settled = False
        self._list_at: float | None = None
        self._all_known = False
        self._looked_at: tuple[int, int] | None = None

    @property
    def all_known(self) -> bool:
        """Whether every waiting task is known to be unplaceable."""
        return self._all_known

    def next_deadline(self) -> float | None:
        """When :meth:`look` may find something new without an event."""
        times = [*self._deadlines.values()]
        times += [at for at in (self._settles_at, self._list_at) if at is not None]
        return min(times, default=None)

    def look(self, waiting: Waiting, agents: Agents, *, offers_seen: bool, now: float) -> Verdict:
        """Judge the waiting shapes against the agents known now."""
        verdict = Verdict()
        if not self._may_judge(agents, offers_seen=offers_seen, now=now):
            return verdict
        versions = agents.version, waiting.version
        if versions == self._looked_at and not self._is_due(now):
            return verdict
        self._looked_at = versions
        shapes = list(waiting)
        for shape in shapes:
            self._judge(shape, agents, now, verdict)
        for gone in self._deadlines.keys() - set(shapes):
            del self._deadlines[gone]
        for gone in self._judged.keys() - set(shapes):
            del self._judged[gone]
        self._all_known = len(self._deadlines) == len(shapes)
        self._ask_again(verdict, now)
        return verdict

    def _may_judge(self, agents: Agents, *, offers_seen: bool, now: float) -> bool:
        if agents.complete:
            self._settles_at = None
            return True
        if offers_seen and not self._settled and self._settles_at is None:
            self._settles_at = now + SETTLE
        if self._settles_at is not None and self._settles_at <= now:
            self._settles_at = None
            self._settled = True
        return self._settled

    def _is_due(self, now: float) -> bool:
        deadline = self.next_deadline()
        return deadline is not None and deadline <= now

    def _judge(self, shape: Shape, agents: Agents, now: float, verdict: Verdict) -> None:
        deadline = self._deadlines.get(shape)
        if self._judged.get(shape) != agents.version:
            self._judged[shape] = agents.version
            if agents.could_hold(shape):
                if self._deadlines.pop(shape, None) is not None:
                    verdict.cleared.append(shape)
                return
            if deadline is None:
                deadline = self._deadlines[shape] = now + self._timeout
                verdict.found.append((shape, agents.explain(shape), deadline))
        if deadline is not None and deadline <= now:
            del self._deadlines[shape]
            verdict.expired.append((shape, agents.explain(shape)))

    def _ask_again(self, verdict: Verdict, now: float) -> None:
        """While something is unplaceable a larger agent may come: keep looking."""
        if not self._deadlines:
            self._list_at = None
        elif self._list_at is None:
            self._list_at = now + LIST_AGAIN
        elif self._list_at <= now:
            self._list_at = now + LIST_AGAIN
            verdict.list_agents = True
