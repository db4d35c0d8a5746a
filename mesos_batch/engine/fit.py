"""Whether a task fits resources, and which pieces of them it then takes.

A task list asks for plain ``cpus:1``; an offer may hold that as 0.5 reserved for our role and
0.5 unreserved. Mesos matches strictly (``Resources::contains``), so the exact pieces must be
written into the task: what is reserved for us first, then what is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.value import common, contains, minus


def take(available: Resources, wanted: Resources) -> Resources | None:
    """Choose the pieces of ``available`` that make up ``wanted``; ``None`` when it does not fit.

    A wanted resource that names a reservation, a disk, or is revocable or shared is matched as
    it is written, a persistent volume by its id. A plain one takes from reserved resources first,
    never from volumes, disks with a source, or revocable ones.
    """
    chosen: list[Resource] = []
    left = available
    # Exact ones first: a plain wish must not take what somebody names.
    for resource in sorted(wanted, key=is_plain):
        pieces = _pieces(left, resource) if is_plain(resource) else _exact(left, resource)
        if pieces is None:
            return None
        part = Resources(pieces)
        left = left.without(part.filter(lambda piece: not piece.shared))
        chosen.extend(pieces)
    return Resources(chosen)


def is_plain(resource: Resource) -> bool:
    """Whether an amount is all it is: nothing that must be taken by name."""
    return not (resource.reservations or resource.is_special)


def _exact(available: Resources, wanted: Resource) -> list[Resource] | None:
    if wanted.is_persistent_volume:
        return _volume(available, wanted)
    for offered in available:
        like = wanted.allocated_to(offered.allocation_role)
        if offered.key == like.key and Resources([offered]).contains(Resources([like])):
            return [like]
    return None


def _volume(available: Resources, wanted: Resource) -> list[Resource] | None:
    """The offered volume with this id, as it is but for where it appears in the sandbox.

    A wish may leave out the reservation, the place and, as a least size that any has, the size.
    """
    for offered in available:
        if offered.disk is None or wanted.disk is None:
            continue
        same = offered.disk.persistence_id == wanted.disk.persistence_id
        if same and _is_reserved_as(offered, wanted) and contains(offered.value, wanted.value):
            if wanted.disk.source not in (None, offered.disk.source):
                continue
            place = wanted.disk.volume or offered.disk.volume
            return [replace(offered, disk=replace(offered.disk, volume=place))]
    return None


def _is_reserved_as(offered: Resource, wanted: Resource) -> bool:
    """Whether the reservation is the one a wish names; what it leaves out may be anything."""
    if not wanted.reservations:
        return True
    if offered.reservation_role != wanted.reservation_role:
        return False
    theirs, ours = offered.reservations[-1], wanted.reservations[-1]
    return (
        theirs.type is ours.type
        and ours.principal in (None, theirs.principal)
        and ours.labels in ((), theirs.labels)
    )


def _pieces(available: Resources, wanted: Resource) -> list[Resource] | None:
    candidates = [
        offered
        for offered in available
        if offered.name == wanted.name
        and type(offered.value) is type(wanted.value)
        and not offered.is_special
    ]
    candidates.sort(key=lambda offered: not offered.reservations)
    missing = wanted.value
    pieces: list[Resource] = []
    for offered in candidates:
        piece = common(offered.value, missing)
        if piece.is_empty:
            continue
        pieces.append(offered.with_value(piece))
        missing = minus(missing, piece)
        if missing.is_empty:
            return pieces
    return None


def usable(resources: Iterable[Resource], role: str) -> Resources:
    """What of an agent's resources can be offered to ``role``: its own and nobody's.

    Reservations for a role are offered to it and its descendants (``a`` to ``a/b``).
    """

    def ours(resource: Resource) -> bool:
        owner = resource.reservation_role
        return owner is None or owner == role or role.startswith(f"{owner}/")

    return Resources(resource for resource in resources if ours(resource))
