"""What an agent has: its total resources, checkpointed, and the directories of its volumes.

Reservations and volumes survive a restart with the same work directory.
Source: ``src/slave/paths.cpp`` (``getPersistentVolumePath``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.errors import UsageError
from mesos_batch.local.agent import sandbox
from mesos_batch.local.options import LocalOptions
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import CPUS, DISK, GPUS, MEM, PORTS, Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.protocol import json_dialect, values

_CHECKPOINT = Path("meta", "resources.json")


def configured_resources(options: LocalOptions) -> Resources:
    """The resources of an agent nobody has reserved anything on."""
    entries = [
        Resource(CPUS, Scalar.of(options.cpus)),
        Resource(MEM, Scalar.of(options.mem)),
        Resource(DISK, Scalar.of(options.disk)),
        Resource(PORTS, Ranges.of(options.ports)),
    ]
    if options.gpus:
        entries.insert(2, Resource(GPUS, Scalar.of(options.gpus)))
    return Resources(entries)


def attributes(texts: tuple[str, ...]) -> Iterator[pb.Attribute]:
    """Attributes written ``name:value``; a value that is a number becomes a scalar.

    Raises:
        UsageError: there is no colon, or nothing before it.
    """
    for text in texts:
        name, colon, value = text.partition(":")
        if not name or not colon:
            raise UsageError(f"'{text}' is not an attribute", "write name:value, as rack:r1")
        try:
            yield pb.Attribute(
                name=name, type=pb.Value.SCALAR, scalar=pb.Value.Scalar(value=float(value))
            )
        except ValueError:
            yield pb.Attribute(name=name, type=pb.Value.TEXT, text=pb.Value.Text(value=value))


class AgentResources:
    """The total resources of one agent and the files behind them."""

    def __init__(self, options: LocalOptions, work_dir: Path) -> None:
        self._work_dir = work_dir
        self._checkpoint = work_dir / _CHECKPOINT
        self.total = self._restored(configured_resources(options))

    def apply(self, total: Resources) -> None:
        """Take the resources after an operation: checkpoint, make and remove volumes. Blocks."""
        before = {self._path(volume) for volume in self.total.persistent_volumes()}
        after = {self._path(volume) for volume in total.persistent_volumes()}
        for path in after - before:
            path.mkdir(parents=True, exist_ok=True)
        self._write(total)
        self.total = total
        for path in before - after:
            sandbox.remove_tree(path)

    def volume_directory(self, resource: pb.Resource) -> Path:
        """Where the data of a persistent volume is."""
        return self._path(values.resource_from(resource))

    def _path(self, volume: Resource) -> Path:
        assert volume.disk is not None
        assert volume.disk.persistence_id is not None
        # A slash in a hierarchical role would be a folder; Mesos writes a space instead.
        role = (volume.reservation_role or values.UNRESERVED_ROLE).replace("/", " ")
        return self._work_dir / "volumes" / "roles" / role / volume.disk.persistence_id

    def _write(self, total: Resources) -> None:
        text = json.dumps([json_dialect.to_value(item) for item in values.resources_to(total)])
        self._checkpoint.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._checkpoint.with_suffix(".tmp")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(self._checkpoint)

    def _restored(self, configured: Resources) -> Resources:
        try:
            text = self._checkpoint.read_text(encoding="utf-8")
            read = values.resources_from(
                json_dialect.from_value(item, pb.Resource) for item in json.loads(text)
            )
        except FileNotFoundError:
            return configured
        except (OSError, ValueError) as error:
            raise UsageError(
                f"The agent's resources cannot be read from {self._checkpoint}: {error}",
                "use another work directory, or remove the file to give up its reservations",
            ) from None
        kept = read.reserved()
        plain = kept.map(lambda resource: replace(resource, reservations=(), disk=None))
        if not configured.contains(plain):
            raise UsageError(
                f"The reservations in {self._checkpoint} need {plain}, the agent has {configured}",
                "give the agent at least as much, or use another work directory",
            )
        return configured - plain + kept
