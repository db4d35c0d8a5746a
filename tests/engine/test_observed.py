"""What a list of agents says of operations nobody can be asked about."""

from __future__ import annotations

import pytest
from engine.change_values import OTHER, amount, machine, make, undo, volume

from mesos_batch.engine.changes import ChangeRecord, OperationRecord
from mesos_batch.engine.observed import observe
from mesos_batch.model.change import Change
from mesos_batch.model.operation import OperationState, OperationType
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import Resources

V, PLAIN = volume("v", 100), amount("disk", 100)
CPUS = amount("cpus", 1)
DONE, NOT_DONE, UNCLEAR = "FINISHED", "DROPPED", "UNKNOWN"
T = OperationType


def look(
    change: Change,
    sent: dict[OperationType, Resource],
    total: Resources,
    before: Resources | None = None,
) -> dict[str, str]:
    """What became of operations sent to agent ``a``, by type."""
    record = ChangeRecord(0, change)
    for number, (kind, what) in enumerate(sent.items()):
        keys = {what.key}
        seen = None if before is None else before.filter(lambda item, keys=keys: item.key in keys)
        record.operations.append(
            OperationRecord(0, number, kind, "a", Resources([what]), 0.0, None, before=seen)
        )
    states = observe(record, record.operations, {"a": total})
    return {op.type.name: state.name.removeprefix("OPERATION_") for op, state in states}


@pytest.mark.parametrize(
    ("total", "before", "expected"),
    [
        (machine(V), None, (DONE, DONE)),
        (machine(), None, (NOT_DONE, NOT_DONE)),
        # Reserved it is; by whom?
        (machine(PLAIN), None, (UNCLEAR, NOT_DONE)),
        (machine(PLAIN), machine(), (DONE, NOT_DONE)),
        (machine(PLAIN), machine(PLAIN), (NOT_DONE, NOT_DONE)),
        (machine(PLAIN, PLAIN), machine(PLAIN), (DONE, NOT_DONE)),
        (machine(amount("disk", 100, OTHER)), None, (NOT_DONE, NOT_DONE)),
    ],
)
def test_what_was_made(
    total: Resources, before: Resources | None, expected: tuple[str, str]
) -> None:
    found = look(make(V), {T.RESERVE: PLAIN, T.CREATE: V}, total, before)

    assert (found["RESERVE"], found["CREATE"]) == expected


@pytest.mark.parametrize(
    ("total", "before", "expected"),
    [
        (machine(), None, (DONE, DONE)),
        # Its disk cannot go before the volume does.
        (machine(V), None, (NOT_DONE, NOT_DONE)),
        (machine(V, PLAIN), None, (NOT_DONE, NOT_DONE)),
        (machine(PLAIN), None, (DONE, UNCLEAR)),
        (machine(PLAIN), machine(PLAIN), (DONE, NOT_DONE)),
        (machine(PLAIN), machine(PLAIN, PLAIN), (DONE, DONE)),
    ],
)
def test_what_was_undone(
    total: Resources, before: Resources | None, expected: tuple[str, str]
) -> None:
    found = look(undo(V), {T.DESTROY: V, T.UNRESERVE: PLAIN}, total, before)

    assert (found["DESTROY"], found["UNRESERVE"]) == expected


def test_a_volume_whose_destruction_is_known_to_have_failed_keeps_its_disk() -> None:
    record = ChangeRecord(0, undo(V))
    dropped = OperationRecord(0, 0, T.DESTROY, "a", Resources([V]), 0.0, "DESTROY-0-0")
    dropped.state = OperationState.OPERATION_DROPPED
    open_one = OperationRecord(0, 1, T.UNRESERVE, "a", Resources([PLAIN]), 0.0, None)
    record.operations = [dropped, open_one]

    ((_, state),) = observe(record, [open_one], {"a": machine(V)})

    assert state is OperationState.OPERATION_DROPPED


def test_cpus_are_seen_by_their_amount() -> None:
    sent = {T.UNRESERVE: CPUS}

    assert look(undo(more=(CPUS,)), sent, machine(CPUS), machine(CPUS)) == {"UNRESERVE": NOT_DONE}
    assert look(undo(more=(CPUS,)), sent, machine()) == {"UNRESERVE": DONE}


def test_an_agent_that_is_not_listed_says_nothing() -> None:
    record = ChangeRecord(0, make(V))
    operation = OperationRecord(0, 0, T.CREATE, "elsewhere", Resources([V]), 0.0, None)

    assert list(observe(record, [operation], {"a": machine()})) == []


def test_an_earlier_volume_vouches_for_the_reservation() -> None:
    record = ChangeRecord(0, make(V))
    done = OperationRecord(0, 0, T.CREATE, "a", Resources([V]), 0.0, "CREATE-0-0")
    done.state = OperationState.OPERATION_FINISHED
    open_one = OperationRecord(0, 1, T.RESERVE, "a", Resources([PLAIN]), 0.0, None)
    record.operations = [done, open_one]

    ((_, state),) = observe(record, [open_one], {"a": machine(V)})

    assert state is OperationState.OPERATION_FINISHED
