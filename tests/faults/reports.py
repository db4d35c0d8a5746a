"""What the engine was told of each attempt, and what it may therefore believe.

A turn that was lost with its commit counts as not heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faults.sim_executors import POOL_REASONS, is_anchor

from mesos_batch.engine import events as ev
from mesos_batch.model.facts import Phase
from mesos_batch.model.state import TaskState

if TYPE_CHECKING:
    from faults.world import World

    from mesos_batch.model.saved import AttemptEntry
    from mesos_batch.model.status import TaskStatus

Key = tuple[int, int]
# What the books may call an attempt after its first terminal update.
_CALLED = {
    TaskState.TASK_FINISHED: (Phase.FINISHED,),
    TaskState.TASK_FAILED: (Phase.FAILED,),
    TaskState.TASK_KILLED: (Phase.KILLED, Phase.CANCELLED),
}
_LOST = (Phase.LOST, Phase.CANCELLED)
_AWAY = (TaskState.TASK_UNREACHABLE, TaskState.TASK_UNKNOWN)
_LITTLE = 1e-6


class Reports:
    """Updates, by attempt."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._closed: set[str] = set()
        self._started: set[str] = set()
        self._away_since: dict[str, float] = {}
        # Of each update when it was heard last: its reason, and whether the attempt was over.
        self._heard: dict[bytes, tuple[str | None, bool]] = {}
        self._positions = {task.task_id: at for at, task in enumerate(world.plan.tasks)}

    def name(self, key: Key) -> str:
        """The task id of an attempt."""
        own = self._world.plan.tasks[key[0]].task_id
        return own if key[1] == 1 else f"{own}~{key[1]}"

    def key(self, attempt_id: str) -> Key:
        """Position and number of an attempt."""
        own, _, number = attempt_id.partition("~")
        return self._positions[own], int(number or 1)

    def is_over(self, attempt_id: str) -> bool:
        """Whether the journal says that an attempt has ended."""
        entry = self._world.journal.attempts.get(self.key(attempt_id))
        return entry is not None and entry.phase.is_end

    def hear(self, event: ev.Event) -> None:
        """The turn of this event is being committed."""
        if isinstance(event, ev.FrameworkRemoved):
            self._closed.update(self.name(key) for key in self._world.journal.attempts)
        elif isinstance(event, ev.UpdateArrived) and not is_anchor(event.status.task_id):
            self._hear(event.status)

    def _hear(self, status: TaskStatus) -> None:
        attempt_id, now = status.task_id, self._world.clock.now
        if status.uuid is not None:
            self._heard[status.uuid] = status.reason, self.is_over(attempt_id)
        if status.state in _AWAY:
            since = min(status.unreachable_time or now, now)
            self._away_since.setdefault(attempt_id, since)
        elif status.state.is_terminal:
            self._closed.add(attempt_id)
        else:
            self._away_since.pop(attempt_id, None)
            if status.state is not TaskState.TASK_STAGING:
                self._started.add(attempt_id)

    def may_be_lost(self, entry: AttemptEntry) -> bool:
        """Whether it was told lost, or a documented timeout has passed."""
        attempt_id = self.name((entry.position, entry.number))
        if attempt_id in self._closed:
            return True
        now, plan = self._world.clock.now, self._world.plan
        since = self._away_since.get(attempt_id)
        if since is not None and now - since >= plan.unreachable_timeout - _LITTLE:
            return True
        waited = now - entry.launched_at
        return attempt_id not in self._started and waited >= plan.staging_timeout - _LITTLE

    def is_called(self, state: TaskState, uuid: bytes, phase: Phase) -> bool:
        """Whether an attempt that this terminal update ended may be in this phase."""
        reason, over_before = self._heard.get(uuid, (None, True))
        if over_before:
            return True
        if reason in (*POOL_REASONS, "REASON_AGENT_DRAINING"):
            return phase in _LOST
        return phase in _CALLED.get(state, _LOST)
