"""Recordings of a real master as typed values; ``tests/recordings/README.md`` tells the format."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.protocol.codec import CodecError, ContentType

Call = scheduler_pb2.Call
DIRECTORY = Path(__file__).parents[1] / "recordings"
FORMATS = {"json": ContentType.JSON, "protobuf": ContentType.PROTOBUF}
ACCEPTED = (200, 202)


@dataclass(frozen=True, slots=True)
class Request:
    """``conn`` names the connection: ``streamN``, ``calls`` or ``get``. Times are seconds."""

    at: float
    conn: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    at: float
    conn: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_stream(self) -> bool:
        return "Mesos-Stream-Id" in self.headers


@dataclass(frozen=True, slots=True)
class Record:
    """One RecordIO record; ``length`` is what its header said."""

    at: float
    conn: str
    length: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """A stream ended: ``how`` is what the recording client made of it."""

    at: float
    conn: str
    how: str


@dataclass(frozen=True, slots=True)
class Note:
    at: float
    text: str


Entry = Request | Response | Record | Closed | Note


@dataclass(frozen=True, slots=True)
class Recording:
    name: str
    content_type: ContentType
    entries: tuple[Entry, ...]

    def exchanges(self) -> Iterator[tuple[Request, Response]]:
        """Each request with its answer; a connection has one request under way at a time."""
        for index, entry in enumerate(self.entries):
            answer = self.answer(index)
            if isinstance(entry, Request) and answer is not None:
                yield entry, answer

    def answer(self, index: int) -> Response | None:
        """The answer to the request ``entries[index]``; the last one may be cut off."""
        request = self.entries[index]
        if not isinstance(request, Request):
            return None
        answers = (
            entry
            for entry in self.entries[index:]
            if isinstance(entry, Response) and entry.conn == request.conn
        )
        return next(answers, None)

    def records(self) -> Iterator[Record]:
        return (entry for entry in self.entries if isinstance(entry, Record))

    def accepted_calls(self) -> Iterator[Call]:
        """The calls the master answered with 200 or 202."""
        for request, response in self.exchanges():
            if request.method == "POST" and response.status in ACCEPTED:
                yield self.call(request)

    def call(self, request: Request) -> Call:
        """The call in a request; its own header says how it is written.

        Raises:
            CodecError: the body is no call.
        """
        kind = request.headers.get("Content-Type", self.content_type.value)
        try:
            return ContentType(kind).decode(request.body, Call)
        except ValueError as error:
            raise CodecError(str(error)) from None


@cache
def names(content_format: str) -> tuple[str, ...]:
    """The names of all recordings in a format."""
    return tuple(sorted(path.stem for path in (DIRECTORY / content_format).glob("*.jsonl")))


@cache
def load(content_format: str, name: str) -> Recording:
    """Read ``tests/recordings/{content_format}/{name}.jsonl``."""
    lines = (DIRECTORY / content_format / f"{name}.jsonl").read_text("utf-8").splitlines()
    entries = tuple(_entry(json.loads(line)) for line in lines)
    return Recording(name, FORMATS[content_format], entries)


def _entry(line: dict[str, Any]) -> Entry:
    at = line["t"]
    match line["kind"]:
        case "request":
            headers = line.get("headers", {})
            return Request(at, line["conn"], line["method"], line["path"], headers, _body(line))
        case "response":
            return Response(at, line["conn"], line["status"], line["headers"], _body(line))
        case "record":
            return Record(at, line["conn"], line["length"], _body(line))
        case "closed":
            return Closed(at, line["conn"], line["how"])
        case "note":
            return Note(at, line["text"])
    raise ValueError(f"a recording has a line of kind {line['kind']!r}")


def _body(line: dict[str, Any]) -> bytes:
    body = line.get("body", {})
    if "base64" in body:
        return base64.b64decode(body["base64"])
    return str(body.get("text", "")).encode()
