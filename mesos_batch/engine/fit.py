"""Whether a task fits resources, and which pieces of them it then takes.

A task list asks for plain ``cpus:1``; an offer may hold that as 0.5 reserved for our role and
0.5 unreserved. Mesos matches strictly (``Resources::contains``), so the exact pieces must be
written into the task: what is reserved for us first, then what is not.
"""

from __future__ import annotations

from collections.abc import Iterable

from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.value import common, minus


def take(available: Resources, wanted: Resources) -> Resources | None:
    """Choose the pieces of ``available`` that make up ``wanted``; ``None`` when it does not fit.

    A wanted resource that names a reservation, a disk, or is revocable or shared is matched as
    it is written. A plain one takes from reserved resources first, never from volumes, disks
    with a source, or revocable ones.
    """
    chosen: list[Resource] = []
    left = available
    # Exact ones first: a plain wish must not take what somebody names.
    for resource in sorted(wanted, key=_is_plain):
        pieces = _pieces(left, resource) if _is_plain(resource) else _exact(left, resource)
        if pieces is None:
            return None
        part = Resources(pieces)
        left = left.without(part.filter(lambda piece: not piece.shared))
        chosen.extend(pieces)
    return Resources(chosen)


def _is_plain(resource: Resource) -> bool:
    return not (resource.reservations or resource.disk or resource.revocable or resource.shared)


def _exact(available: Resources, wanted: Resource) -> list[Resource] | None:
    for offered in available:
        like = wanted.allocated_to(offered.allocation_role)
        if offered.key == like.key and Resources([offered]).contains(Resources([like])):
            return [like]
    return None


def _pieces(available: Resources, wanted: Resource) -> list[Resource] | None:
    candidates = [
        offered
        for offered in available
        if offered.name == wanted.name
        and type(offered.value) is type(wanted.value)
        and not (offered.disk or offered.revocable or offered.shared)
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
