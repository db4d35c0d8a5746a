"""Which pieces of an offer a change takes, and that nothing is lost or taken from others."""

from __future__ import annotations

from engine.change_values import (
    MOUNT,
    OTHER,
    OURS,
    PATH,
    THEIRS,
    amount,
    machine,
    volume,
)
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.engine.change_fit import after_destroy, after_make, fit_make, fit_undo
from mesos_batch.model.resource import (
    Disk,
    DiskSource,
    Reservation,
    ReservationType,
    Resource,
)
from mesos_batch.model.resources import CPUS, DISK, MEM, Resources
from mesos_batch.model.scalar import Scalar

NOBODY = Resources()
STATIC = Reservation(ReservationType.STATIC, "batch")
P, M = DiskSource(PATH, "/p"), DiskSource(MOUNT, "/m")


def disk(size: float, source: DiskSource, by: Reservation | None = None) -> Resource:
    return amount(DISK, size, by, source)


def test_exactly_what_is_wanted_is_reserved() -> None:
    wish = Resources([amount(CPUS, 1), amount(DISK, 100)])

    assert fit_make(machine(), wish, Resources([volume("v", 100)])) == (
        wish,
        Resources([volume("v", 100)]),
    )


def test_what_is_reserved_already_is_only_created() -> None:
    left = machine(amount(DISK, 100), disk=0)

    fitted = fit_make(left, NOBODY, Resources([volume("v", 100)]))

    assert fitted == (NOBODY, Resources([volume("v", 100)]))


def test_what_others_have_reserved_is_not_there() -> None:
    for by in (OTHER, THEIRS, STATIC, OURS):
        left = Resources([amount(DISK, 1000, by)])
        assert fit_make(left, Resources([amount(DISK, 100)]), NOBODY) is None


def test_a_plain_disk_is_not_taken_from_one_with_a_source() -> None:
    left = Resources([disk(1000, P), disk(1000, M)])

    assert fit_make(left, Resources([amount(DISK, 100)]), NOBODY) is None


def test_a_path_disk_by_type_is_divided() -> None:
    wish = volume("v", 100, source=DiskSource(PATH))

    fitted = fit_make(
        Resources([disk(500, P)]), Resources([wish.without_volume()]), Resources([wish])
    )

    assert fitted == (
        Resources([amount(DISK, 100, source=P)]),
        Resources([volume("v", 100, source=P)]),
    )


def test_a_mount_disk_is_used_whole_and_once() -> None:
    wish = [volume(name, 100, source=DiskSource(MOUNT)) for name in ("v", "w")]
    plain = Resources([item.without_volume() for item in wish])
    one, other = disk(300, M), disk(200, DiskSource(MOUNT, "/n"))

    assert fit_make(Resources([one]), plain, Resources(wish)) is None
    fitted = fit_make(Resources([one, other]), plain, Resources(wish))
    assert fitted is not None
    assert sorted(item.value for item in fitted[1]) == [Scalar.of(200), Scalar.of(300)]


def test_another_path_disk_than_the_one_named_will_not_do() -> None:
    wish = volume("v", 100, source=DiskSource(PATH, "/q"))

    assert fit_make(Resources([disk(500, P)]), NOBODY, Resources([wish])) is None


def test_a_volume_that_is_not_offered_keeps_the_disk_under_it() -> None:
    v, w = volume("v", 100), volume("w", 50)
    wanted = Resources([amount(DISK, 150), amount(CPUS, 1)])

    reserved, destroyed = fit_undo(machine(v, amount(CPUS, 1)), wanted, Resources([v, w]))

    assert destroyed == Resources([v])
    assert reserved == Resources([amount(DISK, 100), amount(CPUS, 1)])


def test_a_volume_of_another_size_is_another_volume() -> None:
    assert fit_undo(machine(volume("v", 90)), NOBODY, Resources([volume("v", 100)]))[1] == NOBODY


# -- whatever is there --------------------------------------------------------------------------

WHO = (None, OURS, THEIRS, OTHER, STATIC)
MILLI = st.integers(min_value=1, max_value=5000)
SOURCES = st.sampled_from((None, P, M, DiskSource(MOUNT, "/n")))


@st.composite
def amounts(draw: st.DrawFn) -> Resource:
    name = draw(st.sampled_from((CPUS, MEM, DISK)))
    by = draw(st.sampled_from(WHO))
    source = draw(SOURCES) if name == DISK else None
    held = None if source is None else Disk(source=source)
    return Resource(name, Scalar(draw(MILLI)), () if by is None else (by,), disk=held)


@st.composite
def volumes(draw: st.DrawFn) -> Resource:
    by = draw(st.sampled_from((OURS, THEIRS, OTHER)))
    name = draw(st.sampled_from("vwxyz"))
    return volume(name, draw(MILLI) / 1000, by, draw(st.sampled_from((None, P))))


def distinct(items: list[Resource]) -> list[Resource]:
    return list({(item.name, item.disk): item for item in items}.values())


OFFERS = st.builds(
    lambda plain, made: Resources(plain + distinct(made)),
    st.lists(amounts(), max_size=8),
    st.lists(volumes(), max_size=3),
)
WISHES = st.builds(
    lambda plain, made: (
        Resources([item.with_value(item.value) for item in plain if item.reservations == (OURS,)])
        + Resources([item.without_volume() for item in distinct(made)]),
        Resources(distinct(made)),
    ),
    st.lists(amounts(), max_size=4),
    st.lists(volumes().filter(lambda item: item.reservations == (OURS,)), max_size=2),
)


def held_by_others(resources: Resources) -> Resources:
    return resources.filter(lambda item: bool(item.reservations) and item.reservations[-1] != OURS)


def sums(resources: Resources) -> dict[str, int]:
    return {name: resources.milli(name) for name in (CPUS, MEM, DISK)}


@given(OFFERS, WISHES)
def test_making_conserves_every_amount_and_what_is_others(
    offer: Resources, wish: tuple[Resources, Resources]
) -> None:
    fitted = fit_make(offer, *wish)
    if fitted is None:
        return
    after = after_make(offer, *fitted)

    assert sums(after) == sums(offer)
    assert held_by_others(after) == held_by_others(offer)
    assert after.contains(fitted[1])
    assert sums(fitted[0]) == sums(wish[0]) or any(item.is_indivisible for item in fitted[0])


@given(OFFERS, WISHES)
def test_only_what_is_nobodys_is_reserved(
    offer: Resources, wish: tuple[Resources, Resources]
) -> None:
    fitted = fit_make(offer, *wish)
    if fitted is not None:
        assert offer.unreserved().contains(fitted[0].map(Resource.pop_reservation))


@given(OFFERS, WISHES)
def test_undoing_conserves_every_amount_and_what_is_others(
    offer: Resources, wish: tuple[Resources, Resources]
) -> None:
    reserved, destroyed = fit_undo(offer, *wish)
    after = after_destroy(offer, destroyed)

    assert offer.contains(destroyed)
    assert wish[1].contains(destroyed)
    assert sums(after) == sums(offer)
    assert held_by_others(after) == held_by_others(offer)
    assert after.contains(reserved)
    assert all(item.reservations == (OURS,) for item in reserved)
    for name in (CPUS, MEM, DISK):
        assert reserved.milli(name) <= wish[0].milli(name)


@given(WISHES)
def test_what_was_made_can_be_undone_entirely(wish: tuple[Resources, Resources]) -> None:
    sources = [disk(100_000, P), disk(5, M), disk(5, DiskSource(MOUNT, "/n"))]
    plenty = Resources([*machine(cpus=1000, mem=1000, disk=100_000), *sources])
    fitted = fit_make(plenty, *wish)
    if fitted is None:
        return
    made = after_make(plenty, *fitted)

    reserved, destroyed = fit_undo(made, *fitted)

    assert (reserved, destroyed) == fitted
    left = after_destroy(made, destroyed).without(reserved)
    assert left + reserved.map(Resource.pop_reservation) == plenty
