"""The ``--resources`` of an agent, in the two forms of Mesos: text, or a JSON array.

    cpus:4;mem(role):1024;ports:[31000-31005,31010-31020];zones:{a,b}
    [{"name": "disk", "type": "SCALAR", "scalar": {"value": 500}, "disk": {"source": ...}}]

Disks with a source (``PATH`` or ``MOUNT``) can be written in JSON only. What operations make, such
as dynamic reservations and volumes, cannot be written at all.
Source: ``Resources::parse`` in ``src/common/resources.cpp``.
"""

from __future__ import annotations

import json

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.errors import UsageError
from mesos_batch.local.resource_format import describe, validate_one_format
from mesos_batch.model.resource_text import parse_resources
from mesos_batch.model.resources import GPUS
from mesos_batch.protocol import json_dialect, values

_FORMS = "write cpus:4;disk(role):500;ports:[1-5], or a JSON array of Resource messages"
_Source = pb.Resource.DiskInfo.Source


def read_resources(text: str) -> list[pb.Resource]:
    """The resources in a flag; those of the value 0 too, for they say that there is nothing.

    Raises:
        UsageError: they are not well-formed, or not for an agent to be given.
    """
    try:
        read = _json_array(text) if text.lstrip().startswith("[") else _entries(text)
    except ValueError as error:
        raise UsageError(f"the resources of the agents: {error}", _FORMS) from None
    types: dict[str, pb.Value.Type] = {}
    for message in read:
        _check(message)
        if types.setdefault(message.name, message.type) != message.type:
            raise _wrong(message, "another one of the same name has another type")
    return read


def _entries(text: str) -> list[pb.Resource]:
    return [values.resource_to(resource) for resource in parse_resources(text)]


def _json_array(text: str) -> list[pb.Resource]:
    read = []
    for index, item in enumerate(json.loads(text)):
        try:
            read.append(json_dialect.from_value(item, pb.Resource))
        except json_dialect.JsonDialectError as error:
            raise ValueError(f"[{index}]: {error}") from None
    return read


def _check(message: pb.Resource) -> None:
    try:
        validate_one_format(message)
    except ValueError as error:
        raise _wrong(message, str(error)) from None
    if message.HasField("revocable"):
        raise _wrong(message, "an agent cannot be given revocable resources")
    if message.disk.HasField("persistence"):
        raise _wrong(message, "persistent volumes are made by frameworks, with CREATE")
    dynamic = any(item.type == item.DYNAMIC for item in message.reservations)
    if dynamic or message.HasField("reservation"):
        raise _wrong(
            message, "dynamic reservations are made by frameworks; write a STATIC one, or a role"
        )
    if message.HasField("allocation_info") or message.HasField("provider_id"):
        raise _wrong(message, "allocation_info and provider_id are not for an agent to be given")
    if message.name == GPUS and message.scalar.value % 1:
        raise _wrong(message, "gpus are whole numbers")
    if message.HasField("disk"):
        _check_disk(message)


def _check_disk(message: pb.Resource) -> None:
    source = message.disk.source
    if message.disk.HasField("volume") or not message.disk.HasField("source"):
        raise _wrong(message, "'disk' must have a 'source' and nothing else")
    if source.type not in (_Source.PATH, _Source.MOUNT):
        raise _wrong(message, "the type of a disk source is PATH or MOUNT")
    name = _Source.Type.Name(source.type).lower()
    if {field.name for field, _ in source.ListFields()} != {"type", name}:
        raise _wrong(message, f"a source of this type has 'type' and '{name}' and nothing else")
    root = source.path.root if source.type == _Source.PATH else source.mount.root
    if not root:
        raise _wrong(message, f'it lacks the directory: "{name}": {{"root": "/data/d1"}}')


def _wrong(message: pb.Resource, why: str) -> UsageError:
    return UsageError(f"the resources of the agents: {describe(message)}: {why}", _FORMS)
