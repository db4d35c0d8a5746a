"""What a simulated agent has, and the operations that change it.

Follows ``src/slave/slave.cpp``: an operation is applied, written down and reported in one go; the
report is sent again, as that of a task is, until it is acknowledged. What the agent holds and what
nobody has acknowledged yet outlive its restarts and its frameworks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faults import messages as msg
from faults.conversion import convert

from mesos_batch.model.resources import Resources

if TYPE_CHECKING:
    from faults.sim_agent import Agent

FIRST_RESEND = 10.0
LONGEST_RESEND = 600.0


@dataclass(slots=True, eq=False)
class Applied:
    """An operation whose end nobody has acknowledged."""

    message: msg.ApplyOperation
    status_uuid: bytes
    pause: float = FIRST_RESEND
    sendings: int = 0


class AgentOperations:
    """The operations of one agent; ``applied`` are all that ever made its ``total`` what it is."""

    def __init__(self, agent: Agent, total: Resources) -> None:
        self._agent = agent
        self._world = agent.world
        self.total = total
        self.applied: set[int] = set()
        self.lose: list[float] = []
        self._deaf = False
        self._open: dict[int, Applied] = {}

    def receive(self, message: object) -> None:
        if self._loses(message):
            return
        match message:
            case msg.ApplyOperation():
                self._apply(message)
            case msg.Checkpoint():
                self._checkpoint(message)
            case msg.AckOperation():
                self._acknowledged(message)
            case msg.ReconcileAgent():
                self._reconcile(message)

    def registered(self) -> None:
        """Report, and send again what is not acknowledged."""
        self._deaf = False
        if self._agent.machine.old:
            return
        known = tuple((one.message, one.status_uuid) for one in self._open.values())
        holds = self.total, frozenset(self.applied)
        self._agent.to_master.send(msg.UpdateAgent(self._agent.agent_id, known, *holds))
        for one in self._open.values():
            one.pause = FIRST_RESEND
            self._send(one)

    def knows(self, resources: Resources) -> bool:
        """Whether all that was made by an operation is really here."""
        made = resources.filter(lambda it: it.is_dynamically_reserved or it.is_persistent_volume)
        return self.total.contains(made)

    # -- operations ---------------------------------------------------------------------------

    def _apply(self, message: msg.ApplyOperation) -> None:
        try:
            self.total = convert(self.total, message.operation)
        except ValueError as error:
            # CHECK_SOME(resources): the process ends.
            self._world.happened("agent_crashes_on_operation", f"{message.uuid}: {error}")
            self._agent.crash_and_restart()
            return
        self._is_applied(message.uuid)
        one = self._open[message.uuid] = Applied(message, self._world.uuid())
        self._world.oracle.changes.made(one.status_uuid, message.uuid)
        self._send(one)

    def _loses(self, message: object) -> bool:
        """Whether the connection broke under an operation; nothing after it arrives either."""
        applies = isinstance(message, msg.ApplyOperation | msg.Checkpoint)
        if self.lose and applies and not self._deaf:
            self._deaf = True
            self._world.clock.after(self.lose.pop(), self._agent.register_again)
        if self._deaf and applies:
            self._world.happened("agent_never_gets_operation", str(message))
        return self._deaf

    def _checkpoint(self, message: msg.Checkpoint) -> None:
        self.total = message.total
        for uuid in sorted(message.applied - self.applied):
            self._is_applied(uuid)

    def _is_applied(self, uuid: int) -> None:
        self.applied.add(uuid)
        self._world.log(self._agent.agent_id, "applies operation %d", uuid)
        self._world.oracle.changes.applied(self._agent, uuid)

    # -- what is told of them -----------------------------------------------------------------

    def _send(self, one: Applied) -> None:
        if not self._agent.registered or not self._agent.up:
            return
        message = one.message
        self._agent.to_master.send(
            msg.OperationUpdate(
                self._agent.agent_id,
                message.uuid,
                message.framework_id,
                message.operation.operation_id,
                one.status_uuid,
            )
        )
        one.sendings += 1
        self._world.clock.after(one.pause, self._resend, one, one.sendings)
        one.pause = min(2 * one.pause, LONGEST_RESEND)

    def _resend(self, one: Applied, sending: int) -> None:
        if sending == one.sendings and self._open.get(one.message.uuid) is one:
            self._world.happened("operation_status_sent_again", f"{one.message.uuid}")
            self._send(one)

    def _acknowledged(self, message: msg.AckOperation) -> None:
        one = self._open.get(message.uuid)
        if one is not None and one.status_uuid == message.status_uuid:
            del self._open[message.uuid]

    def _reconcile(self, message: msg.ReconcileAgent) -> None:
        for uuid in message.uuids:
            if uuid not in self._open:
                self._agent.to_master.send(msg.OperationUpdate(self._agent.agent_id, uuid))
