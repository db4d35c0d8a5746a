"""Requests of the V1 APIs: a call in the body, JSON or protobuf, and the errors Mesos answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from google.protobuf.message import DecodeError, Message

from mesos_batch.local.server import accepted_type
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.codec import ContentType

if TYPE_CHECKING:
    from aiohttp import web

MessageT = TypeVar("MessageT", bound=Message)


class BadRequest(Exception):  # noqa: N818 - it is an answer, not a failure
    """The request is answered with an error status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


async def read_call(request: web.Request, kind: type[MessageT]) -> MessageT:
    """Read the body of a POST as the content type says.

    Raises:
        BadRequest: it cannot be read.
    """
    content_type = request.headers.get("Content-Type")
    if content_type is None:
        raise BadRequest(400, "Expecting 'Content-Type' to be present")
    body = await request.read()
    if content_type == ContentType.PROTOBUF.value:
        try:
            return kind.FromString(body)
        except DecodeError:
            raise BadRequest(400, "Failed to parse body into Call protobuf") from None
    if content_type == ContentType.JSON.value:
        return _read_json(body, kind)
    raise BadRequest(415, "Expecting 'Content-Type' of application/json or application/x-protobuf")


def _read_json(body: bytes, kind: type[MessageT]) -> MessageT:
    try:
        value = json.loads(body)
    except ValueError as error:
        raise BadRequest(400, _syntax_error(body, error)) from None
    try:
        return json_dialect.from_value(value, kind)
    except json_dialect.JsonDialectError as error:
        raise BadRequest(400, f"Failed to convert JSON into Call protobuf: {error}") from None


def _syntax_error(body: bytes, error: ValueError) -> str:
    at = error.pos if isinstance(error, json.JSONDecodeError) else 0
    text = body.decode("utf-8", "replace")
    line = text.count("\n", 0, at) + 1
    near = "".join(char for char in text[at:].split("\n")[0] if char >= " ")
    return f"Failed to parse body into JSON: syntax error at line {line} near: {near}"


def accepted_or_refuse(request: web.Request) -> ContentType:
    """The content type to answer with.

    Raises:
        BadRequest: the client accepts none of ours.
    """
    content_type = accepted_type(request.headers.get("Accept"))
    if content_type is None:
        raise BadRequest(
            406, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'"
        )
    return content_type
