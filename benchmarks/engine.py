"""What the engine alone costs: no sockets, no journal, no cluster, only ``handle``.

``python benchmarks/engine.py`` prints CPU time of the engine for

(a) 100,000 tasks on 1,000 agents: microseconds for each task over its whole life (launch, three
    updates, end), and milliseconds for one round of 1,000 offers while 100,000 tasks wait, of 50
    kinds and all different;
(f) how that grows: from 1,000 tasks to 100,000 (to a million with ``--full``), and from 10 agents
    to 10,000.

``--tasks=N --agents=N`` change (a). A table ends with the first row that takes longer than
``--limit=SECONDS`` (120), for the next one would take ten times as long. Everything is CPU time of
one run, so the rows can be compared with each other; nothing is asserted.
"""

from __future__ import annotations

import argparse
import gc
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charts import bars

from mesos_batch.collector import keep_what_is_there
from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine import launching
from mesos_batch.engine.books import Turn
from mesos_batch.engine.policy import Policy
from mesos_batch.engine.scheduler import BatchScheduler
from mesos_batch.model.offer import Offer
from mesos_batch.model.resources import Resources
from mesos_batch.model.state import TaskState
from mesos_batch.model.status import TaskStatus
from mesos_batch.model.task import TaskSpec

TASKS, AGENTS = 100_000, 1_000
KINDS = 50
AGENT = Resources.scalars(cpus=4, mem=8192)
# A task or two of each agent have just ended.
FREED = Resources.scalars(cpus=2, mem=4096)
LIFE = (TaskState.TASK_STARTING, TaskState.TASK_RUNNING, TaskState.TASK_FINISHED)


class Engine:
    """The engine with a clock of its own: seconds of CPU spent in it."""

    def __init__(self, tasks: list[TaskSpec], agents: int) -> None:
        self.now = 1000.0
        self.spent = 0.0
        self._offers = 0
        self._agents = [f"a{number}" for number in range(agents)]
        begin = time.process_time()
        self.scheduler = BatchScheduler(tasks, Policy(), self.now)
        self.made_in = time.process_time() - begin
        # As the engine thread of a run does.
        keep_what_is_there()
        totals = tuple(ev.AgentTotal(name, name, AGENT) for name in self._agents)
        self.hear([ev.Subscribed("F", "master")])
        self.hear([ev.AgentsListed(totals)])
        self.spent = 0.0

    def hear(self, events: list[ev.Event]) -> list[Turn]:
        """Let the engine handle these, and ask it for its next deadline as a driver does."""
        handle, deadline = self.scheduler.handle, self.scheduler.next_deadline
        turns = []
        begin = time.process_time()
        for event in events:
            turns.append(handle(event, self.now))
            deadline()
        self.spent += time.process_time() - begin
        return turns

    def offer(self, resources: Resources) -> list[tuple[str, str]]:
        """Offer this of every agent; gives the task and agent of each launch."""
        first = self._offers
        self._offers += len(self._agents)
        offers = tuple(
            Offer(f"O{first + number}", name, name, resources, role="*")
            for number, name in enumerate(self._agents)
        )
        (turn,) = self.hear([ev.OffersArrived(offers)])
        return [
            (task.task_id, launch.agent_id)
            for launch in turn.commands
            if isinstance(launch, do.Launch)
            for task in launch.tasks
        ]

    def live(self, launched: list[tuple[str, str]]) -> None:
        """Tell the three updates of each launched task."""
        updates: list[ev.Event] = [
            ev.UpdateArrived(
                TaskStatus(
                    task_id,
                    state,
                    agent_id=agent_id,
                    uuid=f"{task_id} {state.value}".encode(),
                    message="Command exited with status 0" if state.is_terminal else None,
                )
            )
            for state in LIFE
            for task_id, agent_id in launched
        ]
        self.hear(updates)


@dataclass(frozen=True, slots=True)
class Life:
    """Microseconds of CPU for each task."""

    made: float
    launch: float
    updates: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.made:9.1f} {self.launch:9.1f} {self.updates:9.1f} {self.total:9.1f}"

    @property
    def total(self) -> float:
        """Over the whole life."""
        return self.made + self.launch + self.updates


HEAD = f"{'READ':>9} {'LAUNCH':>9} {'UPDATES':>9} {'TOTAL':>9}"


def batch(count: int, kinds: int) -> list[TaskSpec]:
    """Tasks that need a cpu each and differ in memory; those of a kind share their resources."""
    needs = [Resources.scalars(cpus=1, mem=32 + kind / 1000) for kind in range(kinds)]
    return [TaskSpec(f"t{i}", f"t{i}", needs[i % kinds], b"") for i in range(count)]


def life(count: int, agents: int, kinds: int = KINDS) -> Life:
    """Run all tasks: whenever all agents are free they are offered whole."""
    engine = Engine(batch(count, kinds), agents)
    launching = living = 0.0
    left = count
    while left:
        before = engine.spent
        launched = engine.offer(AGENT)
        launching += engine.spent - before
        assert launched
        before = engine.spent
        engine.live(launched)
        living += engine.spent - before
        left -= len(launched)
        engine.now += 1.0
    each = 1e6 / count
    seconds = engine.made_in + engine.spent
    return Life(engine.made_in * each, launching * each, living * each, seconds)


def offer_round(count: int, agents: int, kinds: int) -> tuple[float, float, int]:
    """A round while ``count`` tasks wait: milliseconds of CPU, those of choosing, and launches."""
    engine = Engine(batch(count, kinds), agents)
    chosen_in = 0.0
    choose = launching.place

    def timed(*values: Any, **options: Any) -> None:
        nonlocal chosen_in
        begin = time.process_time()
        choose(*values, **options)
        chosen_in += time.process_time() - begin

    launching.place = timed
    launched = engine.offer(FREED)
    launching.place = choose
    return 1000 * engine.spent, 1000 * chosen_in, len(launched)


def growth(
    head: str, rows: list[tuple[int, int]], changing: int, limit: float
) -> list[tuple[str, float]]:
    """A table of rows ``(tasks, agents)``, of which the column ``changing`` grows."""
    print(f"\n{head:>12} {HEAD}   us for each task")
    totals: list[tuple[str, float]] = []
    for row in rows:
        measured = life(*row)
        totals.append((f"{row[changing]:,} {head.lower()}", measured.total))
        print(f"{row[changing]:12,} {measured}", flush=True)
        gc.collect()
        if measured.seconds > limit and row is not rows[-1]:
            print(f"{'':12} took {measured.seconds:.0f} s: the rest is left out")
            break
    return totals


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--agents", type=int, default=AGENTS)
    parser.add_argument("--limit", type=float, default=120.0)
    parser.add_argument("--full", action="store_true", help="up to a million tasks")
    parser.add_argument("--svg", type=Path, help="draw the growth")
    given = parser.parse_args()
    tasks, agents, limit = given.tasks, given.agents, given.limit

    print(f"(a) {tasks:,} tasks, {agents:,} agents")
    for kinds, name in ((KINDS, f"{KINDS} kinds"), (tasks, "all different")):
        taken, chosen_in, launched = offer_round(tasks, agents, kinds)
        print(
            f"    one round of offers, {name:14} {taken:12,.1f} ms, {chosen_in:,.1f} of them to"
            f" choose, {launched:,} launched",
            flush=True,
        )
        gc.collect()
    print(f"    whole life       {HEAD}   us for each task")
    print(f"    {KINDS} kinds         {life(tasks, agents)}", flush=True)
    print("\n(f) growth")
    counts = [1_000, 10_000, 100_000, *([1_000_000] if given.full else [])]
    rows = growth("TASKS", [(count, 100) for count in counts], 0, limit)
    rows += growth("AGENTS", [(10_000, count) for count in (10, 100, 1_000, 10_000)], 1, limit)
    if given.svg is not None:
        bars(given.svg, "Engine: CPU of each task over its whole life", rows, " us")


if __name__ == "__main__":
    main()
