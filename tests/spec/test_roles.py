"""What a framework of some role and principal could never be offered."""

from __future__ import annotations

import pytest
from task_lists import executor, group, scalar, task, uses

from mesos_batch.spec.load import check_for_role, load_task_list, placing_in

OLDER = scalar("cpus", 1, role="a/b", reservation={"principal": "p"})
NEWER = scalar("cpus", 1, reservations=[{"type": "DYNAMIC", "role": "a/b", "principal": "p"}])
REFINED = scalar(
    "cpus",
    1,
    reservations=[{"type": "STATIC", "role": "a"}, {"type": "DYNAMIC", "role": "a/b"}],
)


@pytest.mark.parametrize("resource", [OLDER, NEWER, REFINED, scalar("cpus", 1)])
@pytest.mark.parametrize("role", ["a/b", "a/b/c"])
def test_offered_to_the_role_and_those_below(resource: dict[str, object], role: str) -> None:
    loaded = load_task_list(group(task(**uses(resource))), "list")

    assert check_for_role(loaded, role, "p") == ()


@pytest.mark.parametrize(
    ("resource", "field"),
    [(OLDER, "role"), (NEWER, "reservations[0].role"), (REFINED, "reservations[1].role")],
)
@pytest.mark.parametrize("role", ["*", "a", "a/bc", "other"])
def test_not_offered_to_other_roles(resource: dict[str, object], field: str, role: str) -> None:
    data = group(task(**uses(scalar("mem", 32), resource)))

    (problem,) = check_for_role(load_task_list(data, "list"), role, None, placing_in(data, "list"))

    assert problem.format() == (
        f"list:1:{data.rindex(b'a/b')}: error: tasks[0].resources[1].{field}: reserved to role"
        f" 'a/b', but the framework has role '{role}' (start with --role=a/b)"
    )


def test_without_the_bytes_there_is_no_position() -> None:
    loaded = load_task_list(group(task(**uses(OLDER))), "list")

    (problem,) = check_for_role(loaded, "*", None)

    assert problem.format().startswith("list: error: tasks[0].resources[0].role: reserved")


@pytest.mark.parametrize(
    ("resource", "field"),
    [(OLDER, "reservation.principal"), (NEWER, "reservations[0].principal")],
)
def test_another_principal_is_a_warning(resource: dict[str, object], field: str) -> None:
    loaded = load_task_list(group(task(**uses(resource))), "list")

    (problem,) = check_for_role(loaded, "a/b", "q")

    assert problem.format() == (
        f"list: warning: tasks[0].resources[0].{field}: reserved by principal 'p',"
        " the framework has 'q' (it fits only what that principal has reserved)"
    )
    assert check_for_role(loaded, "a/b", None) == ()


def test_an_executor_is_offered_no_more() -> None:
    loaded = load_task_list(group(task(**executor(resources=[OLDER, scalar("mem", 32)]))), "list")

    (problem,) = check_for_role(loaded, "*", None)

    assert problem.field == "tasks[0].executor.resources[0].role"


def test_an_allocation_is_to_the_role_of_the_framework() -> None:
    allocated = scalar("cpus", 1, allocation_info={"role": "a"})
    loaded = load_task_list(group(task(**uses(allocated))), "list")

    (problem,) = check_for_role(loaded, "b", None)

    assert problem.field == "tasks[0].resources[0].allocation_info.role"
    assert check_for_role(loaded, "a", None) == ()


def test_a_volume_named_by_its_id_has_no_role() -> None:
    volume = {"name": "disk", "type": "SCALAR", "disk": {"persistence": {"id": "v"}}}
    loaded = load_task_list(group(task(**uses(scalar("cpus", 1), volume))), "list")

    for role in ("*", "a", "a/b"):
        assert check_for_role(loaded, role, "p") == ()


def test_every_task_that_reserves_alike_is_told_of() -> None:
    plain, reserved = uses(scalar("cpus", 1)), uses(OLDER)
    uses_all = [plain, reserved, plain, reserved, executor(resources=[OLDER, scalar("mem", 32)])]
    data = group(*(task(**{"task_id": {"value": f"t{i}"}, **u}) for i, u in enumerate(uses_all)))

    problems = check_for_role(load_task_list(data, "list"), "*", None, placing_in(data, "list"))

    assert [problem.field for problem in problems] == [
        "tasks[1].resources[0].role",
        "tasks[3].resources[0].role",
        "tasks[4].executor.resources[0].role",
    ]
