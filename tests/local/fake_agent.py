"""An agent that only writes down what it is told."""

from __future__ import annotations

import copy
import queue
import time
import uuid
from typing import Any

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.links import Registration, TaskReport
from mesos_batch.model.resources import Resources
from mesos_batch.protocol.values import resources_to

TIMEOUT = 20


class FakeAgent:
    """An agent link that remembers; updates are sent when the test says so."""

    def __init__(self, world: Any, total: Resources, port: int, attributes: Any = ()) -> None:
        self.world = world
        self.total = total
        self.calls: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.info = pb.AgentInfo(hostname="127.0.0.1", port=port)
        for name, text in attributes:
            attribute = self.info.attributes.add(name=name, type=pb.Value.TEXT)
            attribute.text.value = text
        self.tasks: dict[tuple[str, str], TaskReport] = {}
        self.operations: dict[bytes, pb.Operation] = {}

    @property
    def agent_id(self) -> str:
        return self.info.id.value

    def register(self) -> None:
        del self.info.resources[:]
        self.info.resources.extend(resources_to(self.total))
        message = pb.AgentInfo()
        message.CopyFrom(self.info)
        tasks, operations = list(self.tasks.values()), copy.deepcopy(list(self.operations.values()))
        registration = Registration(message, self.total, tasks, operations)
        self.world.do(self.world.master.register_agent, registration, self)

    # AgentLink

    def registered(self, agent_id: str, master: Any) -> None:
        self.info.id.value = agent_id

    def run_task(self, framework: Any, task: Any, executor: Any) -> None:
        self._remember(framework, task, executor)
        self.calls.put(("run_task", (framework, task, executor)))

    def run_task_group(self, framework: Any, executor: Any, tasks: Any) -> None:
        for one in tasks:
            self._remember(framework, one, executor)
        self.calls.put(("run_task_group", (framework, executor, tasks)))

    def kill_task(self, framework_id: str, task_id: str, kill_policy: Any) -> None:
        self.calls.put(("kill_task", (framework_id, task_id, kill_policy)))

    def shutdown_executor(self, framework_id: str, executor_id: str) -> None:
        self.calls.put(("shutdown_executor", (framework_id, executor_id)))

    def shutdown_framework(self, framework_id: str) -> None:
        self.calls.put(("shutdown_framework", framework_id))

    def update_framework(self, framework: Any) -> None:
        self.calls.put(("update_framework", framework))

    def acknowledge(self, framework_id: str, task_id: str, uuid: bytes) -> None:
        self.calls.put(("acknowledge", (framework_id, task_id, uuid)))

    def apply_operation(self, framework_id: Any, operation: Any, uuid: Any, total: Any) -> None:
        self.total = total
        given = self.operations[uuid] = pb.Operation(info=operation, uuid=pb.UUID(value=uuid))
        given.latest_status.state = pb.OPERATION_PENDING
        if operation.HasField("id"):
            given.latest_status.operation_id.CopyFrom(operation.id)
        given.agent_id.value = self.agent_id
        given.framework_id.value = framework_id
        self.calls.put(("apply_operation", (framework_id, operation, uuid, total)))

    def reconcile_operations(self, operation_uuids: list[bytes]) -> None:
        self.calls.put(("reconcile_operations", operation_uuids))

    def acknowledge_operation(self, status_uuid: bytes) -> None:
        self.calls.put(("acknowledge_operation", status_uuid))

    def shutdown(self) -> None:
        self.calls.put(("shutdown", None))

    # What tests do with it.

    def heard(self, name: str) -> Any:
        """What came with the next message of this name; others are passed over."""
        while True:
            called, arguments = self.calls.get(timeout=TIMEOUT)
            if called == name:
                return arguments

    def update(self, framework_id: str, task_id: str, state: str, **more: Any) -> bytes:
        """Send a status update and give its uuid."""
        status = pb.TaskStatus(
            task_id=pb.TaskID(value=task_id),
            state=pb.TaskState.Value(state),
            source=pb.TaskStatus.SOURCE_EXECUTOR,
            agent_id=pb.AgentID(value=self.agent_id),
            timestamp=time.time(),
            uuid=uuid.uuid4().bytes,
            **more,
        )
        status.container_status.container_id.value = "container"
        known = self.tasks[framework_id, task_id]
        self.tasks[framework_id, task_id] = TaskReport(
            known.framework, known.task, known.executor, status
        )
        self.world.do(
            self.world.master.status_update, self.agent_id, framework_id, status, status.state
        )
        return status.uuid

    def finish_operation(self, framework_id: str, operation_uuid: bytes) -> bytes:
        """Answer an operation and give the uuid of the status."""
        status = self.operations[operation_uuid].latest_status
        status.state = pb.OPERATION_FINISHED
        status.agent_id.value = self.agent_id
        status.uuid.value = uuid.uuid4().bytes
        self.tell_operation(framework_id, operation_uuid, status)
        return status.uuid.value

    def drop_operation(self, operation_uuid: bytes) -> None:
        """Say that an operation never came."""
        status = pb.OperationStatus(state=pb.OPERATION_DROPPED)
        status.agent_id.value = self.agent_id
        self.tell_operation("", operation_uuid, status)

    def tell_operation(
        self, framework_id: str, operation_uuid: bytes, status: pb.OperationStatus
    ) -> None:
        """Send the status of an operation."""
        self.world.do(
            self.world.master.operation_status,
            self.agent_id,
            framework_id,
            status,
            operation_uuid,
        )

    def _remember(self, framework: Any, task: Any, executor: Any) -> None:
        latest = pb.TaskStatus(task_id=task.task_id, state=pb.TASK_STAGING)
        key = (framework.id.value, task.task_id.value)
        self.tasks[key] = TaskReport(framework, task, executor, latest)
