"""Offer operations on an agent: applied one after another, their status sent until acknowledged."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent.updates import Sending, UpdateManager

if TYPE_CHECKING:
    from mesos_batch.local.agent.agent_resources import AgentResources
    from mesos_batch.local.agent.checkpoint import AgentCheckpoint
    from mesos_batch.model.resources import Resources

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AppliedOperation:
    """What became of an operation; ``uuid`` is the one the master gave it."""

    framework_id: str
    uuid: bytes
    status: pb.OperationStatus


class AgentOperations:
    """The operations an agent was given."""

    def __init__(
        self,
        resources: AgentResources,
        checkpoint: AgentCheckpoint | None,
        retry_interval: float,
        send: Callable[[AppliedOperation], None],
    ) -> None:
        self._resources = resources
        self._checkpoint = checkpoint
        self._send = send
        self._statuses: UpdateManager[bytes, AppliedOperation] = UpdateManager(
            retry_interval, self._deliver
        )
        self._last: asyncio.Task[None] | None = None

    def apply(
        self,
        agent_id: str,
        framework_id: str,
        operation: pb.Offer.Operation,
        operation_uuid: bytes,
        total: Resources,
    ) -> None:
        """Apply an operation after those before it; ``total`` is what the agent has then."""
        status = pb.OperationStatus(
            state=pb.OPERATION_FINISHED,
            uuid=pb.UUID(value=uuid.uuid4().bytes),
            agent_id=pb.AgentID(value=agent_id),
        )
        if operation.HasField("id"):
            status.operation_id.CopyFrom(operation.id)
        applied = AppliedOperation(framework_id, operation_uuid, status)
        work = self._apply(self._last, applied, total)
        self._last = asyncio.get_running_loop().create_task(work)

    async def settled(self) -> None:
        """Wait for the operations given so far."""
        if self._last is not None:
            await asyncio.wait([self._last])

    def recover(self, operations: list[pb.Operation]) -> None:
        """Send the statuses the agent's last process has left."""
        for operation in operations:
            self._add(
                AppliedOperation(
                    operation.framework_id.value, operation.uuid.value, operation.latest_status
                )
            )

    def acknowledge(self, status_uuid: bytes) -> None:
        """Forget a status."""
        if self._checkpoint is not None:
            self._checkpoint.forget_operation(status_uuid)
        self._statuses.acknowledge(status_uuid, status_uuid)

    def flush(self) -> None:
        """Send every unacknowledged status again."""
        self._statuses.flush()

    def stop(self) -> None:
        """Send nothing again."""
        self._statuses.stop()

    async def _apply(
        self, previous: asyncio.Task[None] | None, applied: AppliedOperation, total: Resources
    ) -> None:
        if previous is not None:
            await asyncio.wait([previous])
        try:
            await asyncio.to_thread(self._resources.apply, total)
        except OSError as error:
            log.warning("An operation cannot be applied: %s", error)
            applied.status.state = pb.OPERATION_FAILED
            applied.status.message = f"Failed to apply operation: {error}"
        if self._checkpoint is not None:
            await asyncio.to_thread(self._checkpoint.operation, _message(applied))
        self._add(applied)

    def _add(self, applied: AppliedOperation) -> None:
        key = applied.status.uuid.value
        self._statuses.add(key, key, applied)

    def _deliver(self, sending: Sending[bytes, AppliedOperation]) -> None:
        self._send(sending.head)


def _message(applied: AppliedOperation) -> pb.Operation:
    operation = pb.Operation(latest_status=applied.status, uuid=pb.UUID(value=applied.uuid))
    operation.framework_id.value = applied.framework_id
    # What it was has been done, and matters no more.
    operation.info.type = pb.Offer.Operation.UNKNOWN
    return operation
