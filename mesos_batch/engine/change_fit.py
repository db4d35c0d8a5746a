"""Which pieces of an offer a change takes, and what the offer holds afterwards.

Mesos matches strictly: what is reserved must be offered unreserved (or one level less reserved),
what is created needs its disk reserved in the same form, and a MOUNT disk is used whole. All
resources here are without allocation.
"""

from __future__ import annotations

from dataclasses import replace

from mesos_batch.model.resource import Disk, DiskSource, Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.model.value import contains


def fit_make(
    available: Resources, reserved: Resources, volumes: Resources
) -> tuple[Resources, Resources] | None:
    """What to reserve and what to create of ``available``, exactly; ``None`` when it does not fit.

    Disks with a source are replaced by those chosen: the whole of a MOUNT disk.
    """
    left = available
    to_reserve = reserved
    exact_reserved: list[Resource] = []
    exact_volumes: list[Resource] = []
    for volume in volumes:
        plain = volume.without_volume()
        reserves = to_reserve.contains(Resources([plain]))
        if reserves:
            to_reserve -= Resources([plain])
        needed = plain.pop_reservation() if reserves else plain
        chosen = _choose(left, needed)
        if chosen is None:
            return None
        left -= Resources([chosen])
        if reserves:
            exact_reserved.append(_as_chosen(plain, chosen))
        exact_volumes.append(_as_chosen(volume, chosen))
    for wish in to_reserve:
        chosen = _choose(left, wish.pop_reservation())
        if chosen is None:
            return None
        left -= Resources([chosen])
        exact_reserved.append(_as_chosen(wish, chosen))
    return Resources(exact_reserved), Resources(exact_volumes)


def after_make(available: Resources, reserved: Resources, volumes: Resources) -> Resources:
    """What an offer holds after these were reserved and created of it."""
    left = available - reserved.map(Resource.pop_reservation) + reserved
    return left - volumes.map(Resource.without_volume) + volumes


def fit_undo(
    available: Resources, reserved: Resources, volumes: Resources
) -> tuple[Resources, Resources]:
    """What of these can be unreserved and destroyed now, of an offer of their agent.

    The disk under a volume can only go once the volume does, be there as much of it as may.
    """
    destroyed = volumes.found_in(available)
    kept = volumes.without(destroyed)
    free = reserved.without(kept.map(Resource.without_volume))
    return after_destroy(available, destroyed).common(free), destroyed


def after_destroy(available: Resources, volumes: Resources) -> Resources:
    """What an offer holds after these were destroyed."""
    return available.without(volumes) + volumes.map(Resource.without_volume)


def _choose(available: Resources, wish: Resource) -> Resource | None:
    """The part of ``available`` that becomes ``wish``: of fitting disks the smallest."""
    candidates = [item for item in available if _is_like(item, wish)]
    if not candidates:
        return None
    smallest = min(candidates, key=_size)
    return smallest if smallest.is_indivisible else smallest.with_value(wish.value)


def _size(resource: Resource) -> int:
    return resource.value.milli if isinstance(resource.value, Scalar) else 0


def _is_like(offered: Resource, wish: Resource) -> bool:
    if not contains(offered.value, wish.value) or offered.shared or offered.revocable:
        return False
    if _without_source(offered).key != _without_source(wish).key:
        return False
    return _source_fits(_source(offered), _source(wish))


def _source_fits(offered: DiskSource | None, wish: DiskSource | None) -> bool:
    """Whether an offered source is the wished one; what the wish leaves open may be anything."""
    if offered is None or wish is None:
        return offered is wish
    return offered.type is wish.type and all(
        getattr(wish, name) in (None, getattr(offered, name))
        for name in ("root", "vendor", "id", "profile")
    )


def _source(resource: Resource) -> DiskSource | None:
    return resource.disk.source if resource.disk is not None else None


def _without_source(resource: Resource) -> Resource:
    if resource.disk is None:
        return resource
    bare = replace(resource.disk, source=None)
    return replace(resource, disk=None if bare == Disk() else bare)


def _as_chosen(wish: Resource, chosen: Resource) -> Resource:
    """The wish with the size and the disk source of what was chosen for it."""
    exact = wish.with_value(chosen.value)
    source = _source(chosen)
    if source is None or exact.disk is None:
        return exact
    return replace(exact, disk=replace(exact.disk, source=source))
