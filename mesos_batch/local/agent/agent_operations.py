"""Offer operations on an agent: applied one after another, their status sent until acknowledged.

An operation is on disk before it is applied, so that the agent's next process finishes it. Only
what is not acknowledged is kept, and told to a master when the agent registers.
Source: ``Slave::applyOperation``, ``Slave::recoverOperations`` in ``src/slave/slave.cpp``.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import uuid
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent.updates import Sending, UpdateManager
from mesos_batch.protocol.values import resources_from, resources_to

if TYPE_CHECKING:
    from mesos_batch.local.agent.agent_resources import AgentResources
    from mesos_batch.local.agent.checkpoint import AgentCheckpoint
    from mesos_batch.model.resources import Resources

log = logging.getLogger(__name__)


class AgentOperations:
    """The operations an agent was given.

    ``send`` sends the latest status of an operation. ``correct`` is called when the agent has
    something else than its master thinks, so that the master must hear it again.
    """

    def __init__(
        self,
        resources: AgentResources,
        checkpoint: AgentCheckpoint | None,
        retry_interval: float,
        send: Callable[[pb.Operation], None],
        correct: Callable[[], None],
    ) -> None:
        self._resources = resources
        self._checkpoint = checkpoint
        self._send = send
        self._correct = correct
        self._known: dict[bytes, pb.Operation] = {}
        self._waiting: deque[tuple[pb.Operation, Resources]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._statuses: UpdateManager[bytes, pb.Operation] = UpdateManager(
            retry_interval, self._deliver
        )

    @property
    def total(self) -> Resources:
        """What the agent has when all it was given is applied."""
        return self._waiting[-1][1] if self._waiting else self._resources.total

    def known(self) -> list[pb.Operation]:
        """The operations that nobody has acknowledged, as they are now."""
        return [copy.deepcopy(operation) for operation in self._known.values()]

    def apply(
        self,
        agent_id: str,
        framework_id: str,
        operation: pb.Offer.Operation,
        operation_uuid: bytes,
        total: Resources,
    ) -> None:
        """Apply an operation after those before it; ``total`` is what the agent has then."""
        given = pb.Operation(info=operation, uuid=pb.UUID(value=operation_uuid))
        given.agent_id.value = agent_id
        if framework_id:
            given.framework_id.value = framework_id
        given.latest_status.CopyFrom(_status(given, pb.OPERATION_PENDING))
        self._give(given, total)

    async def settled(self) -> None:
        """Wait until the operations given so far are applied."""
        if self._worker is not None:
            await asyncio.wait([self._worker])

    def recover(self, operations: list[pb.Operation]) -> None:
        """Finish what the agent's last process has begun, and send the statuses it has left."""
        for operation in operations:
            status = operation.latest_status
            if status.state == pb.OPERATION_PENDING:
                total = resources_from(status.converted_resources)
                status.ClearField("converted_resources")
                self._give(operation, total)
            else:
                self._known[operation.uuid.value] = operation
                self._statuses.add(operation.uuid.value, status.uuid.value, operation)

    def acknowledge(self, status_uuid: bytes) -> None:
        """Forget the operation whose status this is."""
        for key, operation in list(self._known.items()):
            if operation.latest_status.uuid.value == status_uuid:
                del self._known[key]
                if self._checkpoint is not None:
                    self._checkpoint.forget_operation(key)
                self._statuses.acknowledge(key, status_uuid)

    def reconcile(self, agent_id: str, operation_uuids: list[bytes]) -> None:
        """Say of operations that never came here that they are lost."""
        for operation_uuid in operation_uuids:
            if operation_uuid not in self._known:
                lost = pb.Operation(uuid=pb.UUID(value=operation_uuid))
                lost.latest_status.state = pb.OPERATION_DROPPED
                lost.latest_status.agent_id.value = agent_id
                self._send(lost)
        if not self._known.keys().isdisjoint(operation_uuids):
            # They were on their way while the agent registered without them.
            self._correct()

    def flush(self) -> None:
        """Send every unacknowledged status again."""
        self._statuses.flush()

    def stop(self) -> None:
        """Send nothing again."""
        self._statuses.stop()

    def _give(self, operation: pb.Operation, total: Resources) -> None:
        self._known[operation.uuid.value] = operation
        self._waiting.append((operation, total))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._waiting:
            operation, total = self._waiting[0]
            try:
                await asyncio.to_thread(self._carry_out, operation, total)
            except OSError as error:
                log.warning("An operation cannot be applied: %s", error)
                # Those after it were to be applied to what there is not.
                without_effect = [operation for operation, _ in self._waiting]
                self._waiting.clear()
                for operation in without_effect:
                    why = f"Failed to apply operation: {error}"
                    await self._end(operation, pb.OPERATION_FAILED, why)
                self._correct()
            else:
                self._waiting.popleft()
                await self._end(operation, pb.OPERATION_FINISHED)

    def _carry_out(self, operation: pb.Operation, total: Resources) -> None:
        if self._checkpoint is not None:
            begun = pb.Operation()
            begun.CopyFrom(operation)
            begun.latest_status.converted_resources.extend(resources_to(total))
            self._checkpoint.operation(begun)
        self._resources.apply(total)

    async def _end(
        self, operation: pb.Operation, state: pb.OperationState, message: str = ""
    ) -> None:
        status = _status(operation, state)
        status.uuid.value = uuid.uuid4().bytes
        if message:
            status.message = message
        operation.latest_status.CopyFrom(status)
        operation.statuses.append(status)
        if self._checkpoint is not None:
            try:
                await asyncio.to_thread(self._checkpoint.operation, operation)
            except OSError as error:
                log.warning("A restart will not know of an operation: %s", error)
        self._statuses.add(operation.uuid.value, status.uuid.value, operation)

    def _deliver(self, sending: Sending[bytes, pb.Operation]) -> None:
        self._send(sending.head)


def _status(operation: pb.Operation, state: pb.OperationState) -> pb.OperationStatus:
    status = pb.OperationStatus(state=state, agent_id=operation.agent_id)
    if operation.info.HasField("id"):
        status.operation_id.CopyFrom(operation.info.id)
    return status
