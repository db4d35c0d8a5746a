"""The two content types of the V1 API."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from mesos_batch.protocol import json_dialect

MessageT = TypeVar("MessageT", bound=Message)


class CodecError(ValueError):
    """A body is not the message it should be."""


class ContentType(Enum):
    """How messages travel; the value is the exact header Mesos compares."""

    JSON = "application/json"
    PROTOBUF = "application/x-protobuf"

    def encode(self, message: Message) -> bytes:
        """Serialise a message."""
        if self is ContentType.JSON:
            return json_dialect.dumps(message).encode()
        return message.SerializeToString()

    def decode(self, body: bytes, kind: type[MessageT]) -> MessageT:
        """Parse a body.

        Raises:
            CodecError: the body is no such message.
        """
        try:
            if self is ContentType.JSON:
                return json_dialect.loads(body, kind)
            return kind.FromString(body)
        except (json_dialect.JsonDialectError, DecodeError) as error:
            raise CodecError(str(error)) from None
