"""The calls of ``links.py`` as messages: JSON arrays of a name and its arguments.

Both ends are of one version, so nothing here is made to be read by another.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.links import Registration, TaskReport
from mesos_batch.protocol.values import resources_from, resources_to

if TYPE_CHECKING:
    from aiohttp import ClientWebSocketResponse, web
    from google.protobuf.message import Message

    from mesos_batch.model.resources import Resources

# Where a master waits for agents, below its prefix.
PATH = "/agent-link"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Form:
    """How an argument is written, and read again."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _same(value: T) -> T:
    return value


def _text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _message(kind: type[Message]) -> Form:
    return Form(
        lambda message: _text_of(message.SerializeToString()),
        lambda text: kind.FromString(base64.b64decode(text)),
    )


def _optional(form: Form) -> Form:
    return Form(
        lambda value: None if value is None else form.write(value),
        lambda value: None if value is None else form.read(value),
    )


def _many(form: Form) -> Form:
    return Form(
        lambda values: [form.write(value) for value in values],
        lambda values: [form.read(value) for value in values],
    )


_PLAIN = Form(_same, _same)
_BYTES = Form(_text_of, base64.b64decode)
_AGENT = _message(pb.AgentInfo)
_FRAMEWORK = _message(pb.FrameworkInfo)
_EXECUTOR = _message(pb.ExecutorInfo)
_TASK = _message(pb.TaskInfo)
_STATUS = _message(pb.TaskStatus)
_RESOURCE_LIST = _many(_message(pb.Resource))


def _write_resources(resources: Resources) -> Any:
    return _RESOURCE_LIST.write(resources_to(resources))


def _read_resources(value: Any) -> Resources:
    return resources_from(_RESOURCE_LIST.read(value))


_REPORT = (_FRAMEWORK, _TASK, _optional(_EXECUTOR), _STATUS)


def _write_report(report: TaskReport) -> Any:
    parts = (report.framework, report.task, report.executor, report.latest)
    return [form.write(part) for form, part in zip(_REPORT, parts, strict=True)]


def _read_report(value: Any) -> TaskReport:
    return TaskReport(*(form.read(part) for form, part in zip(_REPORT, value, strict=True)))


_RESOURCES = Form(_write_resources, _read_resources)
_REPORTS = _many(Form(_write_report, _read_report))
_OPERATIONS = _many(_message(pb.Operation))


def _write_registration(registration: Registration) -> Any:
    return [
        _AGENT.write(registration.agent),
        _RESOURCES.write(registration.total),
        _REPORTS.write(registration.tasks),
        _OPERATIONS.write(registration.operations),
    ]


def _read_registration(value: Any) -> Registration:
    forms = (_AGENT, _RESOURCES, _REPORTS, _OPERATIONS)
    return Registration(*(form.read(part) for form, part in zip(forms, value, strict=True)))


Messages = Mapping[str, tuple[Form, ...]]
# What pings are for: an agent that is stopped keeps its socket. The master tells with the id how
# long an agent that hears no ping waits before it looks for the leader again (seconds).
TO_AGENT: Messages = {
    "ping": (),
    "registered": (_PLAIN, _PLAIN),
    "run_task": (_FRAMEWORK, _TASK, _optional(_EXECUTOR)),
    "run_task_group": (_FRAMEWORK, _EXECUTOR, _many(_TASK)),
    "kill_task": (_PLAIN, _PLAIN, _optional(_message(pb.KillPolicy))),
    "shutdown_executor": (_PLAIN, _PLAIN),
    "shutdown_framework": (_PLAIN,),
    "update_framework": (_FRAMEWORK,),
    "acknowledge": (_PLAIN, _PLAIN, _BYTES),
    "apply_operation": (_PLAIN, _message(pb.Offer.Operation), _BYTES, _RESOURCES),
    "acknowledge_operation": (_BYTES,),
    "reconcile_operations": (_many(_BYTES),),
    "shutdown": (),
}
TO_MASTER: Messages = {
    "pong": (),
    "register_agent": (Form(_write_registration, _read_registration),),
    "status_update": (_PLAIN, _PLAIN, _STATUS, _PLAIN),
    "executor_exited": (_PLAIN, _PLAIN, _PLAIN, _PLAIN),
    "operation_status": (_PLAIN, _PLAIN, _message(pb.OperationStatus), _BYTES),
}


def encode(messages: Messages, name: str, *arguments: object) -> str:
    """A message as text."""
    forms = messages[name]
    written = (form.write(argument) for form, argument in zip(forms, arguments, strict=True))
    return json.dumps([name, *written], separators=(",", ":"))


def decode(messages: Messages, text: str) -> tuple[str, list[Any]]:
    """The name and the arguments of a message.

    Raises:
        ValueError: it is none of these messages.
    """
    name, *arguments = json.loads(text)
    forms = messages.get(name)
    if forms is None:
        raise ValueError(f"'{name}' is no message of a local cluster")
    return name, [form.read(argument) for form, argument in zip(forms, arguments, strict=True)]


class Outbox:
    """Messages go in at any time and are written in order while :meth:`pump` runs."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._wake = asyncio.Event()
        self._waiting: deque[str] = deque()

    def send(self, name: str, *arguments: object) -> None:
        """Queue a message as it is now."""
        self._waiting.append(encode(self._messages, name, *arguments))
        self._wake.set()

    async def pump(self, socket: web.WebSocketResponse | ClientWebSocketResponse) -> None:
        """Write what is queued, for ever.

        Raises:
            OSError: the other side is gone.
        """
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await socket.send_str(self._waiting.popleft())
