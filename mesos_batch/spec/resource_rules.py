"""Rules for the resources of a task or an executor, each resource by itself and all together.

Those of the master (``Resources::validate`` in ``src/common/resources.cpp``, ``resource::validate``
in ``src/master/validation.cpp``) and stricter ones: an amount of zero makes no sense, and a
volume an agent would skip without a word is a mistake.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.scalar import MILLI, to_milli
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.reservation_rules import is_dynamic, reservation_findings
from mesos_batch.spec.volume_rules import (
    Purpose,
    names_by_id,
    unique_volume_findings,
    volume_findings,
)

_VALUE_FIELDS = {pb.Value.SCALAR: "scalar", pb.Value.RANGES: "ranges", pb.Value.SET: "set"}
_EXAMPLES = {
    "scalar": '"scalar": {"value": 1}',
    "ranges": '"ranges": {"range": [{"begin": 31000, "end": 31001}]}',
    "set": '"set": {"item": ["a"]}',
}
# No agent offers these names with another type.
_USUAL_TYPES = {
    "cpus": pb.Value.SCALAR,
    "mem": pb.Value.SCALAR,
    "disk": pb.Value.SCALAR,
    "gpus": pb.Value.SCALAR,
    "ports": pb.Value.RANGES,
}
_LARGEST = ((1 << 63) - 1) // MILLI
_Source = pb.Resource.DiskInfo.Source


def resource_findings(resources: Sequence[pb.Resource], purpose: Purpose) -> Iterator[Finding]:
    """All findings; their paths begin with the index of the resource."""
    for index, resource in enumerate(resources):
        for finding in _one(resource, purpose):
            yield finding.under(index)
    yield from _gpus(resources)
    yield from unique_volume_findings(resources, purpose)
    yield from _one_revocability(resources)
    yield from _one_allocation(resources)


def _one(resource: pb.Resource, purpose: Purpose) -> Iterator[Finding]:
    if not resource.name:
        yield Finding(("name",), "a resource must have a name", "cpus, mem, disk, gpus, ports, ...")
    yield from _value(resource, purpose)
    if resource.HasField("disk"):
        yield from _disk(resource, purpose)
    yield from reservation_findings(resource)
    if resource.HasField("shared") and not resource.disk.HasField("persistence"):
        yield Finding(("shared",), "only persistent volumes can be shared", "remove shared")
    if resource.HasField("revocable") and is_dynamic(resource):
        yield Finding(("revocable",), "a dynamically reserved resource cannot be revocable")


def _value(resource: pb.Resource, purpose: Purpose) -> Iterator[Finding]:
    kind = pb.Value.Type.Name(resource.type)
    wanted = _VALUE_FIELDS.get(resource.type)
    present = [name for name in _VALUE_FIELDS.values() if resource.HasField(name)]
    if wanted is None:
        hint = "a resource is SCALAR, RANGES or SET"
        yield Finding(("type",), f"{kind} is for attributes of agents only", hint)
        return
    usual = _USUAL_TYPES.get(resource.name, resource.type)
    if usual != resource.type:
        hint = f"no agent offers {resource.name} as {kind}"
        yield Finding(("type",), f"{resource.name} must be {pb.Value.Type.Name(usual)}", hint)
    elif not present:
        if not names_by_id(resource, purpose):
            hint = f"add {_EXAMPLES[wanted]}"
            yield Finding((wanted,), f"a {kind} resource needs a value", hint)
    elif present != [wanted]:
        extra = next(name for name in present if name != wanted)
        yield Finding(("type",), f"{kind} does not go with the field {extra}", "keep one of them")
    elif wanted == "scalar":
        yield from _scalar(resource, _instead_of_none(resource, purpose))
    elif wanted == "ranges":
        yield from _ranges(resource, _instead_of_none(resource, purpose))
    else:
        yield from _set(resource, _instead_of_none(resource, purpose))


def _instead_of_none(resource: pb.Resource, purpose: Purpose) -> str:
    """The remedy for a resource that asks for nothing."""
    if names_by_id(resource, purpose):
        return "leave scalar out if any size will do"
    if purpose is Purpose.CREATION:
        return "leave the resource out, or say how much of it"
    return "leave the resource out if the task needs none"


def _scalar(resource: pb.Resource, instead: str) -> Iterator[Finding]:
    path, value = ("scalar", "value"), resource.scalar.value
    if not math.isfinite(value):
        yield Finding(path, "an amount must be finite", "only limits may be infinite")
    elif value < 0:
        yield Finding(path, f"{value:g} {resource.name} is less than nothing", instead)
    elif value == 0:
        yield Finding(path, f"0 {resource.name} asks for nothing", instead)
    elif value > _LARGEST:
        yield Finding(path, f"{value:g} {resource.name} is more than Mesos can count")
    elif to_milli(value) == 0:
        hint = "Mesos counts in thousandths: at least 0.001"
        yield Finding(path, f"{value:g} {resource.name} is rounded to 0", hint)


def _ranges(resource: pb.Resource, instead: str) -> Iterator[Finding]:
    spans = resource.ranges.range
    if not spans:
        yield Finding(("ranges", "range"), f"no {resource.name} asked for", instead)
    fine: list[tuple[int, int, int]] = []
    for index, span in enumerate(spans):
        path = ("ranges", "range", index)
        if span.begin > span.end:
            message = f"the range {span.begin}-{span.end} ends before it begins"
            yield Finding(path, message, "swap begin and end")
        else:
            fine.append((span.begin, span.end, index))
    fine.sort()
    reach = fine[0] if fine else (0, 0, 0)
    for begin, end, index in fine[1:]:
        if begin <= reach[1]:
            later, earlier = max(index, reach[2]), min(index, reach[2])
            a, b = spans[later], spans[earlier]
            message = f"the range {a.begin}-{a.end} overlaps {b.begin}-{b.end}"
            yield Finding(("ranges", "range", later), message)
        reach = max(reach, (begin, end, index), key=lambda span: span[1])


def _set(resource: pb.Resource, instead: str) -> Iterator[Finding]:
    items = resource.set.item
    if not items:
        yield Finding(("set", "item"), f"no {resource.name} asked for", instead)
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item in seen:
            yield Finding(("set", "item", index), f"'{item}' is in the set twice", "remove one")
        seen.add(item)


def _disk(resource: pb.Resource, purpose: Purpose) -> Iterator[Finding]:
    disk = resource.disk
    if resource.name != "disk":
        message = f"a disk description does not go with {resource.name}"
        yield Finding(("disk",), message, "only the resource named disk may have one")
        return
    if disk.HasField("source"):
        yield from _source(disk.source)
    if disk.HasField("persistence"):
        yield from volume_findings(resource, purpose)
    elif disk.HasField("volume"):
        message = "a volume needs persistence"
        yield Finding(("disk", "persistence"), message, 'add "persistence": {"id": ...}')
    elif not disk.HasField("source"):
        hint = "leave disk out, or describe a source or a persistent volume"
        yield Finding(("disk",), "the disk description is empty", hint)


def _source(source: pb.Resource.DiskInfo.Source) -> Iterator[Finding]:
    kind = _Source.Type.Name(source.type)
    if source.type == _Source.UNKNOWN:
        hint = "allowed: PATH, MOUNT, BLOCK, RAW"
        yield Finding(("disk", "source", "type"), "UNKNOWN is no disk source", hint)
    elif source.type in (_Source.BLOCK, _Source.RAW):
        for name in ("path", "mount"):
            if source.HasField(name):
                yield Finding(("disk", "source", name), f"does not go with {kind}", "remove it")


def _gpus(resources: Sequence[pb.Resource]) -> Iterator[Finding]:
    amounts = {
        index: resource.scalar.value
        for index, resource in enumerate(resources)
        if resource.name == "gpus" and math.isfinite(resource.scalar.value)
    }
    if to_milli(math.fsum(amounts.values())) % MILLI:
        index = next(index for index, amount in amounts.items() if to_milli(amount) % MILLI)
        message = f"{amounts[index]:g} gpus cannot be had"
        yield Finding((index, "scalar", "value"), message, "gpus are whole numbers")


def _one_revocability(resources: Sequence[pb.Resource]) -> Iterator[Finding]:
    kinds: dict[str, bool] = {}
    for index, resource in enumerate(resources):
        revocable = resource.HasField("revocable")
        if kinds.setdefault(resource.name, revocable) != revocable:
            message = f"revocable and other {resource.name} cannot be used together"
            yield Finding((index, "revocable"), message)


def _one_allocation(resources: Sequence[pb.Resource]) -> Iterator[Finding]:
    first: str | None = None
    for index, resource in enumerate(resources):
        if not resource.allocation_info.HasField("role"):
            continue
        role = resource.allocation_info.role
        if first is None:
            first = role
        elif role != first:
            message = f"allocated to '{role}', another resource of the task to '{first}'"
            hint = "leave allocation_info out; the offer decides"
            yield Finding((index, "allocation_info", "role"), message, hint)
