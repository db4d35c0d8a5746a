"""Keeps up with a run by what changed since the last look, whoever drives it."""

from __future__ import annotations

import math
from collections import Counter, deque
from itertools import pairwise
from typing import TYPE_CHECKING

from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import CPUS, MEM
from mesos_batch.overview.agents import AgentUse, agents_in_use
from mesos_batch.overview.causes import Cause, Causes
from mesos_batch.overview.differences import changed_pairs
from mesos_batch.overview.durations import Durations
from mesos_batch.overview.estimate import Estimate, Kind, Remaining, estimate

if TYPE_CHECKING:
    from mesos_batch.model.snapshot import RunSnapshot, TaskView
    from mesos_batch.model.task import TaskSpec

# How far back the rate looks.
WINDOW_SECONDS = 60.0
# An estimate costs some hundredths of a second.
_ESTIMATE_SECONDS = 2.0
# Tasks expected to take about as long are of one kind.
_UNIT_GROWTH = math.log(1.1)
_EXPECTED = "expected"


class Overview:
    """A run as a whole at the last look; cheap to keep up, because most tasks do not change.

    ``counts`` are the tasks in each phase, ``active`` those the cluster holds.
    """

    def __init__(self) -> None:
        self.counts: Counter[Phase] = Counter()
        self._tasks: tuple[TaskView, ...] = ()
        self._active: dict[str, TaskView] = {}
        self._waiting: Counter[Kind] = Counter()
        self._durations: dict[object, Durations] = {}
        self._causes = Causes()
        self._ended: deque[tuple[float, float]] = deque()
        self._held: deque[tuple[float, float]] = deque()
        self._holds = 0.0
        self._run: RunSnapshot | None = None
        self._kinds: dict[tuple[int, int], Kind] = {}
        self._estimate: Estimate | None = None
        self._estimated_at = -math.inf

    def take(self, run: RunSnapshot, now: float) -> None:
        """Take in how the run is ``now``: seconds since the epoch."""
        if self._run is None:
            for task in run.tasks:
                self._enter(task)
        else:
            for old, new in changed_pairs(self._tasks, run.tasks):
                self._leave(old)
                self._enter(new)
        self._run, self._tasks = run, run.tasks
        _remember(self._ended, now, self._count_of_ends())
        _remember(self._held, now, self._holds)

    @property
    def run(self) -> RunSnapshot:
        """The run at the last look."""
        assert self._run is not None, "nothing was taken in yet"
        return self._run

    @property
    def total(self) -> int:
        """How many tasks there are."""
        return len(self._tasks)

    @property
    def ended(self) -> int:
        """How many tasks have their final phase."""
        return self._count_of_ends()

    @property
    def failed(self) -> int:
        """How many tasks ended otherwise than finished, cancelled or skipped."""
        return self._causes.count

    def causes(self) -> list[Cause]:
        """Why tasks failed, the most frequent cause first."""
        return self._causes.most_frequent()

    def active(self) -> list[TaskView]:
        """The tasks the cluster holds, the one that has run longest first."""
        return sorted(self._active.values(), key=_begin)

    def agents(self) -> list[AgentUse]:
        """The agents, the most used first."""
        return agents_in_use(self._active.values(), self.run.agents)

    def rate(self) -> float | None:
        """Tasks that ended in a second, lately; ``None`` when nothing can be said."""
        first, last = self._ended[0], self._ended[-1]
        if last[0] <= first[0] or last[1] == first[1]:
            return None
        return (last[1] - first[1]) / (last[0] - first[0])

    def estimate(self, now: float) -> Estimate | None:
        """The time to the end from ``now``, reckoned anew every other second.

        Tasks that are tried again count as those that wait; that others may yet fail does not.
        """
        if now - self._estimated_at >= _ESTIMATE_SECONDS:
            self._estimated_at = now
            self._estimate = self._reckon(now)
        if self._estimate is None:
            return None
        gone = now - self._estimated_at
        found = self._estimate
        return Estimate(*(max(0.0, end - gone) for end in (found.low, found.likely, found.high)))

    def _reckon(self, now: float) -> Estimate | None:
        if self.run.cancelling or self.run.exit_code is not None:
            return None
        running = [
            (self._kind(task), max(0.0, now - (task.launched_at or now)))
            for task in self._active.values()
        ]
        waiting = [(kind, count) for kind, count in self._waiting.items() if count]
        # As they are launched: what takes long first, then what is large.
        waiting.sort(key=lambda item: (-item[0].unit, -item[0].size))
        return estimate(self._durations, Remaining(running, dict(waiting), self._room()))

    def _room(self) -> float:
        """How much runs at one time, as sizes of tasks: now, or lately on the average."""
        seconds = self._held[-1][0] - self._held[0][0]
        if self._waiting.total() == 0 or not seconds:
            return self._holds
        area = sum(held * (after - at) for (at, held), (after, _) in pairwise(self._held))
        return max(self._holds, area / seconds)

    def _enter(self, task: TaskView) -> None:
        self.counts[task.phase] += 1
        if task.phase is Phase.WAITING:
            self._waiting[self._kind(task)] += 1
        elif task.phase.is_active:
            self._active[task.spec.task_id] = task
            self._holds += self._kind(task).size
        elif task.phase is Phase.FINISHED:
            self._count_duration(task)
        elif task.phase not in (Phase.CANCELLED, Phase.SKIPPED):
            self._count_duration(task)
            self._causes.add(task)

    def _leave(self, task: TaskView) -> None:
        self.counts[task.phase] -= 1
        if task.phase is Phase.WAITING:
            self._waiting[self._kind(task)] -= 1
        elif task.phase.is_active:
            del self._active[task.spec.task_id]
            self._holds -= self._kind(task).size

    def _count_duration(self, task: TaskView) -> None:
        if task.launched_at is None or task.ended_at is None:
            return
        kind, seconds = self._kind(task), task.ended_at - task.launched_at
        self._durations.setdefault(kind.likes, Durations()).add(seconds / kind.unit)
        if kind.likes is not _EXPECTED:
            self._durations.setdefault(None, Durations()).add(seconds)

    def _kind(self, task: TaskView) -> Kind:
        # Most tasks share these objects, and the run keeps them: their ids stand for them.
        key = id(task.spec.resources), id(task.spec.scheduling)
        known = self._kinds.get(key)
        if known is None:
            known = self._kinds[key] = _kind_of(task.spec)
        return known

    def _count_of_ends(self) -> int:
        return len(self._tasks) - self._waiting.total() - len(self._active)


def _remember(series: deque[tuple[float, float]], now: float, amount: float) -> None:
    """Add to a series, and forget what is older than the window but for one."""
    series.append((now, amount))
    while len(series) > 2 and series[1][0] <= now - WINDOW_SECONDS:
        series.popleft()


def _kind_of(task: TaskSpec) -> Kind:
    """What the task is like: all others of which a runtime is expected, else those of its size.

    The size is its cpus: that is what tasks compete for, as a rule.
    """
    cpus, mem = task.resources.milli(CPUS), task.resources.milli(MEM)
    expected = task.scheduling.expected_runtime
    size = cpus / 1000 or 1.0
    if expected:
        unit = math.exp(round(math.log(expected) / _UNIT_GROWTH) * _UNIT_GROWTH)
        return Kind(_EXPECTED, unit, size)
    return Kind((cpus, mem), size=size)


def _begin(task: TaskView) -> float:
    return task.started_at or task.launched_at or math.inf
