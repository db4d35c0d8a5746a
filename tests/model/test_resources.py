"""The algebra of resources, which is that of src/common/resources.cpp."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from resource_strategies import (
    any_resource,
    divisible,
    divisible_resources,
    resources,
    stacks,
    volumes,
)

from mesos_batch.model.resource import (
    Disk,
    DiskSource,
    DiskSourceType,
    Reservation,
    ReservationType,
    Resource,
    Volume,
)
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar


@given(resources, resources)
def test_addition_is_commutative(a: Resources, b: Resources) -> None:
    assert a + b == b + a


@given(resources, resources, resources)
def test_addition_is_associative(a: Resources, b: Resources, c: Resources) -> None:
    assert (a + b) + c == a + (b + c)


@given(resources)
def test_nothing_is_neutral(a: Resources) -> None:
    assert a + Resources() == a == a - Resources()
    assert not a - a


@given(resources, resources)
def test_what_was_added_can_be_taken_away(a: Resources, b: Resources) -> None:
    # Two sets or ranges that overlap become one, as they do in Mesos.
    assume(not any(overlaps(x, y) for x in a for y in b))
    assert (a + b).contains(a)
    assert (a + b).contains(b)
    assert (a + b) - b == a


def overlaps(x: Resource, y: Resource) -> bool:
    if x.key != y.key or isinstance(x.value, Scalar) or x.is_indivisible:
        return False
    return Resources([x]).without(Resources([y])) != Resources([x])


@given(resources, resources)
def test_subtraction_is_defined_exactly_where_it_is_contained(a: Resources, b: Resources) -> None:
    if a.contains(b):
        assert a - b == a.without(b)
        assert (a - b) + b == a
    else:
        with pytest.raises(ValueError, match="does not contain"):
            _ = a - b


@given(resources, resources, resources)
def test_containment_is_a_partial_order(a: Resources, b: Resources, c: Resources) -> None:
    assert a.contains(a)
    assert (a == b) == (a.contains(b) and b.contains(a))
    bigger = a + b + c
    assert bigger.contains(a + b)
    assert (a + b).contains(a)
    assert bigger.contains(a)
    if a.contains(b) and b.contains(c):
        assert a.contains(c)


@given(resources, resources)
def test_equal_resources_have_equal_hashes(a: Resources, b: Resources) -> None:
    assert a + b == b + a
    assert hash(a + b) == hash(b + a)


@given(resources, resources)
def test_without_leaves_nothing_of_the_other_and_never_less_than_nothing(
    a: Resources, b: Resources
) -> None:
    left = a.without(b)
    assert a.contains(left)
    assert not any(resource.value.is_empty for resource in left)


@given(resources, resources)
def test_what_two_have_in_common_is_in_both(a: Resources, b: Resources) -> None:
    both = a.common(b)
    assert a.contains(both)
    assert b.contains(both)
    assert not a.without(both).common(b.without(both))
    assert a.common(a) == a


@given(resources, resources)
def test_what_is_found_in_another_is_there_whole(a: Resources, b: Resources) -> None:
    found = a.found_in(b)
    assert all(b.contains(Resources([item])) for item in found)
    assert not any(b.contains(Resources([item])) for item in a.without(found))
    assert a.found_in(a) == a


@given(resources)
def test_volumes_and_what_is_beside_them_are_the_two_halves(a: Resources) -> None:
    assert a.beside_volumes() + a.persistent_volumes() == a
    assert not a.beside_volumes().persistent_volumes()


def test_of_a_whole_disk_two_have_all_or_nothing_in_common() -> None:
    whole, less = (Resources([disk(DiskSourceType.MOUNT, size, root="/mnt")]) for size in (100, 40))
    assert not whole.common(less)
    assert not less.common(whole)
    assert whole.common(whole) == whole


def test_without_takes_what_is_there() -> None:
    assert Resources.scalars(cpus=2, mem=5).without(Resources.scalars(cpus=3)) == Resources.scalars(
        mem=5
    )


@given(st.lists(any_resource, max_size=6))
def test_empty_values_are_dropped(made: list[Resource]) -> None:
    kept = Resources(resource for resource in made if not resource.value.is_empty)
    assert Resources(made) == kept
    assert len(Resources(made)) == len(kept)


@given(divisible(), stacks)
def test_different_reservations_never_mix(
    resource: Resource, stack: tuple[Reservation, ...]
) -> None:
    assume(not resource.value.is_empty)
    assume(resource.reservations != stack)
    a, b = Resources([resource]), Resources([replace(resource, reservations=stack)])
    assert not a.contains(b)
    assert not (a + a.map(lambda _: resource)).contains(b)
    assert len(a + b) == 2
    assert (a + b) - b == a


@given(resources)
def test_reserved_and_unreserved_are_the_two_halves(a: Resources) -> None:
    assert a.reserved() + a.unreserved() == a
    assert not any(resource.reservations for resource in a.unreserved())
    by_role = Resources()
    for role in a.roles():
        by_role += a.reserved(role)
    assert by_role == a.reserved()


@given(divisible(), st.sampled_from(["eo", "web"]), st.sampled_from([None, "other"]))
def test_different_allocation_roles_never_mix(
    resource: Resource, role: str, other: str | None
) -> None:
    assume(not resource.value.is_empty)
    a = Resources([resource]).allocated_to(role)
    b = Resources([resource]).allocated_to(other)
    assert not a.contains(b)
    assert len(a + b) == 2
    assert b.allocated_to(role) == a


@given(divisible_resources)
def test_taking_the_allocation_away_keeps_the_amounts(a: Resources) -> None:
    plain = a.allocated_to(None)
    assert all(resource.allocation_role is None for resource in plain)
    for name in ("cpus", "mem", "disk"):
        assert plain.milli(name) == a.milli(name)


@given(volumes())
def test_a_volume_is_indivisible(volume: Resource) -> None:
    part = volume.with_value(Scalar(volume.value.milli - 1))  # type: ignore[union-attr]
    held = Resources([volume])
    assert not held.contains(Resources([part]))
    assert held.without(Resources([part])) == held
    assert not held - Resources([volume])


@given(volumes())
def test_a_volume_is_not_the_disk_under_it(volume: Resource) -> None:
    held, plain = Resources([volume]), Resources([volume.without_volume()])
    assert not held.contains(plain)
    assert not plain.contains(held)
    assert plain.amount("disk") == held.amount("disk")


@given(volumes())
def test_where_a_volume_is_mounted_and_who_made_it_do_not_matter(volume: Resource) -> None:
    assert volume.disk is not None
    elsewhere = replace(
        volume.disk, volume=Volume("elsewhere", "RO"), persistence_principal="somebody"
    )
    assert Resources([replace(volume, disk=elsewhere)]) == Resources([volume])


@given(volumes(shared=True), st.integers(1, 4), st.integers(1, 4))
def test_copies_of_a_shared_volume_are_counted(volume: Resource, many: int, few: int) -> None:
    held, used = Resources([volume] * many), Resources([volume] * few)
    assert len(held) == 1
    assert held.copies(volume) == many
    assert held.contains(used) == (many >= few)
    assert (held == used) == (many == few)
    assert (held + used).copies(volume) == many + few
    assert held.without(used).copies(volume) == max(0, many - few)
    assert held.amount("disk") == volume.value.value  # type: ignore[union-attr]


def disk(kind: DiskSourceType, amount: float, **identity: str) -> Resource:
    return Resource("disk", Scalar.of(amount), disk=Disk(source=DiskSource(kind, **identity)))


@pytest.mark.parametrize(
    ("whole", "part", "divisible"),
    [
        (disk(DiskSourceType.PATH, 10, root="a"), disk(DiskSourceType.PATH, 4, root="a"), True),
        (disk(DiskSourceType.RAW, 10, profile="p"), disk(DiskSourceType.RAW, 4, profile="p"), True),
        (disk(DiskSourceType.MOUNT, 10, root="a"), disk(DiskSourceType.MOUNT, 4, root="a"), False),
        (disk(DiskSourceType.BLOCK, 10), disk(DiskSourceType.BLOCK, 4), False),
        (disk(DiskSourceType.RAW, 10, id="i"), disk(DiskSourceType.RAW, 4, id="i"), False),
    ],
)
def test_which_disks_can_be_divided(whole: Resource, part: Resource, divisible: bool) -> None:
    held = Resources([whole])
    assert held.contains(Resources([whole]))
    assert held.contains(Resources([part])) == divisible
    assert len(Resources([whole, part])) == (1 if divisible else 2)


def test_disks_of_different_sources_never_mix() -> None:
    one, other = (disk(DiskSourceType.PATH, 10, root=root) for root in ("a", "b"))
    assert not Resources([one]).contains(Resources([other]))
    assert not Resources([one]).contains(Resources.scalars(disk=1))


@given(divisible_resources, divisible_resources)
def test_amounts_add_up(a: Resources, b: Resources) -> None:
    for name in ("cpus", "mem", "disk"):
        assert (a + b).milli(name) == a.milli(name) + b.milli(name)
    assert set((a + b).ranges("ports").spans) == set((a.ranges("ports") + b.ranges("ports")).spans)


def test_revocable_and_provided_resources_stand_apart() -> None:
    plain = Resource("cpus", Scalar.of(1))
    for other in (replace(plain, revocable=True), replace(plain, provider_id="p")):
        assert not Resources([plain]).contains(Resources([other]))
        assert len(Resources([plain, other])) == 2


def test_pop_reservation_gives_what_was_reserved() -> None:
    outer = Reservation(ReservationType.STATIC, "eo")
    inner = Reservation(ReservationType.DYNAMIC, "eo/sentinel", "ann")
    resource = Resource("cpus", Scalar.of(1), reservations=(outer, inner))
    assert resource.reservation_role == "eo/sentinel"
    assert resource.is_dynamically_reserved
    assert resource.pop_reservation() == Resource("cpus", Scalar.of(1), reservations=(outer,))
    assert not resource.pop_reservation().is_dynamically_reserved
    assert resource.pop_reservation().pop_reservation().reservation_role is None
