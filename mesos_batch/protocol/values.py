"""Protobuf messages to values of the model and back.

Resources arrive in three formats (pre-refinement ``role`` + ``reservation``, post-refinement
``reservations[]``, and the mixture operator endpoints print); the model knows the second only.
Source: ``src/common/resources_utils.cpp``.
"""

from __future__ import annotations

from collections.abc import Iterable

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.items import Items
from mesos_batch.model.offer import Attribute, Offer, Unavailability
from mesos_batch.model.operation import OperationState, OperationStatus
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resource import (
    Disk,
    DiskSource,
    DiskSourceType,
    Labels,
    Reservation,
    ReservationType,
    Resource,
    Volume,
)
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.model.state import TaskState
from mesos_batch.model.status import Source, TaskStatus
from mesos_batch.model.value import Value

NANOSECONDS = 1_000_000_000
UNRESERVED_ROLE = "*"
_DISK_SOURCES = {
    DiskSourceType.UNKNOWN: pb.Resource.DiskInfo.Source.UNKNOWN,
    DiskSourceType.PATH: pb.Resource.DiskInfo.Source.PATH,
    DiskSourceType.MOUNT: pb.Resource.DiskInfo.Source.MOUNT,
    DiskSourceType.BLOCK: pb.Resource.DiskInfo.Source.BLOCK,
    DiskSourceType.RAW: pb.Resource.DiskInfo.Source.RAW,
}
_MODES = {"RW": pb.Volume.RW, "RO": pb.Volume.RO}
_RESERVATION_TYPES = {
    ReservationType.STATIC: pb.Resource.ReservationInfo.STATIC,
    ReservationType.DYNAMIC: pb.Resource.ReservationInfo.DYNAMIC,
}


def labels_from(message: pb.Labels) -> Labels:
    """Read labels, sorted because Mesos compares them without order; a value may be missing."""
    labels = (
        (label.key, label.value if label.HasField("value") else None) for label in message.labels
    )
    return tuple(sorted(labels, key=lambda label: (label[0], label[1] or "")))


def labels_into(labels: Labels, message: pb.Labels) -> None:
    """Write labels."""
    for key, value in labels:
        label = message.labels.add(key=key)
        if value is not None:
            label.value = value


def value_from(message: pb.Resource | pb.Attribute) -> Value:
    """Read the value a resource or attribute of type SCALAR, RANGES or SET holds.

    Raises:
        ValueError: the type is another one, or a range ends before it begins.
    """
    if message.type == pb.Value.SCALAR:
        return Scalar.of(message.scalar.value)
    if message.type == pb.Value.RANGES:
        return Ranges.of(*((span.begin, span.end) for span in message.ranges.range))
    if message.type == pb.Value.SET:
        return Items.of(message.set.item)
    raise ValueError(f"'{message.name}' has a value that is no scalar, ranges or set")


def _reservation_from(message: pb.Resource.ReservationInfo) -> Reservation:
    return Reservation(
        type=ReservationType(message.type),
        role=message.role,
        principal=message.principal if message.HasField("principal") else None,
        labels=labels_from(message.labels),
    )


def _reservations_from(message: pb.Resource) -> tuple[Reservation, ...]:
    if message.reservations:
        return tuple(_reservation_from(item) for item in message.reservations)
    if message.role == UNRESERVED_ROLE:
        return ()
    if not message.HasField("reservation"):
        return (Reservation(ReservationType.STATIC, message.role),)
    old = message.reservation
    principal = old.principal if old.HasField("principal") else None
    return (Reservation(ReservationType.DYNAMIC, message.role, principal, labels_from(old.labels)),)


def _source_from(message: pb.Resource.DiskInfo.Source) -> DiskSource:
    root = None
    if message.path.HasField("root"):
        root = message.path.root
    elif message.mount.HasField("root"):
        root = message.mount.root
    return DiskSource(
        type=DiskSourceType(message.type),
        root=root,
        vendor=message.vendor if message.HasField("vendor") else None,
        id=message.id if message.HasField("id") else None,
        metadata=labels_from(message.metadata),
        profile=message.profile if message.HasField("profile") else None,
    )


def _disk_from(message: pb.Resource.DiskInfo) -> Disk:
    persistence = message.persistence
    volume = None
    if message.HasField("volume"):
        volume = Volume(
            container_path=message.volume.container_path,
            mode=pb.Volume.Mode.Name(message.volume.mode),
            host_path=message.volume.host_path if message.volume.HasField("host_path") else None,
        )
    return Disk(
        persistence_id=persistence.id if message.HasField("persistence") else None,
        persistence_principal=persistence.principal if persistence.HasField("principal") else None,
        volume=volume,
        source=_source_from(message.source) if message.HasField("source") else None,
    )


def resource_from(message: pb.Resource) -> Resource:
    """Read a resource in any of the three formats.

    Raises:
        ValueError: its value is none a resource can have.
    """
    return Resource(
        name=message.name,
        value=value_from(message),
        reservations=_reservations_from(message),
        allocation_role=(
            message.allocation_info.role if message.allocation_info.HasField("role") else None
        ),
        disk=_disk_from(message.disk) if message.HasField("disk") else None,
        revocable=message.HasField("revocable"),
        shared=message.HasField("shared"),
        provider_id=message.provider_id.value if message.HasField("provider_id") else None,
    )


def resources_from(messages: Iterable[pb.Resource]) -> Resources:
    """Read a list of resources.

    Raises:
        ValueError: a value is none a resource can have.
    """
    return Resources(resource_from(message) for message in messages)


def _write_value(resource: Resource, message: pb.Resource) -> None:
    value = resource.value
    if isinstance(value, Scalar):
        message.type = pb.Value.SCALAR
        message.scalar.value = value.value
    elif isinstance(value, Ranges):
        message.type = pb.Value.RANGES
        message.ranges.SetInParent()
        for begin, end in value.spans:
            message.ranges.range.add(begin=begin, end=end)
    else:
        message.type = pb.Value.SET
        message.set.item.extend(sorted(value.names))


def _write_reservations(resource: Resource, message: pb.Resource) -> None:
    for reservation in resource.reservations:
        entry = message.reservations.add(
            type=_RESERVATION_TYPES[reservation.type],
            role=reservation.role,
        )
        if reservation.principal is not None:
            entry.principal = reservation.principal
        if reservation.labels:
            labels_into(reservation.labels, entry.labels)


def _write_old_reservation(resource: Resource, message: pb.Resource) -> None:
    message.role = resource.reservation_role or UNRESERVED_ROLE
    if not resource.is_dynamically_reserved:
        return
    reservation = resource.reservations[-1]
    message.reservation.SetInParent()
    if reservation.principal is not None:
        message.reservation.principal = reservation.principal
    if reservation.labels:
        labels_into(reservation.labels, message.reservation.labels)


def _write_disk(disk: Disk, message: pb.Resource.DiskInfo) -> None:
    message.SetInParent()
    if disk.persistence_id is not None:
        message.persistence.id = disk.persistence_id
        if disk.persistence_principal is not None:
            message.persistence.principal = disk.persistence_principal
    if disk.volume is not None:
        message.volume.container_path = disk.volume.container_path
        message.volume.mode = _MODES[disk.volume.mode]
        if disk.volume.host_path is not None:
            message.volume.host_path = disk.volume.host_path
    if disk.source is not None:
        _write_source(disk.source, message.source)


def _write_source(source: DiskSource, message: pb.Resource.DiskInfo.Source) -> None:
    message.type = _DISK_SOURCES[source.type]
    if source.root is not None:
        place = message.mount if source.type is DiskSourceType.MOUNT else message.path
        place.root = source.root
    if source.vendor is not None:
        message.vendor = source.vendor
    if source.id is not None:
        message.id = source.id
    if source.metadata:
        labels_into(source.metadata, message.metadata)
    if source.profile is not None:
        message.profile = source.profile


def resource_to(resource: Resource, *, refined: bool = True, endpoint: bool = False) -> pb.Resource:
    """Write a resource.

    ``refined`` gives the post-refinement form, else the older ``role`` + ``reservation``.
    ``endpoint`` gives what operator endpoints print: both, while at most one level is reserved.
    """
    message = pb.Resource(name=resource.name)
    if resource.provider_id is not None:
        message.provider_id.value = resource.provider_id
    _write_value(resource, message)
    if refined or endpoint:
        _write_reservations(resource, message)
    if not refined or (endpoint and len(resource.reservations) <= 1):
        _write_old_reservation(resource, message)
    if resource.allocation_role is not None:
        message.allocation_info.role = resource.allocation_role
    if resource.disk is not None:
        _write_disk(resource.disk, message.disk)
    if resource.revocable:
        message.revocable.SetInParent()
    if resource.shared:
        message.shared.SetInParent()
    return message


def resources_to(
    resources: Iterable[Resource], *, refined: bool = True, endpoint: bool = False
) -> list[pb.Resource]:
    """Write resources; the flags are those of :func:`resource_to`."""
    return [resource_to(item, refined=refined, endpoint=endpoint) for item in resources]


def attribute_from(message: pb.Attribute) -> Attribute:
    """Read an attribute of an agent."""
    if message.type == pb.Value.TEXT:
        return Attribute(message.name, message.text.value)
    if message.type == pb.Value.SCALAR:
        # Unlike an amount it keeps all its decimals, as in the operator API.
        return Attribute(message.name, message.scalar.value)
    value = value_from(message)
    assert not isinstance(value, Scalar)
    return Attribute(message.name, value.names if isinstance(value, Items) else value)


def domain_from(message: pb.AgentInfo | pb.Offer) -> str | None:
    """Read where an agent is, as ``region/zone``; ``None`` where nobody has said so."""
    if not message.domain.HasField("fault_domain"):
        return None
    fault_domain = message.domain.fault_domain
    return f"{fault_domain.region.name}/{fault_domain.zone.name}"


def url_from(message: pb.URL) -> str:
    """Read a URL without its path: ``http://host:port``."""
    address = message.address
    host = address.ip if address.HasField("ip") else address.hostname
    if ":" in host:
        host = f"[{host}]"
    return f"{message.scheme}://{host}:{address.port}"


def offer_from(message: pb.Offer) -> Offer:
    """Read an offer."""
    unavailability = None
    if message.HasField("unavailability"):
        window = message.unavailability
        unavailability = Unavailability(
            start=window.start.nanoseconds / NANOSECONDS,
            duration=(
                window.duration.nanoseconds / NANOSECONDS if window.HasField("duration") else None
            ),
        )
    return Offer(
        offer_id=message.id.value,
        agent_id=message.agent_id.value,
        hostname=message.hostname,
        resources=resources_from(message.resources),
        role=message.allocation_info.role if message.HasField("allocation_info") else None,
        agent_url=url_from(message.url) if message.HasField("url") else None,
        attributes=tuple(attribute_from(item) for item in message.attributes),
        executor_ids=frozenset(item.value for item in message.executor_ids),
        unavailability=unavailability,
        domain=domain_from(message),
    )


def status_from(message: pb.TaskStatus) -> TaskStatus:
    """Read a status update. ``reason`` 0 is a real value, so presence is what counts."""
    container = message.container_status.container_id
    return TaskStatus(
        task_id=message.task_id.value,
        state=TaskState(message.state),
        agent_id=message.agent_id.value if message.HasField("agent_id") else None,
        executor_id=message.executor_id.value if message.HasField("executor_id") else None,
        message=message.message if message.HasField("message") else None,
        source=Source(message.source) if message.HasField("source") else None,
        reason=pb.TaskStatus.Reason.Name(message.reason) if message.HasField("reason") else None,
        uuid=message.uuid if message.HasField("uuid") else None,
        timestamp=message.timestamp if message.HasField("timestamp") else None,
        healthy=message.healthy if message.HasField("healthy") else None,
        container_id=container.value or None,
        parent_container_id=container.parent.value or None,
        unreachable_time=(
            message.unreachable_time.nanoseconds / NANOSECONDS
            if message.HasField("unreachable_time")
            else None
        ),
    )


def operation_status_from(message: pb.OperationStatus) -> OperationStatus:
    """Read the status of an operation; its uuid is a message, unlike that of a task."""
    state = int(message.state)
    known = state in OperationState.__members__.values()
    return OperationStatus(
        operation_id=message.operation_id.value,
        state=(OperationState(message.state) if known else OperationState.OPERATION_UNSUPPORTED),
        message=message.message if message.HasField("message") else None,
        uuid=message.uuid.value if message.HasField("uuid") else None,
        agent_id=message.agent_id.value if message.HasField("agent_id") else None,
    )
