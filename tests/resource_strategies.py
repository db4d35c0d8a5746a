"""Random resources: few names and roles, so that keys often meet."""

from __future__ import annotations

from hypothesis import strategies as st

from mesos_batch.model.items import Items
from mesos_batch.model.ranges import Ranges
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

scalars = st.integers(0, 100_000).map(Scalar)
spans = st.tuples(st.integers(0, 40), st.integers(0, 8)).map(lambda pair: (pair[0], sum(pair)))
ranges = st.lists(spans, max_size=4).map(lambda pairs: Ranges.of(*pairs))
items = st.frozensets(st.sampled_from("abcdef"), max_size=6).map(Items)

labels = st.sampled_from([(), (("team", "eo"),), (("checked", None), ("team", "eo"))])
dynamic_reservations = st.builds(
    Reservation,
    type=st.just(ReservationType.DYNAMIC),
    role=st.sampled_from(["eo", "eo/sentinel"]),
    principal=st.sampled_from([None, "ann", "bob"]),
    labels=labels,
)
static_reservations = st.just(Reservation(ReservationType.STATIC, "eo"))
stacks = st.one_of(
    st.just(()),
    st.tuples(static_reservations),
    st.tuples(dynamic_reservations),
    st.tuples(
        static_reservations, st.just(Reservation(ReservationType.DYNAMIC, "eo/sentinel", "ann"))
    ),
)
allocation_roles = st.sampled_from([None, "eo", "web"])

divisible_disks = st.sampled_from(
    [None, Disk(source=DiskSource(DiskSourceType.PATH, root="disks/1"))]
)
sources = st.sampled_from(
    [
        None,
        DiskSource(DiskSourceType.PATH, root="disks/1"),
        DiskSource(DiskSourceType.MOUNT, root="disks/2"),
        DiskSource(DiskSourceType.RAW, vendor="csi", id="7", profile="fast"),
    ]
)


@st.composite
def divisible(draw: st.DrawFn) -> Resource:
    """A resource of which any part can be taken."""
    name = draw(st.sampled_from(["cpus", "mem", "disk", "ports", "zones"]))
    values = {"ports": ranges, "zones": items}.get(name, scalars)
    return Resource(
        name,
        draw(values),
        reservations=draw(stacks),
        allocation_role=draw(allocation_roles),
        disk=draw(divisible_disks) if name == "disk" else None,
        revocable=draw(st.booleans()) if name in ("cpus", "mem") else False,
        provider_id=draw(st.sampled_from([None, "provider-1"])),
    )


@st.composite
def volumes(draw: st.DrawFn, *, shared: bool = False) -> Resource:
    """A persistent volume; equal ids have equal sizes, as on one agent."""
    number = draw(st.integers(1, 4))
    return Resource(
        "disk",
        Scalar.of(100 * number),
        reservations=(Reservation(ReservationType.DYNAMIC, "eo", "ann"),),
        disk=Disk(
            persistence_id=f"{'shared' if shared else 'volume'}-{number}",
            persistence_principal=draw(st.sampled_from([None, "ann"])),
            volume=draw(st.sampled_from([None, Volume("data"), Volume("other", "RO")])),
            source=draw(sources),
        ),
        shared=shared,
    )


any_resource = st.one_of(divisible(), volumes(), volumes(shared=True))
divisible_resources = st.lists(divisible(), max_size=6).map(Resources)
resources = st.lists(any_resource, max_size=6).map(Resources)
