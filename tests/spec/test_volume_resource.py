"""Volume resources: what is to be reserved and created, or all that is wrong with it."""

from __future__ import annotations

import json

import pytest
from spec.volume_resources import A_VOLUME, SEED, holding, lines_of, load, told, volume
from task_lists import DYNAMIC, VOLUME, disk, scalar

from mesos_batch.errors import ExitCode
from mesos_batch.model.resource import (
    Disk,
    DiskSource,
    DiskSourceType,
    Reservation,
    ReservationType,
    Volume,
)
from mesos_batch.spec.problems import InvalidTaskListError

SEED_VOLUME = "22d664c4-15d2-4978-86e3-d9b5d310666f-ZZZ"
BY_TEST = Reservation(ReservationType.DYNAMIC, "test", "test")
OLDER = {"role": "r", "reservation": {"principal": "p"}}
STATIC = {"reservations": [{"type": "STATIC", "role": "r"}]}
NO_PRINCIPAL = {"reservations": [{"type": "DYNAMIC", "role": "r"}]}


def test_the_file_of_the_original() -> None:
    loaded = load(SEED.read_bytes(), "test", "test")

    assert loaded.name == "file"
    assert loaded.agent_id is None
    assert loaded.warnings == ()
    cpus, mem, created = loaded.resources
    assert [str(item.value) for item in loaded.resources] == ["3", "64", "4096"]
    assert cpus.reservations == mem.reservations == created.reservations == (BY_TEST,)
    assert created.disk == Disk(SEED_VOLUME, "test", Volume("volume"))


def test_no_principal_is_that_of_the_framework() -> None:
    static = {**scalar("mem", 1), **STATIC}
    data = holding(scalar("cpus", 1, **NO_PRINCIPAL), static, disk(VOLUME, **NO_PRINCIPAL))

    cpus, mem, created = load(data).resources
    assert cpus.reservations == (Reservation(ReservationType.DYNAMIC, "r", "p"),)
    assert mem.reservations == (Reservation(ReservationType.STATIC, "r"),)
    assert created.reservations == cpus.reservations
    assert created.disk is not None
    assert created.disk.persistence_principal == "p"


def test_a_framework_without_principal_leaves_all_as_it_is() -> None:
    by_another = volume(persistence={"id": "w", "principal": "q"})
    data = holding(scalar("cpus", 1, **NO_PRINCIPAL), A_VOLUME, by_another)

    cpus, first, second = load(data, principal=None).resources

    assert [item.reservations[-1].principal for item in (cpus, first)] == [None, "p"]
    assert first.disk == Disk("v", None, Volume("data"))
    assert second.disk == Disk("w", "q", Volume("data"))


def test_a_disk_that_is_no_volume_is_created_by_nobody() -> None:
    plain = disk({"source": {"type": "PATH"}}, **DYNAMIC)

    first, _ = load(holding(plain, A_VOLUME)).resources

    assert first.disk == Disk(source=DiskSource(DiskSourceType.PATH))


def test_only_the_innermost_reservation_is_ours() -> None:
    stack = [{"type": "DYNAMIC", "role": "a", "principal": "q"}, {"type": "DYNAMIC", "role": "a/b"}]

    (created,) = load(holding(disk(VOLUME, reservations=stack)), "a/b").resources

    assert [item.principal for item in created.reservations] == ["q", "p"]


def test_labels_are_kept() -> None:
    labels = {"labels": [{"key": "k", "value": "v"}]}
    entry = {"type": "DYNAMIC", "role": "r", "principal": "p", "labels": labels}

    (created,) = load(holding(disk(VOLUME, reservations=[entry]))).resources

    assert created.reservations[0].labels == (("k", "v"),)


def test_an_allocation_is_taken_away() -> None:
    (created,) = load(holding({**A_VOLUME, "allocation_info": {"role": "r"}})).resources

    assert created.allocation_role is None


@pytest.mark.parametrize(
    ("agent", "name"), [(None, None), ({}, None), ({"value": ""}, None), ({"value": "S1"}, "S1")]
)
def test_an_agent_may_be_named(agent: object, name: str | None) -> None:
    assert load(holding(A_VOLUME, agent_id=agent)).agent_id == name


@pytest.mark.parametrize("kind", ["PATH", "MOUNT"])
@pytest.mark.parametrize("root", [{}, {"root": "/mnt"}])
def test_a_disk_of_its_own_may_be_named(kind: str, root: dict[str, str]) -> None:
    source = {"type": kind, kind.lower(): root}

    (created,) = load(holding(volume(source=source))).resources

    assert created.disk is not None
    assert created.disk.source is not None
    assert created.disk.source.type is DiskSourceType[kind]
    assert created.disk.source.root == root.get("root")


ACCEPTED = {
    "older form": holding(disk(VOLUME, **OLDER)),
    "static": holding(disk(VOLUME, **STATIC)),
    "static, with a principal": holding(
        disk(VOLUME, reservations=[{"type": "STATIC", "role": "r", "principal": "q"}])
    ),
    "older static": holding(disk(VOLUME, role="r")),
    "both forms": holding(disk(VOLUME, **DYNAMIC, **OLDER)),
    "shared": holding({**A_VOLUME, "shared": {}}),
    "plain disk beside it": holding(scalar("disk", 5, **DYNAMIC), A_VOLUME),
    "two volumes in one place": holding(A_VOLUME, volume(persistence={"id": "w"})),
    "principals": holding(volume(persistence={"id": "v", "principal": "p"})),
    "a task id that is none": holding(A_VOLUME, task_id={"value": "a/b"}, name="x"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    assert lines_of(ACCEPTED[name]) == []


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"{}", "resources: no persistent volume is to be created"),
    "no volume": (
        holding(scalar("cpus", 1, **DYNAMIC)),
        "resources: no persistent volume is to be created",
    ),
    "disk without a volume": (
        holding(scalar("cpus", 1, **DYNAMIC), scalar("disk", 1, **DYNAMIC)),
        "resources[1].disk: no persistent volume is to be created",
    ),
    "volume without an id": (
        holding(disk({"volume": VOLUME["volume"]}, **DYNAMIC)),
        "resources[0].disk.persistence: a volume needs persistence",
    ),
    "misspelt": (
        holding(disk({"persistance": {"id": "v"}, "volume": VOLUME["volume"]}, **DYNAMIC)),
        "resources[0].disk.persistance: unknown field",
    ),
    "misspelt at the top": (
        json.dumps({"resource": [A_VOLUME]}).encode(),
        "resource: unknown field",
    ),
    "unreserved": (
        holding(scalar("cpus", 1), A_VOLUME),
        "resources[0].reservations: not reserved to any role",
    ),
    "unreserved volume": (
        holding(disk(VOLUME)),
        "resources[0].reservations: not reserved to any role",
    ),
    "reserved to nobody": (
        holding(disk(VOLUME, reservation={"principal": "p"})),
        "resources[0].role: a reservation needs a role",
    ),
    "reserved to anybody": (
        holding(disk(VOLUME, reservations=[{"type": "STATIC", "role": "*"}])),
        'resources[0].reservations[0].role: nothing can be reserved to "*"',
    ),
    "other role": (
        holding(disk(VOLUME, role="q")),
        "resources[0].role: reserved to role 'q', but the framework has role 'r'",
    ),
    "role below": (
        holding(disk(VOLUME, reservations=[{"type": "DYNAMIC", "role": "r/s"}])),
        "resources[0].reservations[0].role: reserved to role 'r/s', but the framework has role 'r'",
    ),
    "other principal": (
        holding(disk(VOLUME, role="r", reservation={"principal": "q"})),
        "resources[0].reservation.principal: reserved by principal 'q', but the framework has 'p'",
    ),
    "other creator": (
        holding(volume(persistence={"id": "v", "principal": "q"})),
        (
            "resources[0].disk.persistence.principal:"
            " created by principal 'q', but the framework has 'p'"
        ),
    ),
    "other principal, newer form": (
        holding(
            disk(VOLUME, reservations=[{"type": "DYNAMIC", "role": "r", "principal": "q"}]),
        ),
        (
            "resources[0].reservations[0].principal:"
            " reserved by principal 'q', but the framework has 'p'"
        ),
    ),
    "other allocation": (
        holding({**A_VOLUME, "allocation_info": {"role": "q"}}),
        "resources[0].allocation_info.role: allocated to role 'q', but the framework has role 'r'",
    ),
    "no place": (
        holding(disk({"persistence": {"id": "v"}}, **DYNAMIC)),
        "resources[0].disk.volume: a persistent volume needs a place in the sandbox",
    ),
    "nested place": (
        holding(volume(volume={"container_path": "a/b", "mode": "RW"})),
        "resources[0].disk.volume.container_path: agents skip a volume whose path has a slash",
    ),
    "read-only": (
        holding(volume(volume={"container_path": "data", "mode": "RO"})),
        "resources[0].disk.volume.mode: a volume cannot be created read-only",
    ),
    "id": (
        holding(volume(persistence={"id": "a/b"})),
        "resources[0].disk.persistence.id: '/' is not allowed in an id",
    ),
    "twice": (
        holding(A_VOLUME, A_VOLUME),
        "resources[1].disk.persistence.id: the volume 'v' is already in resources[0]",
    ),
    "raw": (
        holding(volume(source={"type": "RAW"})),
        "resources[0].disk.source.type: no volume can be created on a disk of type RAW",
    ),
    "block": (
        holding(volume(source={"type": "BLOCK"})),
        "resources[0].disk.source.type: no volume can be created on a disk of type BLOCK",
    ),
    "no size": (
        holding({"name": "disk", "type": "SCALAR", "disk": VOLUME, **DYNAMIC}),
        "resources[0].scalar: a SCALAR resource needs a value",
    ),
    "zero": (
        holding({**A_VOLUME, "scalar": {"value": 0}}),
        "resources[0].scalar.value: 0 disk asks for nothing",
    ),
    "revocable": (
        holding({**scalar("mem", 1), **STATIC, "revocable": {}}, A_VOLUME),
        "resources[0].revocable: what is reserved cannot be revocable",
    ),
    "shared cpus": (
        holding(scalar("cpus", 1, shared={}, **DYNAMIC), A_VOLUME),
        "resources[0].shared: only persistent volumes can be shared",
    ),
    "agent": (
        holding(A_VOLUME, agent_id={"value": "a/b"}),
        "agent_id.value: '/' is not allowed in an id",
    ),
    "text for a number": (
        holding({**A_VOLUME, "scalar": {"value": "big"}}),
        'resources[0].scalar.value: expected a number, not the text "big"',
    ),
    "no mode": (
        holding(volume(volume={"container_path": "data"})),
        "resources[0].disk.volume.mode: the field is missing",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    data, expected = REFUSED[name]

    assert told(data) == [expected]


def test_all_is_told_at_once_with_places_and_remedies() -> None:
    text = SEED.read_text(encoding="utf-8").replace('"RW"', '"RO"').replace("4096", "-1")

    with pytest.raises(InvalidTaskListError) as raised:
        load(text.encode(), "test", "other")

    assert str(raised.value) == "the volume resource file has 6 errors"
    assert raised.value.exit_code is ExitCode.USAGE
    lines = [problem.format() for problem in raised.value.problems]
    assert lines[3:] == [
        (
            "file:37:26: error: resources[2].reservation.principal: reserved by principal 'test',"
            " but the framework has 'other' (start with --principal=test, or leave principal out)"
        ),
        (
            "file:42:29: error: resources[2].disk.persistence.principal: created by principal"
            " 'test', but the framework has 'other' (start with --principal=test, or leave"
            " principal out)"
        ),
        (
            "file:46:24: error: resources[2].disk.volume.mode: a volume cannot be created read-only"
            ' (write "RW"; a task that uses the volume may say "RO")'
        ),
    ]
    assert lines[2] == (
        "file:33:22: error: resources[2].scalar.value: -1 disk is less than nothing"
        " (leave the resource out, or say how much of it)"
    )


def test_the_role_of_anybody_is_told_once() -> None:
    assert lines_of(SEED.read_bytes(), "*", "test") == [
        (
            'file:15:18: error: resources[0].role: nothing can be reserved to "*",'
            " the role of the framework (start with --role=test)"
        )
    ]
    assert lines_of(holding(disk(VOLUME)), "*")[0] == (
        'file:1:15: error: resources: nothing can be reserved to "*", the role of the framework'
        " (start with --role=ROLE and reserve to that role)"
    )


def test_the_remedy_for_what_is_not_reserved_names_the_role() -> None:
    (line,) = lines_of(holding(disk(VOLUME)))

    assert line.endswith('(add "reservations": [{"type": "DYNAMIC", "role": "r"}])')
    fixed = disk(VOLUME, reservations=[{"type": "DYNAMIC", "role": "r"}])
    assert lines_of(holding(fixed)) == []


def test_a_role_above_that_of_the_framework_will_not_do() -> None:
    assert told(holding(disk(VOLUME, role="a")), "a/b") == [
        "resources[0].role: reserved to role 'a', but the framework has role 'a/b'"
    ]


def test_what_is_not_looked_at_is_a_warning() -> None:
    data = holding(A_VOLUME, command={"value": "x"}, labels={})

    assert lines_of(data) == [
        f"file:1:{data.index(name) + 1}: warning: {name.decode().strip(chr(34))}:"
        " is not looked at in a volume resource (remove it)"
        for name in (b'"command"', b'"labels"')
    ]
