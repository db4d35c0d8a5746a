"""Why a task waits: the agent that comes nearest to having room for it, and what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.engine.vector import NAMES, Vector, fits
from mesos_batch.model.scalar import format_milli

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = {"cpus": "", "mem": " MB", "disk": " MB", "gpus": ""}


@dataclass(frozen=True, slots=True)
class Room:
    """An agent: what of it is free, and what it has in all, in thousandths."""

    name: str
    free: Vector
    total: Vector


def nearest_miss(wanted: Vector, rooms: Sequence[Room]) -> str | None:
    """Say what the best of the agents lacks: ``needs 4 cpus, best agent a has 3.5 free, 8 in all``.

    ``None`` when one of them has room, or none ever could.
    """
    able = [room for room in rooms if fits(wanted, room.total)]
    if not able or any(fits(wanted, room.free) for room in able):
        return None
    best = max(able, key=lambda room: _least_share(wanted, room.free))
    lacking = [index for index in range(len(NAMES)) if wanted[index] > max(0, best.free[index])]
    needs = _listed(f"{amount(wanted[index], NAMES[index])}" for index in lacking)
    has = _listed(
        f"{bare(max(0, best.free[index]), NAMES[index], alone=len(lacking) == 1)} free,"
        f" {bare(best.total[index], NAMES[index], alone=len(lacking) == 1)} in all"
        for index in lacking
    )
    return f"needs {needs}, best agent {best.name} has {has}"


def no_more_may_run(limit: int) -> str:
    """Say that so many tasks run as may."""
    return f"{limit} run, and more may not (--max_running)"


def amount(milli: int, name: str) -> str:
    """``4 cpus``, ``512 MB mem``."""
    return f"{format_milli(milli)}{_UNITS[name]} {name}"


def bare(milli: int, name: str, *, alone: bool) -> str:
    """The amount, with its name unless it is clear which is meant."""
    return f"{format_milli(milli)}{_UNITS[name]}" if alone else amount(milli, name)


def _least_share(wanted: Vector, free: Vector) -> float:
    return min(have / want for want, have in zip(wanted, free, strict=True) if want)


def _listed(words: Iterable[str]) -> str:
    return " and ".join(words)
