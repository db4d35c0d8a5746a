"""One resource: a named value with its reservations, disk and other marks.

The rules of who may be added to whom are those of ``src/common/resources.cpp``. A resource is
held in the post-refinement form only: ``reservations`` is a stack, outermost first, and an
empty stack means unreserved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from mesos_batch.model.value import Value

Labels = tuple[tuple[str, str | None], ...]


class ReservationType(Enum):
    """How a reservation came to be: by the agent's flags or by an operation."""

    STATIC = 1
    DYNAMIC = 2


@dataclass(frozen=True, slots=True)
class Reservation:
    """One level of a reservation stack."""

    type: ReservationType
    role: str
    principal: str | None = None
    labels: Labels = ()

    def __str__(self) -> str:
        parts = [self.type.name, self.role]
        if self.principal is not None:
            parts.append(self.principal)
        if self.labels:
            pairs = (key if value is None else f"{key}: {value}" for key, value in self.labels)
            parts.append("{" + ", ".join(pairs) + "}")
        return "(" + ",".join(parts) + ")"


class DiskSourceType(Enum):
    """Where a disk resource comes from."""

    UNKNOWN = 0
    PATH = 1
    MOUNT = 2
    BLOCK = 3
    RAW = 4


@dataclass(frozen=True, slots=True)
class DiskSource:
    """The origin of a disk resource; each field takes part in equality."""

    type: DiskSourceType
    root: str | None = None
    vendor: str | None = None
    id: str | None = None
    metadata: Labels = ()
    profile: str | None = None

    @property
    def is_indivisible(self) -> bool:
        """Whether only the whole of it can be used (MOUNT, BLOCK, identified RAW)."""
        if self.type is DiskSourceType.RAW:
            return self.id is not None
        return self.type in (DiskSourceType.MOUNT, DiskSourceType.BLOCK)

    def __str__(self) -> str:
        if self.type is DiskSourceType.UNKNOWN:
            return self.type.name
        if self.id is not None or self.profile is not None:
            return f"{self.type.name}({self.vendor or ''},{self.id or ''},{self.profile or ''})"
        return self.type.name if self.root is None else f"{self.type.name}:{self.root}"


@dataclass(frozen=True, slots=True)
class Volume:
    """Where a persistent volume appears in a container."""

    container_path: str
    mode: str = "RW"
    host_path: str | None = None

    def __str__(self) -> str:
        if self.host_path is None:
            return self.container_path
        return f"{self.host_path}:{self.container_path}:{self.mode.lower()}"


@dataclass(frozen=True, slots=True)
class Disk:
    """What makes a ``disk`` resource more than plain megabytes."""

    persistence_id: str | None = None
    persistence_principal: str | None = None
    volume: Volume | None = None
    source: DiskSource | None = None

    @property
    def key(self) -> tuple[str | None, DiskSource | None]:
        """What Mesos compares: the persistence id and the source, nothing else."""
        return self.persistence_id, self.source

    def __str__(self) -> str:
        text = str(self.source) if self.source is not None else ""
        if self.persistence_id is not None:
            text += f",{self.persistence_id}" if text else self.persistence_id
        if self.volume is not None:
            text += f":{self.volume}"
        return text


ResourceKey = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """A named value that can be offered, reserved and used."""

    name: str
    value: Value
    reservations: tuple[Reservation, ...] = ()
    allocation_role: str | None = None
    disk: Disk | None = None
    revocable: bool = False
    shared: bool = False
    provider_id: str | None = None

    @property
    def key(self) -> ResourceKey:
        """What two resources must have in common to be added or subtracted."""
        return (
            self.name,
            type(self.value),
            self.allocation_role,
            self.reservations,
            self.disk.key if self.disk is not None else None,
            self.revocable,
            self.shared,
            self.provider_id,
        )

    @property
    def is_persistent_volume(self) -> bool:
        """Whether this is a persistent volume and not plain disk."""
        return self.disk is not None and self.disk.persistence_id is not None

    @property
    def is_special(self) -> bool:
        """Whether an amount is not all it is: it is taken by name and never by amount."""
        return self.disk is not None or self.revocable or self.shared

    @property
    def is_indivisible(self) -> bool:
        """Whether only the exact whole can be used or removed, and two never merge."""
        if self.is_persistent_volume:
            return True
        source = self.disk.source if self.disk is not None else None
        return source is not None and source.is_indivisible

    @property
    def reservation_role(self) -> str | None:
        """The role this is reserved to, ``None`` when it is unreserved."""
        return self.reservations[-1].role if self.reservations else None

    @property
    def is_dynamically_reserved(self) -> bool:
        """Whether the innermost reservation was made by an operation."""
        return bool(self.reservations) and self.reservations[-1].type is ReservationType.DYNAMIC

    def with_value(self, value: Value) -> Resource:
        """The same resource with another amount."""
        return self._copy(value, self.allocation_role)

    def allocated_to(self, role: str | None) -> Resource:
        """The same resource with another allocation role, or none."""
        return self if self.allocation_role == role else self._copy(self.value, role)

    def _copy(self, value: Value, allocation_role: str | None) -> Resource:
        # ``replace`` takes twice as long, and placement makes copies all the time.
        return Resource(
            self.name,
            value,
            self.reservations,
            allocation_role,
            self.disk,
            self.revocable,
            self.shared,
            self.provider_id,
        )

    def pop_reservation(self) -> Resource:
        """The resource as it was before its innermost reservation."""
        return replace(self, reservations=self.reservations[:-1])

    def without_volume(self) -> Resource:
        """The plain disk under a persistent volume; the disk source stays."""
        if self.disk is None:
            return self
        bare = Disk(source=self.disk.source) if self.disk.source is not None else None
        return replace(self, disk=bare, shared=False)

    def __str__(self) -> str:
        text = self.name
        if self.allocation_role is not None:
            text += f"(allocated: {self.allocation_role})"
        if self.reservations:
            text += f"(reservations: [{','.join(str(item) for item in self.reservations)}])"
        if self.disk is not None:
            text += f"[{self.disk}]"
        if self.revocable:
            text += "{REV}"
        if self.shared:
            text += "<SHARED>"
        return f"{text}:{self.value}"
