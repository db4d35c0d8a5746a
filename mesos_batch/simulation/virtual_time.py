"""Drives the engine and a virtual cluster to the end of a run, from event to event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.engine import events as ev

if TYPE_CHECKING:
    from mesos_batch.engine.books import Turn
    from mesos_batch.engine.scheduler import BatchScheduler
    from mesos_batch.simulation.virtual_cluster import VirtualCluster

# The engine's own clocks begin after zero, as every real clock has.
BEGIN = 1000.0
# Longer than any patience of the engine: what has not been launched by then never will be.
PATIENCE = 3600.0


@dataclass(frozen=True, slots=True)
class Driven:
    """How it went: ``ended`` is false when tasks wait and nothing more would happen.

    ``now`` is the time of the last event, ``handled`` how many there were.
    """

    ended: bool
    now: float
    handled: int


def drive(
    scheduler: BatchScheduler,
    cluster: VirtualCluster,
    now: float = BEGIN,
    on_turn: Callable[[Turn, float], None] | None = None,
) -> Driven:
    """Run until the engine has ended, or for an hour nothing runs and nothing is launched.

    ``now`` is the time both were made at. ``on_turn`` sees each turn and its time.
    """
    handled = 0
    busy_at = now
    while not scheduler.ended:
        happens_at, is_clock = _next(scheduler, cluster, now)
        if happens_at is None:
            break
        now = max(now, happens_at)
        event = ev.TimePassed() if is_clock else cluster.take(now)
        if cluster.active:
            busy_at = now
        elif now - busy_at > PATIENCE:
            break
        if event is None:
            continue
        turn = scheduler.handle(event, now)
        handled += 1
        for command in turn.commands:
            cluster.call(command, now)
        if on_turn is not None:
            on_turn(turn, now)
    return Driven(scheduler.ended, now, handled)


def _next(
    scheduler: BatchScheduler, cluster: VirtualCluster, now: float
) -> tuple[float | None, bool]:
    """When something happens next, and whether that is a deadline of the engine's own."""
    happens_at = cluster.next_time()
    # What happens at this instant is heard before any clock is looked at.
    if happens_at is not None and happens_at <= now:
        return happens_at, False
    deadline = scheduler.next_deadline()
    if deadline is None or (happens_at is not None and happens_at <= deadline):
        return happens_at, False
    return deadline, True
