"""HTTP as libprocess serves it: sites on loopback, Basic authentication, plain answers."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from mesos_batch.protocol.codec import ContentType

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware
    from google.protobuf.message import Message

    from mesos_batch.local.options import Credential

LOOPBACK = "127.0.0.1"
# An ACCEPT with tens of thousands of tasks is one body.
MAX_BODY_BYTES = 1 << 30
# Open streams never end by themselves, so there is nothing to wait for; 0 would be for ever.
_SHUTDOWN_TIMEOUT = 0.01


# What a handler of ours does wrong is for a file, not for the terminal of whoever runs tasks.
LOG = logging.getLogger("mesos_batch.local")
LOG.addHandler(logging.NullHandler())
LOG.propagate = False


async def serve(app: web.Application, port: int = 0) -> tuple[web.AppRunner, int]:
    """Serve on loopback and give the runner (``await runner.cleanup()`` ends it) and the port.

    Port 0 takes a free one. Handlers are cancelled when their client goes away, which is how a
    master notices that a scheduler died.

    Raises:
        OSError: the port is taken.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=LOG,
        handler_cancellation=True,
        shutdown_timeout=_SHUTDOWN_TIMEOUT,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
    except BaseException:
        await runner.cleanup()
        raise
    return runner, int(runner.addresses[0][1])


def authentication_middleware(
    realms: Mapping[str, str], credential: Credential | None
) -> Middleware:
    """Ask for the credential on each path that has a realm; other paths are open to everybody.

    ``credential`` ``None`` lets everybody in, as a master without an authenticator does.
    """

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        realm = realms.get(request.path)
        if realm is None or credential is None:
            return await handler(request)
        if _holds(request.headers.get("Authorization"), credential):
            return await handler(request)
        response = text_response(401, "401 Unauthorized.")
        response.headers["WWW-Authenticate"] = f'Basic realm="{realm}"'
        return response

    return authenticate


def _holds(header: str | None, credential: Credential) -> bool:
    parts = (header or "").split(" ")
    if len(parts) != 2 or parts[0] != "Basic":
        return False
    try:
        said = base64.b64decode(parts[1], validate=True)
    except binascii.Error:
        return False
    expected = f"{credential.principal}:{credential.secret}".encode()
    return hmac.compare_digest(said, expected)


def text_response(status: int, text: str) -> web.Response:
    """A plain text answer."""
    return web.Response(status=status, text=text)


def empty_response(status: int) -> web.Response:
    """An answer without a body."""
    return web.Response(status=status)


def json_response(request: web.Request, document: object) -> web.Response:
    """JSON, or the call of a function when the client asks for one (``jsonp``).

    Bytes that are no text, decoded with ``surrogateescape``, are sent as they are, as Mesos does.
    """
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    function = request.query.get("jsonp")
    if function is not None:
        text = f"{function}({text});"
    kind = "application/json" if function is None else "text/javascript"
    return web.Response(body=text.encode(errors="surrogateescape"), headers={"Content-Type": kind})


def message_response(message: Message, content_type: ContentType) -> web.Response:
    """A message, encoded."""
    return web.Response(
        body=content_type.encode(message), headers={"Content-Type": content_type.value}
    )


def method_not_allowed(allowed: str, received: str) -> web.Response:
    """405 in the words of libprocess."""
    text = f"405 Method Not Allowed. Expecting one of {{ '{allowed}' }}, but received '{received}'."
    response = text_response(405, text)
    response.headers["Allow"] = allowed
    return response


def accepted_type(accept: str | None) -> ContentType | None:
    """Which content type an ``Accept`` header allows: JSON if it can be, ``None`` for neither."""
    return next((kind for kind in ContentType if accepts(accept, kind.value)), None)


def accepts(accept: str | None, media_type: str) -> bool:
    """Whether an ``Accept`` header allows a media type; ``q=0`` forbids it."""
    if accept is None:
        return True
    group = media_type.split("/")[0]
    for name in (media_type, f"{group}/*", "*/*"):
        for part in accept.split(","):
            offered, *parameters = (item.strip() for item in part.split(";"))
            if offered == name:
                return not any(_is_zero(parameter) for parameter in parameters)
    return False


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and value.strip() in ("0", "0.0", "0.00", "0.000")
