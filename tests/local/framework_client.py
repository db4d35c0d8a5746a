"""A framework over HTTP."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import requests

from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.options import Credential
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.recordio import Decoder

TIMEOUT = 20
CREDENTIAL = Credential("tester", "secret of the test")
AUTH = (CREDENTIAL.principal, CREDENTIAL.secret)
Call = scheduler_pb2.Call
Event = scheduler_pb2.Event


class Client:
    """A framework over HTTP; events come as JSON values whatever travels."""

    def __init__(
        self, url: str, body: dict[str, Any], content_type: ContentType, auth: Any = AUTH
    ) -> None:
        self.content_type = content_type
        self.headers = {"Content-Type": content_type.value, "Accept": content_type.value}
        self.url = url
        self.auth = auth
        self.response = requests.post(
            url,
            data=self._encode(body),
            headers=self.headers,
            auth=auth,
            stream=True,
            allow_redirects=False,
            timeout=TIMEOUT,
        )
        self.stream_id = self.response.headers.get("Mesos-Stream-Id")
        self.framework_id = ""
        self._decoder = Decoder()
        self._events: list[dict[str, Any]] = []
        self._session = requests.Session()

    def _encode(self, body: dict[str, Any]) -> bytes:
        if self.content_type is ContentType.JSON:
            return json.dumps(body).encode()
        return json_dialect.from_value(body, Call).SerializeToString()

    def _decode(self, record: bytes) -> dict[str, Any]:
        if self.content_type is ContentType.JSON:
            event: dict[str, Any] = json.loads(record)
            return event
        return json_dialect.to_value(Event.FromString(record))

    def event(self) -> dict[str, Any] | None:
        """The next event, ``None`` at the end of the stream."""
        while not self._events:
            data = self.response.raw.read1(1 << 16)
            if not data:
                return None
            self._events.extend(map(self._decode, self._decoder.feed(data)))
        return self._events.pop(0)

    def until(self, kind: str) -> dict[str, Any]:
        """The payload of the next event of a kind; others are passed over."""
        while True:
            event = self.event()
            assert event is not None, f"the stream ended before {kind}"
            if event["type"] == kind:
                payload: dict[str, Any] = event.get(kind.lower(), {})
                return payload

    def before_two_heartbeats(self) -> list[str]:
        """What comes until two heartbeats after everything that was sent before this call."""
        marker = {"operation_id": {"value": str(uuid.uuid4())}}
        self.call("RECONCILE_OPERATIONS", reconcile_operations={"operations": [marker]})
        kinds: list[str] = []
        seen = 0
        marked = False
        while seen < 2:
            event = self.event()
            assert event is not None
            status = event.get("update_operation_status", {}).get("status", {})
            if status.get("operation_id") == marker["operation_id"]:
                marked = True
            elif event["type"] != "HEARTBEAT":
                kinds.append(event["type"])
            else:
                seen += marked
        return kinds

    def offers(self) -> list[dict[str, Any]]:
        offers: list[dict[str, Any]] = self.until("OFFERS")["offers"]
        return offers

    def offer_that(self, is_wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """An offer like that; pieces go back together, for one by one they would stay pieces."""
        held: list[dict[str, Any]] = []
        while True:
            held += self.offers()
            wanted = [offer for offer in held if is_wanted(offer)]
            rest = [offer["id"] for offer in held if offer not in wanted[:1]]
            if wanted or len(held) > 1:
                filters = {"refuse_seconds": 0}
                self.call("DECLINE", decline={"offer_ids": rest, "filters": filters})
                held.clear()
            if wanted:
                return wanted[0]

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.until("UPDATE")["status"]
        return status

    def status_and_no_more(self) -> dict[str, Any]:
        """The next status; what came before it is still to be read."""
        before: list[dict[str, Any]] = []
        while True:
            event = self.event()
            assert event is not None
            if event["type"] == "UPDATE":
                self._events[:0] = before
                status: dict[str, Any] = event["update"]["status"]
                return status
            before.append(event)

    def operation_status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.until("UPDATE_OPERATION_STATUS")["status"]
        return status

    def post(self, body: dict[str, Any], **headers: str | None) -> requests.Response:
        """Send anything; a header of ``None`` is left out."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {**self.headers, "Mesos-Stream-Id": self.stream_id, **named}
        return self._session.post(
            self.url,
            data=self._encode(body),
            headers={name: value for name, value in sent.items() if value is not None},
            auth=self.auth,
            timeout=TIMEOUT,
        )

    def call(self, kind: str, **payload: Any) -> None:
        body = {"type": kind, "framework_id": {"value": self.framework_id}, **payload}
        answer = self.post(body)
        assert answer.status_code == 202, answer.text

    def accept(
        self, *offers: dict[str, Any], operations: list[dict[str, Any]], refuse: float = 0
    ) -> None:
        self.call(
            "ACCEPT",
            accept={
                "offer_ids": [offer["id"] for offer in offers],
                "operations": operations,
                "filters": {"refuse_seconds": refuse},
            },
        )

    def decline(self, offer: dict[str, Any], refuse: float | None = None) -> None:
        filters = {} if refuse is None else {"filters": {"refuse_seconds": refuse}}
        self.call("DECLINE", decline={"offer_ids": [offer["id"]], **filters})

    def acknowledge(self, status: dict[str, Any]) -> None:
        self.call(
            "ACKNOWLEDGE",
            acknowledge={name: status[name] for name in ("agent_id", "task_id", "uuid")},
        )

    def disconnect(self) -> None:
        self.response.raw.shutdown()
        self.response.close()

    def close(self) -> None:
        self.response.close()
        self._session.close()
