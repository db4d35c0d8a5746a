"""Operations the master refuses, in its words (facts 6.2)."""

from __future__ import annotations

import pytest
from local.framework_messages import reservation, scalar, volume
from local.operation_messages import (
    DISK,
    VOLUME,
    create,
    destroy,
    dynamic,
    operation,
    reserve,
    unreserve,
)

from mesos_batch.protocol.codec import ContentType

pytestmark = pytest.mark.timeout(60)
OFFERED = (
    "ports(allocated: test):[31000-32000]; cpus(allocated: test):4;"
    " mem(allocated: test):4096; disk(allocated: test):10000"
)


READ_ONLY = {**volume(64, "v")}
READ_ONLY["disk"] = {
    "persistence": {"id": "v", "principal": "tester"},
    "volume": {"container_path": "data", "mode": "RO"},
}
SUFFIX = "; on agent {agent}"

OPERATION_ERRORS = [
    (reserve(dynamic("cpus", 9999)), "{offered} does not contain cpus(allocated: test):9999"),
    (
        reserve(dynamic("cpus", 1, "other")),
        "A reserve operation was attempted for a resource with role 'other', but the resource was"
        " allocated to role 'test'" + SUFFIX,
    ),
    (
        reserve(dynamic("cpus", 1, principal="mallory")),
        "A reserve operation was attempted by authenticated principal 'tester', which does not"
        " match a reserved resource in the request with principal 'mallory'" + SUFFIX,
    ),
    (
        reserve(dynamic("cpus", 1, principal=None)),
        "A reserve operation was attempted by principal 'tester', but there is a reserved resource"
        " in the request with no principal set" + SUFFIX,
    ),
    (
        reserve(scalar("cpus", 1)),
        "Resource cpus(allocated: test):1 is not dynamically reserved" + SUFFIX,
    ),
    (
        reserve(scalar("cpus", 1, allocation_info={"role": "x"}, reservations=reservation("x"))),
        "A reserve operation was attempted for a resource allocated to role 'x', but the framework"
        " only has roles '{ test }'" + SUFFIX,
    ),
    (
        reserve(scalar("cpus", -1)),
        (
            "Operation attempted with invalid resources: "
            "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0"
        ),
    ),
    (
        {"type": "RESERVE", "id": {"value": "op"}},
        (
            "Operation attempted with invalid resources: "
            "A RESERVE offer operation must have the Offer.Operation.reserve field set."
        ),
    ),
    (
        operation("RESERVE", {"resources": [], "source": [scalar("cpus", 1)]}),
        (
            "Operation attempted with invalid resources: "
            "Reservation updates are not yet implemented for the scheduler API."
        ),
    ),
    (
        reserve(dynamic("cpus", 1), {**dynamic("mem", 1), "provider_id": {"value": "p"}}),
        "Invalid resources: Some resources have a resource provider and some do not" + SUFFIX,
    ),
    (
        unreserve(dynamic("cpus", 1)),
        "{offered} does not contain cpus(allocated: test)(reservations: [(DYNAMIC,test,tester)]):1",
    ),
    (
        unreserve(VOLUME),
        "A dynamically reserved persistent volume"
        " disk(allocated: test)(reservations: [(DYNAMIC,test,tester)])[v:data]:128 cannot be"
        " unreserved directly. Please destroy the persistent volume first then unreserve the"
        " resource" + SUFFIX,
    ),
    (
        create({**volume(64, "v"), "reservations": []}),
        "Invalid resources: Invalid DiskInfo: "
        "Persistent volumes cannot be created from unreserved resources" + SUFFIX,
    ),
    (
        create(DISK),
        "Not a persistent volume: Resource"
        " disk(allocated: test)(reservations: [(DYNAMIC,test,tester)]):128 does not have DiskInfo"
        + SUFFIX,
    ),
    (
        create(READ_ONLY),
        "Not a persistent volume: Read-only persistent volume not supported" + SUFFIX,
    ),
    (
        create(volume(1, "v"), volume(2, "v")),
        "Persistence ID 'v' is not unique" + SUFFIX,
    ),
    (
        create(volume(1, "v", principal="mallory")),
        "Create volume operation attempted by authenticated principal 'tester', which does not"
        " match a volume in the operation with principal 'mallory' set in 'disk.persistence'"
        + SUFFIX,
    ),
    (
        create(volume(1, "v", principal=None)),
        "Create volume operation attempted by principal 'tester', but there is a volume in the"
        " operation with no principal set in 'disk.persistence'" + SUFFIX,
    ),
    (
        create({**VOLUME, "shared": {}}),
        "Create volume operation for"
        " 'disk(allocated: test)(reservations: [(DYNAMIC,test,tester)])[v:data]<SHARED>:128'"
        " has been attempted by framework '{framework}' with no SHARED_RESOURCES capability"
        + SUFFIX,
    ),
    (
        create(VOLUME),
        (
            "{offered} does not contain"
            " disk(allocated: test)(reservations: [(DYNAMIC,test,tester)]):128"
        ),
    ),
    (destroy(VOLUME), "Persistent volumes not found" + SUFFIX),
    (
        operation("GROW_VOLUME", {"volume": VOLUME, "addition": dynamic("disk", 0)}),
        "The size of 'GrowVolume.addition' field must be greater than zero" + SUFFIX,
    ),
    (
        operation("GROW_VOLUME", {"volume": DISK, "addition": DISK}),
        "Invalid persistent volume in the 'GrowVolume.volume' field: Resource"
        " disk(allocated: test)(reservations: [(DYNAMIC,test,tester)]):128 does not have DiskInfo"
        + SUFFIX,
    ),
    (
        operation("GROW_VOLUME", {"volume": VOLUME, "addition": scalar("disk", 1)}),
        "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields"
        + SUFFIX,
    ),
    (
        operation("GROW_VOLUME", {"volume": VOLUME, "addition": dynamic("disk", 1)}),
        (
            "Invalid GROW_VOLUME operation: {offered} does not contain"
            " disk(allocated: test)(reservations: [(DYNAMIC,test,tester)])[v:data]:128;"
            " disk(allocated: test)(reservations: [(DYNAMIC,test,tester)]):1"
        ),
    ),
    (
        operation("SHRINK_VOLUME", {"volume": VOLUME, "subtract": {"value": 0}}),
        "Value of 'ShrinkVolume.subtract' must be greater than zero" + SUFFIX,
    ),
    (
        operation("SHRINK_VOLUME", {"volume": VOLUME, "subtract": {"value": 128}}),
        "Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'"
        + SUFFIX,
    ),
    (
        operation("SHRINK_VOLUME", {"volume": VOLUME, "subtract": {"value": 1}}),
        (
            "Invalid SHRINK_VOLUME operation: {offered} does not contain"
            " disk(allocated: test)(reservations: [(DYNAMIC,test,tester)])[v:data]:128"
        ),
    ),
    (
        operation("CREATE_DISK", {"source": scalar("disk", 1), "target_type": "MOUNT"}),
        "'source' is not managed by a resource provider" + SUFFIX,
    ),
    (
        operation("DESTROY_DISK", {"source": {"provider_id": {"value": "p"}, **scalar("disk", 1)}}),
        "Resource provider p is not subscribed" + SUFFIX,
    ),
]


@pytest.mark.parametrize("content_type", list(ContentType), ids=lambda kind: kind.name)
def test_operations_that_are_not_valid(world, content_type):
    agent = world.agent()
    client = world.framework(content_type, roles=["test"])
    (offer,) = client.offers()
    operations = [
        {**one, "id": {"value": f"op-{number}"}} for number, (one, _) in enumerate(OPERATION_ERRORS)
    ]
    client.accept(offer, operations=operations)
    told = [client.operation_status() for _ in operations]
    # What is malformed is told first.
    told.sort(key=lambda status: int(status["operation_id"]["value"].removeprefix("op-")))
    described = f"{agent.agent_id} at slave(1)@127.0.0.1:{agent.info.port} (127.0.0.1)"
    for one, (_, text), status in zip(operations, OPERATION_ERRORS, told, strict=True):
        expected = (
            text.replace("{agent}", described)
            .replace("{offered}", OFFERED)
            .replace("{framework}", client.framework_id)
        )
        assert status == {
            "operation_id": one["id"],
            "state": "OPERATION_ERROR",
            "message": expected,
        }
    assert agent.calls.empty()
