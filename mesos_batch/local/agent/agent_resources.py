"""What an agent has: its total resources, checkpointed, and the directories of its volumes.

Reservations and volumes survive a restart with the same work directory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.errors import UsageError
from mesos_batch.local.agent.disks import Disks
from mesos_batch.local.agent.resources_flag import read_resources
from mesos_batch.local.options import LocalOptions
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resource import ReservationType, Resource
from mesos_batch.model.resources import CPUS, DISK, GPUS, MEM, PORTS, Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.protocol import json_dialect, values

_CHECKPOINT = Path("meta", "resources.json")


def configured_resources(options: LocalOptions, work_dir: Path) -> Resources:
    """The resources of an agent nobody has reserved anything on.

    Raises:
        UsageError: ``options.resources`` cannot be read, or has a disk in an impossible place.
    """
    given = read_resources(options.resources) if options.resources is not None else []
    named = {message.name for message in given}
    defaults = [
        Resource(CPUS, Scalar.of(options.cpus)),
        Resource(MEM, Scalar.of(options.mem)),
        Resource(GPUS, Scalar.of(options.gpus)),
        Resource(DISK, Scalar.of(options.disk)),
        Resource(PORTS, Ranges.of(options.ports)),
    ]
    disks = Disks(work_dir, shares_roots=options.agents > 1)
    return Resources(
        [
            *(disks.place(values.resource_from(message)) for message in given),
            *(resource for resource in defaults if resource.name not in named),
        ]
    )


def attributes(texts: tuple[str, ...]) -> Iterator[pb.Attribute]:
    """Attributes written ``name:value``; a value that is a number becomes a scalar.

    Raises:
        UsageError: there is no colon, or nothing before it.
    """
    for text in texts:
        name, colon, value = text.partition(":")
        if not name or not colon:
            raise UsageError(f"'{text}' is not an attribute", "Write name:value, as rack:r1.")
        try:
            yield pb.Attribute(
                name=name, type=pb.Value.SCALAR, scalar=pb.Value.Scalar(value=float(value))
            )
        except ValueError:
            yield pb.Attribute(name=name, type=pb.Value.TEXT, text=pb.Value.Text(value=value))


class AgentResources:
    """The total resources of one agent and the files behind them."""

    def __init__(self, options: LocalOptions, work_dir: Path) -> None:
        self._checkpoint = work_dir / _CHECKPOINT
        self._disks = Disks(work_dir)
        self.configured = configured_resources(options, work_dir)
        self.total = self._restored()

    def prepare(self) -> None:
        """Make the directories of disks that are not there. Blocks.

        Raises:
            UsageError: one cannot be made.
        """
        self._disks.make_roots(self.configured)

    def apply(self, total: Resources) -> None:
        """Take the resources after an operation: checkpoint, make and remove volumes. Blocks."""
        before = {self._disks.directory(it): it for it in self.total.persistent_volumes()}
        after = {self._disks.directory(it): it for it in total.persistent_volumes()}
        for path in after.keys() - before.keys():
            path.mkdir(parents=True, exist_ok=True)
        self._write(total)
        self.total = total
        for path in before.keys() - after.keys():
            self._disks.remove(before[path])

    def volume_directory(self, resource: pb.Resource) -> Path:
        """Where the data of a persistent volume is."""
        return self._disks.directory(values.resource_from(resource))

    def _write(self, total: Resources) -> None:
        text = json.dumps([json_dialect.to_value(item) for item in values.resources_to(total)])
        self._checkpoint.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._checkpoint.with_suffix(".tmp")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(self._checkpoint)

    def _restored(self) -> Resources:
        try:
            text = self._checkpoint.read_text(encoding="utf-8")
            read = values.resources_from(
                json_dialect.from_value(item, pb.Resource) for item in json.loads(text)
            )
        except FileNotFoundError:
            return self.configured
        except (OSError, ValueError) as error:
            raise UsageError(
                f"the agent's resources cannot be read from {self._checkpoint}: {error}",
                "Use another work directory, or remove the file to give up its reservations.",
            ) from None
        kept = read.filter(lambda item: item.is_dynamically_reserved or item.is_persistent_volume)
        plain = kept.map(_as_configured)
        if not self.configured.contains(plain):
            raise UsageError(
                f"the reservations in {self._checkpoint} need {plain}, "
                f"the agent has {self.configured}",
                "Give the agent at least as much, or use another work directory.",
            )
        return self.configured - plain + kept


def _as_configured(resource: Resource) -> Resource:
    """What a resource was before any operation: static reservations and disk sources stay."""
    static = (it for it in resource.reservations if it.type is ReservationType.STATIC)
    return replace(resource.without_volume(), reservations=tuple(static))
