"""POST /api/v1/scheduler: the calls of frameworks, checked in the order Mesos checks them.

Source: ``Master::Http::scheduler`` in ``src/master/http.cpp``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.master import (
    offering,
    operation_updates,
    reconcile,
    subscription,
    task_updates,
)
from mesos_batch.local.master.accept import accept
from mesos_batch.local.master.stream import EventStream
from mesos_batch.local.master.validation import validate_call
from mesos_batch.local.request_body import BadRequest, accepted_or_refuse, read_call
from mesos_batch.local.rules import ValidationError
from mesos_batch.local.server import empty_response, method_not_allowed, text_response
from mesos_batch.protocol.codec import ContentType

if TYPE_CHECKING:
    from collections.abc import Callable

    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.master.master import Master

Call = scheduler_pb2.Call
STREAM_ID = "Mesos-Stream-Id"
_TYPED_ANSWERS = (Call.SUBSCRIBE, Call.RECONCILE_OPERATIONS)

# What each call does; those that are missing here have no effect on a cluster like ours:
# nobody plans maintenance, the allocator ignores requests, and built-in executors ignore messages.
_CALLS: dict[int, Callable[[Master, Framework, Call], None]] = {
    Call.TEARDOWN: lambda master, framework, _: subscription.remove_framework(master, framework),
    Call.ACCEPT: lambda master, framework, call: accept(master, framework, call.accept),
    Call.DECLINE: lambda master, framework, call: offering.decline(master, framework, call.decline),
    Call.REVIVE: lambda master, framework, call: offering.revive(master, framework, call.revive),
    Call.SUPPRESS: lambda master, framework, call: offering.suppress(
        master, framework, call.suppress
    ),
    Call.KILL: lambda master, framework, call: task_updates.kill(master, framework, call.kill),
    Call.SHUTDOWN: lambda master, framework, call: task_updates.shutdown_executor(
        master, framework, call.shutdown
    ),
    Call.ACKNOWLEDGE: lambda master, framework, call: task_updates.acknowledge(
        master, framework, call.acknowledge
    ),
    Call.ACKNOWLEDGE_OPERATION_STATUS: lambda master, framework, call: (
        operation_updates.acknowledge(master, framework, call.acknowledge_operation_status)
    ),
    Call.RECONCILE: lambda master, framework, call: reconcile.reconcile(
        master, framework, call.reconcile
    ),
    Call.RECONCILE_OPERATIONS: lambda master, framework, call: reconcile.reconcile_operations(
        master, framework, call.reconcile_operations
    ),
}


def _refuse_stream_id(request: web.Request) -> None:
    if STREAM_ID in request.headers:
        raise BadRequest(400, f"Subscribe calls should not include the '{STREAM_ID}' header")


class SchedulerApi:
    """The endpoint; ``principal`` is who everybody authenticates as, ``None`` for nobody."""

    def __init__(self, master: Master, principal: str | None) -> None:
        self._master = master
        self._principal = principal

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        if request.method != "POST":
            return method_not_allowed("POST", request.method)
        try:
            call = await read_call(request, Call)
            try:
                validate_call(call, self._principal)
            except ValidationError as error:
                text = f"Failed to validate scheduler::Call: {error}"
                raise BadRequest(400, text) from None
            content_type = ContentType.JSON
            if call.type in _TYPED_ANSWERS:
                content_type = accepted_or_refuse(request)
            if call.type == Call.SUBSCRIBE:
                _refuse_stream_id(request)
                return await self._subscribe(request, call.subscribe, content_type)
            framework = self._framework(request, call)
        except BadRequest as error:
            return text_response(error.status, error.text)
        return self._dispatch(framework, call)

    async def _subscribe(
        self, request: web.Request, call: Call.Subscribe, content_type: ContentType
    ) -> web.StreamResponse:
        info = call.framework_info
        if self._principal is not None and not info.HasField("principal"):
            info.principal = self._principal
        stream = EventStream(content_type)
        response = web.StreamResponse(
            headers={"Content-Type": content_type.value, STREAM_ID: stream.stream_id}
        )
        response.enable_chunked_encoding()
        framework = subscription.subscribe(self._master, call, stream)
        try:
            await response.prepare(request)
            await stream.pump(response)
        except OSError:
            # The client is gone; there is nobody to tell.
            return response
        finally:
            if framework is not None:
                subscription.stream_closed(self._master, framework, stream)
        return response

    def _framework(self, request: web.Request, call: Call) -> Framework:
        framework = self._master.frameworks.get(call.framework_id.value)
        if framework is None:
            raise BadRequest(400, "Framework cannot be found")
        principal = self._principal
        if principal is not None and principal != framework.info.principal:
            raise BadRequest(
                400,
                f"Authenticated principal '{principal}' does not match principal"
                f" '{framework.info.principal}' set in `FrameworkInfo`",
            )
        if framework.stream is None:
            raise BadRequest(403, "Framework is not subscribed")
        stream_id = request.headers.get(STREAM_ID)
        if stream_id is None:
            raise BadRequest(
                400, f"All non-subscribe calls should include the '{STREAM_ID}' header"
            )
        if stream_id != framework.stream.stream_id:
            raise BadRequest(
                400,
                f"The stream ID '{stream_id}' included in this request didn't match the stream ID"
                f" currently associated with framework ID {framework.framework_id}",
            )
        return framework

    def _dispatch(self, framework: Framework, call: Call) -> web.Response:
        if call.type == Call.UNKNOWN:
            return text_response(501, "501 Not Implemented.")
        if call.type == Call.UPDATE_FRAMEWORK:
            try:
                subscription.update_framework(self._master, framework, call.update_framework)
            except ValidationError as error:
                return text_response(400, str(error))
            return empty_response(200)
        handle = _CALLS.get(call.type)
        if handle is not None:
            handle(self._master, framework, call)
        return empty_response(202)
