"""Cpus, memory, disk and gpus as four whole numbers, which compare and pack cheaply.

Only plain scalars count: volumes, disks with a source, revocable and shared resources are taken
by name and never by amount.
"""

from __future__ import annotations

from collections.abc import Iterable

from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import CPUS, DISK, GPUS, MEM
from mesos_batch.model.scalar import Scalar

Vector = tuple[int, int, int, int]
NAMES = (CPUS, MEM, DISK, GPUS)
ZERO: Vector = (0, 0, 0, 0)
# What a whole cluster counts as, in each dimension.
_WHOLE = 1 << 40
# Before anything is known of the cluster a cpu weighs as much as 4 GB of memory.
_FIRST_WEIGHTS: Vector = (4096, 1, 0, 0)


def vector(resources: Iterable[Resource]) -> Vector:
    """The plain scalars in thousandths, whatever their reservation."""
    cpus = mem = disk = gpus = 0
    for resource in resources:
        value = resource.value
        if not isinstance(value, Scalar) or resource.is_special:
            continue
        name = resource.name
        if name == CPUS:
            cpus += value.milli
        elif name == MEM:
            mem += value.milli
        elif name == DISK:
            disk += value.milli
        elif name == GPUS:
            gpus += value.milli
    return cpus, mem, disk, gpus


def fits(wanted: Vector, free: Vector) -> bool:
    """Whether there is enough in each dimension."""
    return (
        wanted[0] <= free[0]
        and wanted[1] <= free[1]
        and wanted[2] <= free[2]
        and wanted[3] <= free[3]
    )


def how_often(wanted: Vector, free: Vector) -> int | None:
    """How many times it fits; ``None`` when it wants nothing."""
    times = [have // want for want, have in zip(wanted, free, strict=True) if want]
    return min(times, default=None)


def minus(free: Vector, wanted: Vector, times: int = 1) -> Vector:
    """Take something away so many times."""
    return (
        free[0] - times * wanted[0],
        free[1] - times * wanted[1],
        free[2] - times * wanted[2],
        free[3] - times * wanted[3],
    )


def plus(left: Vector, right: Vector, times: int = 1) -> Vector:
    """Add something so many times."""
    return minus(left, right, -times)


def weights(total: Vector) -> Vector:
    """How much a thousandth of each weighs, so that all of a cluster's cpus weigh as its memory.

    Disk and gpus do not weigh: what is short decides, and these are short only where tasks ask
    for them by the thousand. ``total`` is all the cluster has.
    """
    if not total[0] or not total[1]:
        return _FIRST_WEIGHTS
    return _WHOLE // total[0], _WHOLE // total[1], 0, 0


def weigh(amount: Vector, by: Vector) -> int:
    """One number for how much that is."""
    return amount[0] * by[0] + amount[1] * by[1] + amount[2] * by[2] + amount[3] * by[3]
