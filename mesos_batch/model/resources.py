"""Collections of resources and their exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mesos_batch.model import value
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resource import Resource
from mesos_batch.model.scalar import Scalar

CPUS, MEM, DISK, GPUS, PORTS = "cpus", "mem", "disk", "gpus", "ports"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A resource and, for a shared one, how many copies of it are held."""

    resource: Resource
    copies: int = 1

    def can_add(self, other: Resource) -> bool:
        mine = self.resource
        if mine.key != other.key:
            return False
        if mine.shared:
            return mine.value == other.value
        return not mine.is_indivisible

    def can_subtract(self, other: Resource) -> bool:
        mine = self.resource
        if mine.key != other.key:
            return False
        return mine.value == other.value or not (mine.is_indivisible or mine.shared)

    def contains(self, other: _Entry) -> bool:
        if not self.can_subtract(other.resource):
            return False
        return self.copies >= other.copies and value.contains(
            self.resource.value, other.resource.value
        )

    def common(self, wish: _Entry) -> _Entry | None:
        if self.resource.key != wish.resource.key:
            return None
        part = wish.resource.with_value(value.common(self.resource.value, wish.resource.value))
        whole = part.value == wish.resource.value or not part.is_indivisible
        if part.value.is_empty or not whole or not self.can_subtract(part):
            return None
        return _Entry(part, min(self.copies, wish.copies))


class Resources:
    """An immutable multiset of resources; equal keys are merged, empty values are dropped."""

    __slots__ = ("_entries",)

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        entries: list[_Entry] = []
        for resource in resources:
            _add(entries, _Entry(resource))
        self._entries: tuple[_Entry, ...] = tuple(entries)

    @classmethod
    def _from(cls, entries: Iterable[_Entry]) -> Resources:
        made = cls()
        made._entries = tuple(entries)
        return made

    @classmethod
    def scalars(cls, **amounts: float) -> Resources:
        """Unreserved scalars by name: ``Resources.scalars(cpus=4, mem=1024)``."""
        return cls(Resource(name, Scalar.of(amount)) for name, amount in amounts.items())

    def __iter__(self) -> Iterator[Resource]:
        return (entry.resource for entry in self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __bool__(self) -> bool:
        return bool(self._entries)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Resources):
            return NotImplemented
        return self.contains(other) and other.contains(self)

    def __hash__(self) -> int:
        return hash(frozenset(entry.resource.key for entry in self._entries))

    def __add__(self, other: Resources) -> Resources:
        entries = list(self._entries)
        for entry in other._entries:
            _add(entries, entry)
        return Resources._from(entries)

    def __sub__(self, other: Resources) -> Resources:
        """Take ``other`` away.

        Raises:
            ValueError: ``other`` is not contained.
        """
        entries = list(self._entries)
        for entry in other._entries:
            if not _take(entries, entry):
                raise ValueError(f"{self} does not contain {entry.resource}")
        return Resources._from(entries)

    def contains(self, other: Resources) -> bool:
        """Whether each part of ``other``, each copy of a shared one too, can be taken from here."""
        entries = list(self._entries)
        return all(_take(entries, entry) for entry in other._entries)

    def filter(self, keep: Callable[[Resource], bool]) -> Resources:
        """The entries for which ``keep`` is true."""
        return Resources._from(entry for entry in self._entries if keep(entry.resource))

    def map(self, change: Callable[[Resource], Resource]) -> Resources:
        """Each entry changed by ``change``, merged again."""
        entries: list[_Entry] = []
        for entry in self._entries:
            _add(entries, _Entry(change(entry.resource), entry.copies))
        return Resources._from(entries)

    def copies(self, resource: Resource) -> int:
        """How many copies of a shared resource are held; 0 when it is not here."""
        return next((e.copies for e in self._entries if e.contains(_Entry(resource))), 0)

    def allocated_to(self, role: str | None) -> Resources:
        """All of it allocated to ``role``; ``None`` takes the allocation away."""
        if all(entry.resource.allocation_role == role for entry in self._entries):
            return self
        return self.map(lambda resource: resource.allocated_to(role))

    def unreserved(self) -> Resources:
        """What is reserved to nobody."""
        return self.filter(lambda resource: not resource.reservations)

    def reserved(self, role: str | None = None) -> Resources:
        """What is reserved to ``role``, or to any role."""
        return self.filter(
            lambda resource: (
                resource.reservation_role is not None and role in (None, resource.reservation_role)
            )
        )

    def roles(self) -> list[str]:
        """The roles something is reserved to, sorted."""
        return sorted({r.reservation_role for r in self if r.reservation_role is not None})

    def persistent_volumes(self) -> Resources:
        """The persistent volumes."""
        return self.filter(lambda resource: resource.is_persistent_volume)

    def beside_volumes(self) -> Resources:
        """Everything but the persistent volumes."""
        return self.filter(lambda resource: not resource.is_persistent_volume)

    def found_in(self, other: Resources) -> Resources:
        """Those that ``other`` has whole, each looked at by itself."""
        return self.filter(lambda resource: other.contains(Resources([resource])))

    def common(self, other: Resources) -> Resources:
        """As much of ``other`` as is here, of what is indivisible the whole or nothing."""
        parts: list[_Entry] = []
        left = list(self._entries)
        for wish in other._entries:
            for index, mine in enumerate(left):
                part = mine.common(wish)
                if part is not None:
                    parts.append(part)
                    _subtract(left, index, part)
                    break
        return Resources._from(parts)

    def without(self, other: Resources) -> Resources:
        """Take away what is here of ``other`` and ignore the rest, as Mesos's own ``-`` does."""
        entries = list(self._entries)
        for entry in other._entries:
            for index, mine in enumerate(entries):
                if mine.can_subtract(entry.resource):
                    _subtract(entries, index, entry)
                    break
        return Resources._from(entries)

    def milli(self, name: str) -> int:
        """The sum of the scalars of that name, in thousandths, whatever their reservation."""
        return sum(
            entry.resource.value.milli
            for entry in self._entries
            if entry.resource.name == name and isinstance(entry.resource.value, Scalar)
        )

    def amount(self, name: str) -> float:
        """The sum of the scalars of that name (cpus, or MB)."""
        return self.milli(name) / 1000

    def ranges(self, name: str) -> Ranges:
        """All ranges of that name together, whatever their reservation."""
        total = Ranges()
        for resource in self:
            if resource.name == name and isinstance(resource.value, Ranges):
                total += resource.value
        return total

    def names(self) -> list[str]:
        """The names that occur, in order of appearance."""
        return list(dict.fromkeys(resource.name for resource in self))

    def __str__(self) -> str:
        return "; ".join(str(resource) for resource in self) or "{}"

    def __repr__(self) -> str:
        return f"Resources({self})"


def _add(entries: list[_Entry], entry: _Entry) -> None:
    resource = entry.resource
    if resource.value.is_empty:
        return
    for index, mine in enumerate(entries):
        if not mine.can_add(resource):
            continue
        if resource.shared:
            entries[index] = _Entry(mine.resource, mine.copies + entry.copies)
        else:
            merged = mine.resource.with_value(value.plus(mine.resource.value, resource.value))
            entries[index] = _Entry(merged)
        return
    entries.append(entry)


def _take(entries: list[_Entry], entry: _Entry) -> bool:
    """Subtract from the first entry that contains all of it; false when none does."""
    for index, mine in enumerate(entries):
        if mine.contains(entry):
            _subtract(entries, index, entry)
            return True
    return False


def _subtract(entries: list[_Entry], index: int, entry: _Entry) -> None:
    mine = entries[index]
    resource = mine.resource
    if resource.shared:
        left = _Entry(resource, mine.copies - entry.copies)
        gone = left.copies <= 0
    else:
        left = _Entry(resource.with_value(value.minus(resource.value, entry.resource.value)))
        gone = left.resource.value.is_empty
    entries[index : index + 1] = [] if gone else [left]
