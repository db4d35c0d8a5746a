"""What the simulated cluster does about operations, by what ``src/master/master.cpp`` says."""

from __future__ import annotations

from typing import Any

import pytest
from faults.change_plan import ROLE
from faults.conversion import convert
from faults.plan import Machine
from faults.sim_operations import PRINCIPAL
from faults.test_simulated_cluster import AGENT, Client

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.model.operation import Operation, OperationType
from mesos_batch.model.resource import Disk, Reservation, ReservationType, Resource, Volume
from mesos_batch.model.resources import CPUS, DISK, Resources
from mesos_batch.model.scalar import Scalar

OURS = Reservation(ReservationType.DYNAMIC, ROLE, PRINCIPAL)
ROOT = Resources([Resource(DISK, Scalar(1_000_000))])
PLAIN = Resource(DISK, Scalar(100_000), (OURS,))
MADE = Resource(DISK, Scalar(100_000), (OURS,), disk=Disk("v", PRINCIPAL, Volume("data")))
RESERVE = Operation(OperationType.RESERVE, Resources([PLAIN]), "r")
CREATE = Operation(OperationType.CREATE, Resources([MADE]), "c")


class Owner(Client):
    """A framework with a role, on one agent with a disk."""

    def __init__(self, *, old: bool = False, **plan: Any) -> None:
        machine = Machine(4000, 4_096_000, disks=ROOT, old=old)
        super().__init__(agents=(machine,), role=ROLE, **plan)
        self.subscribe()

    def operate(self, *operations: Operation) -> None:
        held = self.offers()[-1]
        self.call(do.Operate((held.offer_id,), AGENT, operations, 5.0))

    def heard(self) -> list[tuple[str, str, bool]]:
        return [
            (status.operation_id, status.state.name.removeprefix("OPERATION_"), bool(status.uuid))
            for event in self.events
            if isinstance(event, ev.OperationUpdateArrived)
            for status in [event.status]
        ]

    def acknowledge(self) -> None:
        for event in self.events:
            if isinstance(event, ev.OperationUpdateArrived) and event.status.uuid is not None:
                status = event.status
                self.call(do.AcknowledgeOperation(AGENT, status.operation_id, status.uuid or b""))

    def ask(self) -> list[str]:
        before = len(self.heard())
        self.call(do.ReconcileOperations((("r", AGENT), ("c", AGENT))))
        self.wait(0.1)
        return [state for _, state, _ in self.heard()[before:]]


def test_what_is_reserved_and_created_is_offered_next() -> None:
    owner = Owner()
    owner.operate(RESERVE, CREATE)
    owner.wait(2.0)

    assert owner.heard() == [("r", "FINISHED", True), ("c", "FINISHED", True)]
    offered = owner.offers()[-1]
    assert offered.role == ROLE
    assert offered.resources.allocated_to(None).contains(Resources([MADE]))
    assert owner.agent.operations.total.contains(Resources([MADE]))


def test_a_status_comes_again_until_it_is_acknowledged() -> None:
    owner = Owner()
    owner.operate(RESERVE)
    owner.wait(31.0)
    owner.acknowledge()
    owner.wait(100.0)

    assert owner.heard() == [("r", "FINISHED", True)] * 3
    assert owner.ask() == ["UNKNOWN", "UNKNOWN"]


def test_an_operation_on_an_offer_that_is_gone_is_refused() -> None:
    owner = Owner()
    assert owner.world.master is not None
    owner.world.master.allocator.withdraw(agent_id=AGENT)
    owner.operate(RESERVE)
    owner.wait(1.0)

    assert owner.heard() == [("r", "ERROR", False)]


def test_what_follows_an_operation_that_fails_goes_on_without_it() -> None:
    owner = Owner()
    owner.operate(CREATE, RESERVE)
    owner.wait(1.0)

    assert owner.heard() == [("c", "ERROR", False), ("r", "FINISHED", True)]


def test_an_old_agent_takes_operations_without_an_id_only() -> None:
    owner = Owner(old=True)
    owner.operate(RESERVE)
    owner.wait(7.0)
    owner.operate(Operation(OperationType.RESERVE, RESERVE.resources))
    owner.wait(1.0)

    assert owner.heard() == [("r", "ERROR", False)]
    assert owner.agent.operations.total.contains(RESERVE.resources)


def test_an_operation_that_never_arrives_is_dropped_when_the_agent_registers() -> None:
    owner = Owner()
    owner.agent.operations.lose.append(5.0)
    owner.operate(RESERVE)
    owner.wait(1.0)
    before = owner.ask()
    owner.wait(20.0)

    assert before[0] == "PENDING"
    assert owner.heard()[-1] == ("r", "DROPPED", False)
    assert not owner.offers()[-1].resources.reserved()


def test_a_new_master_learns_operations_when_the_agent_registers() -> None:
    owner = Owner()
    owner.operate(RESERVE)
    owner.wait(1.0)
    owner.agent.break_socket()
    owner.agent.registered = False
    owner.world.master = None
    owner.world.new_master()
    owner.subscribe()
    unknown = owner.ask()
    owner.wait(31.0)

    assert unknown == ["RECOVERING", "RECOVERING"]
    assert owner.ask()[0] == "FINISHED"


@pytest.mark.parametrize("gone", [True, False])
def test_an_agent_that_is_away_or_gone(gone: bool) -> None:
    owner = Owner()
    master = owner.world.master
    assert master is not None
    owner.operate(RESERVE)
    owner.agent.to_master.hold()
    owner.agent.from_master.hold()
    (master.mark_gone if gone else master.mark_unreachable)(AGENT)
    owner.wait(1.0)

    state = "GONE_BY_OPERATOR" if gone else "UNREACHABLE"
    assert owner.heard() == [("r", state, False)]
    assert owner.ask() == [state, state]


def test_operations_outlive_the_agent_process_and_the_framework() -> None:
    owner = Owner(checkpoint=False)
    owner.operate(RESERVE)
    owner.wait(1.0)
    owner.agent.restart(False, 5.0)
    owner.wait(10.0)
    owner.call(do.Teardown())
    owner.framework_id = None
    owner.wait(1.0)
    owner.subscribe()
    owner.wait(1.0)

    assert owner.heard()[-1] == ("r", "FINISHED", True)
    assert owner.offers()[-1].resources.allocated_to(None).contains(RESERVE.resources)


def test_conversions_undo_each_other() -> None:
    whole = ROOT + Resources([Resource(CPUS, Scalar(1000))])
    made = convert(convert(whole, RESERVE), CREATE)
    back = convert(made, Operation(OperationType.DESTROY, CREATE.resources))

    assert convert(back, Operation(OperationType.UNRESERVE, RESERVE.resources)) == whole
    with pytest.raises(ValueError, match="does not contain"):
        convert(whole, CREATE)
