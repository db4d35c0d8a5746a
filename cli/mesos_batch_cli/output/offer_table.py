"""Offers as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mesos_batch.model.cluster import volume_id
from mesos_batch.model.offer import attribute_texts
from mesos_batch.model.resource_text import in_few_words
from mesos_batch.model.resources import CPUS, DISK, GPUS, MEM, Resources
from mesos_batch_cli.output.short_ids import short_ids
from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.table import table
from mesos_batch_cli.output.text import elapsed

if TYPE_CHECKING:
    from mesos_batch.cluster import Outstanding
    from mesos_batch.model.offer import Offer, Unavailability

_OFFERS = (
    "AGENT", "HOST", "FRAMEWORK", "ROLE", "RESOURCES", "RESERVED", "VOLUMES", "ATTRIBUTES",
    "DOMAIN", "MAINTENANCE",
)  # fmt: skip
_ORDER = {name: place for place, name in enumerate((CPUS, MEM, GPUS, DISK))}


def offer_table(found: Sequence[Outstanding], paint: Paint, width: int | None) -> list[str]:
    """A row for each offer: what is nobody's, what is reserved, and the volumes on that."""
    short = short_ids(item.offer.agent_id for item in found)
    rows = [
        (
            short[item.offer.agent_id],
            item.offer.hostname,
            item.framework_name or item.framework_id or "",
            "" if item.framework_id is None else item.role,
            in_few_words(_ordered(item.offer.resources.unreserved())),
            _reserved(item.offer),
            ", ".join(f"{volume_id(it)} {it.value} MB" for it in _volumes(item.offer)),
            " ".join(f"{name}:{text}" for name, text in _attributes(item.offer).items()),
            item.offer.domain or "",
            _window(item.offer.unavailability),
        )
        for item in found
    ]
    return table(_OFFERS, rows, paint, width)


def _ordered(resources: Resources) -> Resources:
    """What is asked for most comes first; a master has an order of its own."""
    return Resources(sorted(resources, key=lambda item: _ORDER.get(item.name, len(_ORDER))))


def _reserved(offer: Offer) -> str:
    plain = _ordered(offer.resources.beside_volumes())
    return "; ".join(f"{in_few_words(plain.reserved(role))} ({role})" for role in plain.roles())


def _volumes(offer: Offer) -> Resources:
    return offer.resources.persistent_volumes()


def _attributes(offer: Offer) -> dict[str, str]:
    return attribute_texts(offer.attributes)


def _window(unavailability: Unavailability | None) -> str:
    if unavailability is None:
        return ""
    begin = datetime.fromtimestamp(unavailability.start).astimezone().isoformat(" ", "minutes")
    duration = unavailability.duration
    return begin if duration is None else f"{begin} for {elapsed(duration)}"


def offer_fields(item: Outstanding) -> dict[str, Any]:
    """An offer; resources in the text form of Mesos, sizes MB, times seconds (epoch)."""
    offer = item.offer
    plain = _ordered(offer.resources.beside_volumes())
    window = offer.unavailability
    return {
        "offer_id": offer.offer_id,
        "agent_id": offer.agent_id,
        "hostname": offer.hostname,
        "framework_id": item.framework_id,
        "framework_name": item.framework_name,
        "role": item.role,
        "resources": in_few_words(_ordered(offer.resources.unreserved())) or None,
        "reserved": {role: in_few_words(plain.reserved(role)) for role in plain.roles()},
        "volumes": [
            {
                "id": volume_id(volume),
                "role": volume.reservation_role,
                "size": Resources([volume]).amount(volume.name),
            }
            for volume in _volumes(offer)
        ],
        "attributes": _attributes(offer),
        "domain": offer.domain,
        "unavailability": (
            None if window is None else {"start": window.start, "duration": window.duration}
        ),
    }
