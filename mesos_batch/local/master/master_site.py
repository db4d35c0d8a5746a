"""The HTTP site of a master: routes, realms, and the redirect of a master that does not lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from mesos_batch.local import wire
from mesos_batch.local.master.operator_api import OperatorApi
from mesos_batch.local.master.operator_calls import OperatorCalls
from mesos_batch.local.master.remote_agent import listen
from mesos_batch.local.master.scheduler_api import SchedulerApi
from mesos_batch.local.server import (
    MAX_BODY_BYTES,
    authentication_middleware,
    empty_response,
    text_response,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.typedefs import Handler, Middleware

    from mesos_batch.local.master.master import Master
    from mesos_batch.local.options import Credential

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFIX = "/master"
SCHEDULER_REALM = "mesos-master-scheduler"
AGENT_REALM = "mesos-master-agent"
READONLY_REALM = "mesos-master-readonly"
READWRITE_REALM = "mesos-master-readwrite"
# These answer for this very master and ask nobody for credentials.
_OPEN = ("/health", "/version", "/redirect")


def make_app(master: Master, credential: Credential | None) -> web.Application:
    """The application of a master; ``credential`` ``None`` lets everybody in."""
    principal = credential.principal if credential is not None else None
    api = OperatorApi(master)

    async def to_leader(request: web.Request) -> web.StreamResponse:
        return redirect(master, request)

    async def agent_link(request: web.Request) -> web.StreamResponse:
        return await listen(master, request)

    routes: dict[str, tuple[str | None, Answer]] = {
        wire.PATH: (AGENT_REALM, agent_link),
        "/api/v1/scheduler": (SCHEDULER_REALM, SchedulerApi(master, principal).handle),
        "/api/v1": (READWRITE_REALM, OperatorCalls(master).handle),
        "/teardown": (READWRITE_REALM, api.teardown),
        "/health": (None, api.health),
        "/version": (None, api.version),
        "/redirect": (None, to_leader),
        "/metrics/snapshot": (READONLY_REALM, api.metrics),
        **{path: (READONLY_REALM, handle) for path, handle in api.documents.items()},
    }
    realms: dict[str, str] = {}
    app = web.Application(
        middlewares=[
            authentication_middleware(realms, credential),
            leader_middleware(master),
        ],
        client_max_size=MAX_BODY_BYTES,
    )
    for path, (realm, handle) in routes.items():
        for full in (path, PREFIX + path):
            app.router.add_route("*", full, handle)
            if realm is not None:
                realms[full] = realm
    return app


def leader_middleware(master: Master) -> Middleware:
    """Send clients of a master that does not lead to the one that does."""

    @web.middleware
    async def lead(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix(PREFIX)
        if master.elected or path in _OPEN or path == "/metrics/snapshot":
            return await handler(request)
        return redirect(master, request)

    return lead


def redirect(master: Master, request: web.Request) -> web.Response:
    """307 to the leader, for any path but /redirect itself with path and query; 503 without one."""
    leader = master.leader
    if leader is None:
        return text_response(503, "No leader elected")
    path = request.path.removeprefix(PREFIX)
    location = f"//{leader.hostname}:{leader.port}"
    if path != "/redirect":
        location += PREFIX + request.rel_url.raw_path_qs.removeprefix(PREFIX)
    response = empty_response(307)
    response.headers["Location"] = location
    return response
