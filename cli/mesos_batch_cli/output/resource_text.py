"""Resources in few words: ``cpus:2; mem:64; disk:1024``, whoever they are reserved for."""

from __future__ import annotations

from dataclasses import replace

from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import Resources


def amounts(resources: Resources) -> str:
    """What there is of each kind, volumes as the disk they are."""
    plain = resources.map(lambda item: replace(item.without_volume(), reservations=()))
    return "; ".join(str(item) for item in plain)


def megabytes(volume: Resource) -> str:
    """The size of a volume: ``1024 MB``."""
    return f"{volume.value} MB"
