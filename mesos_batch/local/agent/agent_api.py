"""The HTTP endpoints of an agent.

Every path is there with the prefix ``/slave(1)`` as well, as libprocess serves it.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from mesos_batch._pb.mesos.v1.agent import agent_pb2
from mesos_batch.local.agent import agent_state
from mesos_batch.local.agent.agent_calls import answer
from mesos_batch.local.agent.files import FileInfo, FilesError
from mesos_batch.local.endpoint_json import version_json
from mesos_batch.local.server import (
    accepted_type,
    authentication_middleware,
    empty_response,
    json_response,
    message_response,
    method_not_allowed,
    text_response,
)
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.codec import CodecError, ContentType

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from mesos_batch.local.agent.agent import LocalAgent
    from mesos_batch.local.agent.executor import Executor

READONLY = "mesos-agent-readonly"
READWRITE = "mesos-agent-readwrite"
_PREFIX = "/slave(1)"
_NO_PATH = "Expecting 'path=value' in query.\n"


def application(agent: LocalAgent) -> web.Application:
    """The agent's site; without the credential only ``/health`` and ``/version`` answer."""
    api = AgentApi(agent)
    realms: dict[str, str] = {}
    app = web.Application()
    for path, (realm, handler) in api.routes().items():
        # The files are a process of their own, beside the agent.
        for served in (path,) if path.startswith("/files") else (path, _PREFIX + path):
            app.router.add_route("*", served, handler)
            if realm is not None:
                realms[served] = realm
    app.middlewares.append(api.stay_silent_while_paused)
    app.middlewares.append(authentication_middleware(realms, agent.credential))
    return app


class AgentApi:
    """The handlers."""

    def __init__(self, agent: LocalAgent) -> None:
        self._agent = agent

    def routes(self) -> Mapping[str, tuple[str | None, Handler]]:
        """Handlers and realms by path."""
        return {
            "/health": (None, self.health),
            "/version": (None, self.version),
            "/flags": (READONLY, self.flags),
            "/state": (READONLY, self.state),
            "/state.json": (READONLY, self.state),
            "/containers": (READONLY, self.containers),
            "/monitor/statistics": (READONLY, self.statistics),
            "/monitor/statistics.json": (READONLY, self.statistics),
            "/files/browse": (READONLY, self.browse),
            "/files/read": (READONLY, self.read),
            "/files/download": (READONLY, self.download),
            "/files/debug": (READONLY, self.debug),
            "/api/v1": (READWRITE, self.call),
        }

    @web.middleware
    async def stay_silent_while_paused(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Answer when the agent runs again, as a stopped process would."""
        await self._agent.awake()
        return await handler(request)

    async def health(self, _: web.Request) -> web.Response:
        """200 while the agent lives."""
        return empty_response(200)

    async def version(self, request: web.Request) -> web.Response:
        """The version."""
        return json_response(request, version_json())

    async def flags(self, request: web.Request) -> web.Response:
        """The flags."""
        return json_response(request, {"flags": agent_state.flags_json(self._agent)})

    async def state(self, request: web.Request) -> web.Response:
        """Frameworks, executors and tasks with their sandboxes."""
        return json_response(request, agent_state.state_json(self._agent))

    async def containers(self, request: web.Request) -> web.Response:
        """The containers with status and statistics, of all or of those asked for."""
        wanted = request.query
        if "executor_id" in wanted and "framework_id" not in wanted:
            return text_response(400, "Expecting 'framework_id' with 'executor_id' in query.\n")
        shown = []
        for executor in self._agent.executors():
            identity = {
                "framework_id": executor.framework_id,
                "executor_id": executor.id,
                "container_id": executor.container_id,
            }
            if all(wanted.get(name, value) == value for name, value in identity.items()):
                entry = await self._usage(executor)
                status = agent_state.container(executor).container_status
                entry["container_id"] = executor.container_id
                entry["status"] = json_dialect.to_value(status)
                shown.append(entry)
        return json_response(request, shown)

    async def statistics(self, request: web.Request) -> web.Response:
        """What each executor uses."""
        return json_response(request, [await self._usage(it) for it in self._agent.executors()])

    async def _usage(self, executor: Executor) -> dict[str, Any]:
        usage = await asyncio.to_thread(agent_state.statistics, executor)
        return {
            "executor_id": executor.id,
            "executor_name": executor.info.name,
            "framework_id": executor.framework_id,
            "source": executor.info.source,
            "statistics": json_dialect.to_value(usage),
        }

    async def browse(self, request: web.Request) -> web.Response:
        """The listing of a directory."""
        path = request.query.get("path")
        if not path:
            return text_response(400, _NO_PATH)
        try:
            listing = await asyncio.to_thread(self._agent.files.browse, path)
        except FilesError as error:
            return text_response(error.status, error.text)
        return json_response(request, [_listed(entry) for entry in listing])

    async def read(self, request: web.Request) -> web.Response:
        """A part of a file; ``offset=-1`` gives its size."""
        path = request.query.get("path")
        if not path:
            return text_response(400, _NO_PATH)
        try:
            offset = _number(request, "offset")
            length = _number(request, "length")
            size, data = await asyncio.to_thread(
                self._agent.files.read,
                path,
                max(offset, 0),
                0 if offset == -1 else None if length == -1 else length,
            )
        except FilesError as error:
            return text_response(error.status, error.text)
        text = data.decode("utf-8", "surrogateescape")
        return json_response(request, {"data": text, "offset": size if offset == -1 else offset})

    async def download(self, request: web.Request) -> web.StreamResponse:
        """A whole file."""
        path = request.query.get("path")
        if not path:
            return text_response(400, _NO_PATH)
        try:
            file = await asyncio.to_thread(
                self._agent.files.file, path, "Cannot download a directory.\n"
            )
        except FilesError as error:
            return text_response(error.status, error.text)
        kind, _ = mimetypes.guess_type(file.name)
        headers = {
            "Content-Type": kind or "application/octet-stream",
            "Content-Disposition": f"attachment; filename={file.name}",
        }
        return web.FileResponse(file, headers=headers)

    async def debug(self, request: web.Request) -> web.Response:
        """Virtual to real paths."""
        return json_response(request, self._agent.files.mapping())

    async def call(self, request: web.Request) -> web.Response:
        """The V1 agent API."""
        if request.method != "POST":
            return method_not_allowed("POST", request.method)
        header = request.headers.get("Content-Type")
        if header is None:
            return text_response(400, "Expecting 'Content-Type' to be present")
        try:
            content_type = ContentType(header)
        except ValueError:
            both = " or ".join(kind.value for kind in ContentType)
            return text_response(415, f"Expecting 'Content-Type' of {both}")
        accepted = accepted_type(request.headers.get("Accept"))
        if accepted is None:
            both = " or ".join(f"'{kind.value}'" for kind in ContentType)
            return text_response(406, f"Expecting 'Accept' to allow {both}")
        try:
            call = content_type.decode(await request.read(), agent_pb2.Call)
        except CodecError as error:
            return text_response(400, f"Failed to parse body into Call protobuf: {error}")
        try:
            reply = await answer(self._agent, call)
        except FilesError as error:
            return text_response(error.status, error.text)
        if reply is None:
            name = agent_pb2.Call.Type.Name(call.type)
            return text_response(501, f"The local agent has no answer to {name}.\n")
        return message_response(reply, accepted)


def _listed(entry: FileInfo) -> dict[str, Any]:
    return {
        "gid": entry.gid,
        "mode": entry.mode_text,
        "mtime": float(entry.mtime),
        "nlink": entry.nlink,
        "path": entry.path,
        "size": entry.size,
        "uid": entry.uid,
    }


def _number(request: web.Request, name: str) -> int:
    text = request.query.get(name, "-1")
    try:
        value = int(text)
    except ValueError:
        raise FilesError(400, f"Failed to parse {name}: '{text}' is not a number.\n") from None
    if value < -1:
        raise FilesError(400, f"Negative {name} provided: {value}.\n")
    return value
