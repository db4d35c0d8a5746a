"""Sends a local cluster what was sent to a real one, and collects where its answers differ.

Everything waits for the recorded event, never for a time.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import requests
from conformance.held_tasks import HeldTasks
from conformance.likeness import Likeness
from conformance.offers import Offers
from conformance.recording import (
    Call,
    Closed,
    Note,
    Record,
    Recording,
    Request,
    Response,
)
from conformance.streams import PATIENCE, EventStream, Json

from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.cluster import LocalCluster
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.codec import CodecError, ContentType

STREAM_ID = "Mesos-Stream-Id"
HEADERS = ("Content-Type", "Location", "WWW-Authenticate")
# Recorded seconds become so many of ours.
TIME_SCALE = 0.1
# A real master allocates every second: after two of them nothing more was to be offered.
SILENCE = 2.0
ALLOCATION_INTERVAL = 0.02
SILENT_ROUNDS = 3
RECORDED_ROOT = r"/var/lib/mesos/agent\d"
TERMINAL = ("TASK_FINISHED", "TASK_FAILED", "TASK_KILLED")
# Lines of the executor itself in the files of its tasks.
_EXECUTOR_LOG = re.compile(r"^[IWE]\d{8} .*\n", re.MULTILINE)


def _is_whole(path: str) -> bool:
    """Whether a request reads a file from its beginning to its end."""
    query = parse_qs(urlsplit(path).query)
    return query["offset"] == ["0"] and int(query.get("length", ["1000"])[0]) >= 1000


def _bodies(
    request: Request, answer: Response, response: requests.Response
) -> tuple[object, object]:
    """Both bodies as what can be compared."""
    texts = answer.body.decode(), response.text
    if answer.headers.get("Content-Type") != "application/json":
        recorded, ours = (_EXECUTOR_LOG.sub("", text) for text in texts)
        return recorded, ours
    recorded, ours = (json.loads(text) for text in texts)
    if request.path.startswith("/files/read"):
        for document in recorded, ours:
            document["text of the file"] = document.pop("data")
            if not _is_whole(request.path):
                # Paths of another length: a window shows another part of the same text.
                document.update({"text of the file": "", "offset": 0})
    return recorded, ours


@dataclass
class Replay:
    """One recording against one cluster. Scenarios may override what a note means."""

    recording: Recording
    cluster: LocalCluster
    directory: Path
    differences: list[str] = field(default_factory=list)

    # Fields a real agent sends or not, as chance will have it.
    may_lack: ClassVar[frozenset[str]] = frozenset()
    # Words in texts that are those of the machine.
    aside: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        root = re.escape(str(self.cluster.work_dir))
        self.master = self.cluster.master_address
        self.auth: tuple[str, str] | None = None
        self.like = Likeness(RECORDED_ROOT, rf"{root}/agent-\d", self.may_lack, self.aside)
        self.streams: dict[str, EventStream] = {}
        self.offers = Offers(self.like)
        self.agents_of: dict[str, str] = {}
        self._held = HeldTasks(self.recording, self.directory)
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """End every connection that is left."""
        for stream in self.streams.values():
            if stream.end is None:
                stream.drop()
        self._held.close()
        self._session.close()

    # One method for each kind of entry.

    def run(self) -> None:
        """Play every entry.

        Raises:
            AssertionError: something recorded does not come.
        """
        last = 0.0
        for index, entry in enumerate(self.recording.entries):
            self._held.let_go(entry.at)
            if isinstance(entry, Request) and entry.at - last >= SILENCE:
                self._check_silence(entry.at)
            last = entry.at
            match entry:
                case Request():
                    answer = self.recording.answer(index)
                    if answer is not None:
                        self.request(entry, answer)
                case Record():
                    self.record(entry)
                case Closed():
                    self.closed(entry)
                case Note():
                    self.note(entry)
                case Response():
                    pass
        self._check_leftovers()

    def note(self, note: Note) -> None:
        """Do to the cluster what a note says was done; most say nothing of the kind."""

    def request(self, request: Request, answer: Response) -> None:
        """Send a request and compare the answer."""
        found = self._ask(request, answer)
        deadline = time.monotonic() + PATIENCE
        # A task writes into its files when it comes to it.
        while found and request.path.startswith("/files/") and time.monotonic() < deadline:
            time.sleep(0.02)
            found = self._ask(request, answer)
        self.differences += found

    def _ask(self, request: Request, answer: Response) -> list[str]:
        is_get = request.method == "GET"
        response = self._session.request(
            request.method,
            f"http://{self._host(request)}{self._path(request)}",
            data=None if is_get else self._body(request),
            headers={name: self.like.ours(value) for name, value in request.headers.items()},
            auth=self.auth,
            stream=answer.is_stream,
            allow_redirects=False,
            timeout=PATIENCE,
        )
        where = f"{request.at} {request.method} {request.path[:60]} {self._type(request)}"
        if response.status_code != answer.status:
            text = "a stream" if STREAM_ID in response.headers else response.text
            response.close()
            said = f"{answer.status} {answer.body!r}"
            return [f"{where}: {said} was recorded, ours is {response.status_code} {text}"]
        if answer.is_stream:
            stream = EventStream(response, self.recording.content_type)
            self.streams[request.conn] = stream
            self.like.learn(answer.headers[STREAM_ID], stream.stream_id)
        pairs: list[tuple[object, object]] = [
            (answer.headers.get(name), response.headers.get(name)) for name in HEADERS
        ]
        if not answer.is_stream:
            pairs.append(_bodies(request, answer, response))
        return [
            f"{where} {text}"
            for recorded, ours in pairs
            for text in self.like.differences(recorded, ours)
        ]

    def record(self, record: Record) -> None:
        """Wait for the event that was recorded and compare it."""
        stream = self.streams[record.conn]
        event = json_dialect.to_value(
            self.recording.content_type.decode(record.body, scheduler_pb2.Event)
        )
        where = f"{record.at} {event['type']}"
        match event["type"]:
            case "HEARTBEAT":
                stream.wait(lambda: stream.heartbeats > 0, "a heartbeat")
            case "OFFERS":
                for offer in event["offers"]["offers"]:
                    self._extend(self.offers.await_offer(offer, stream), where)
            case "UPDATE":
                self._await_update(event, stream, where)
            case str(kind):
                ours = stream.take(lambda other: bool(other["type"] == kind), f"{kind} of {where}")
                if kind == "RESCIND":
                    self.offers.forget(event["rescind"], ours["rescind"])
                self._compare(event, ours, where)

    def closed(self, closed: Closed) -> None:
        """Wait for the end of a stream, or end it as the recording client did."""
        stream = self.streams[closed.conn]
        if closed.how == "AttributeError":
            # The recording client broke its own connection.
            for task_id in self._held.let_go_on:
                self._await_end(task_id)
            stream.drop()
            self.offers.clear()
        else:
            expected = "end" if closed.how == "end of chunked body" else "cut"
            self._compare(expected, stream.wait_end(), f"{closed.at} end of {closed.conn}")

    # Waiting and comparing.

    def _await_update(self, event: Json, stream: EventStream, where: str) -> None:
        recorded = event["update"]["status"]
        task_id = self.like.ours(recorded["task_id"]["value"])

        def is_next(other: Json) -> bool:
            # What the master says of its own does not wait for what an executor said.
            status = other.get("update", {}).get("status", {})
            is_of_task = status.get("task_id", {}).get("value") == task_id
            return is_of_task and ("uuid" in status) == ("uuid" in recorded)

        where += f" {task_id[:20]} {recorded['state']}"
        ours = stream.take(is_next, where)
        self._compare(recorded, ours["update"]["status"], where)

    def _await_end(self, task_id: str) -> None:
        """Wait until the master knows that a task ended: there is no event for that."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self._session.get(f"http://{self.master}/tasks", timeout=PATIENCE)
            tasks = {task["id"]: task["state"] for task in answer.json()["tasks"]}
            if tasks.get(task_id) in TERMINAL:
                return
            time.sleep(0.01)
        raise AssertionError(f"task {task_id} does not end: {tasks}")

    def _compare(self, recorded: object, ours: object, where: str) -> None:
        self._extend(self.like.differences(recorded, ours), where)

    def _extend(self, found: Iterator[str], where: str) -> None:
        self.differences += [f"{where} {text}" for text in found]

    def _check_leftovers(self) -> None:
        """What came that was not recorded; offers and updates sent again come as they may."""
        for name, stream in self.streams.items():
            stream.catch_up()
            for event in stream.events:
                if event["type"] != "OFFERS" and not self._may_come(event):
                    self.differences.append(f"{name}: not recorded, ours: {event}")

    def _may_come(self, event: Json) -> bool:
        """What chance decides: a repetition, or news that made it before the end."""
        if event["type"] == "FAILURE":
            executor = event["failure"].get("executor_id", {}).get("value")
            # Of command executors, which have the ids of their tasks, nothing is ever told.
            return executor is not None and executor not in self.agents_of
        uuid = event.get("update", {}).get("status", {}).get("uuid")
        return uuid is not None and self.like.is_taken(uuid)

    def _check_silence(self, at: float) -> None:
        """Nothing was offered for a while, so nothing more may be offered here."""
        stream = next(reversed(self.streams.values()), None)
        if stream is not None and stream.end is None:
            stream.listen(SILENT_ROUNDS * ALLOCATION_INTERVAL)
            self.differences += [f"{at} {text}" for text in self.offers.settled(stream)]

    # Requests in our ids.

    def _host(self, request: Request) -> str:
        if not request.path.startswith(("/files/", "/containers")):
            return self.master
        path = self._path(request)
        agents = self.cluster.agents
        agent = next((agent for agent in agents if agent.id in path), agents[self.agent_index()])
        return f"127.0.0.1:{agent.port}"

    def _path(self, request: Request) -> str:
        path = self.like.ours(request.path)
        index = next(
            (agent.index for agent in self.cluster.agents if agent.id and agent.id in path), 0
        )
        return re.sub(RECORDED_ROOT, f"{self.cluster.work_dir}/agent-{index}", path)

    def _type(self, request: Request) -> str:
        with contextlib.suppress(CodecError):
            return Call.Type.Name(self.recording.call(request).type) if request.body else ""
        return "garbage"

    def _body(self, request: Request) -> bytes:
        """The recorded call with our ids, held tasks and scaled times; else the bytes as is."""
        content_type = self.recording.content_type
        try:
            if content_type is ContentType.JSON:
                value = json.loads(request.body)
            else:
                value = json_dialect.to_value(self.recording.call(request))
        except (ValueError, CodecError):
            return request.body
        changed = self._changed(value)
        self._note_tasks(changed)
        if changed == value:
            return request.body
        if content_type is ContentType.JSON:
            return json.dumps(changed).encode()
        call = Call()
        json_dialect.merge(call, changed)
        return call.SerializePartialToString()

    def _note_tasks(self, value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("task_id"), dict) and "agent_id" in value:
                self.agents_of[value["task_id"]["value"]] = value["agent_id"]["value"]
            for item in value.values():
                self._note_tasks(item)
        elif isinstance(value, list):
            for item in value:
                self._note_tasks(item)

    def _changed(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.like.ours(value)
        if isinstance(value, list):
            return [self._changed(item) for item in value]
        if not isinstance(value, dict):
            return value
        made = {name: self._changed(item) for name, item in value.items()}
        if "offer_ids" in made:
            used = [self.offers.use(item["value"], self.streams) for item in value["offer_ids"]]
            made["offer_ids"] = [{"value": offer_id} for ids in used for offer_id in ids]
        if made.get("refuse_seconds", 0) and made["refuse_seconds"] < 60:
            made["refuse_seconds"] *= TIME_SCALE
        if "max_completion_time" in made:
            nanoseconds = made["max_completion_time"]["nanoseconds"]
            made["max_completion_time"] = {"nanoseconds": int(nanoseconds * TIME_SCALE)}
        if "task_id" in made and "command" in made:
            self.change_task(made)
            if "container" not in made:
                self._held.hold(made)
        return made

    def change_task(self, task: Json) -> None:
        """Change a task before it is launched; the scenarios that must say why."""

    def agent_index(self) -> int:
        """The agent that runs the task of the recording."""
        ids = set(self.agents_of.values())
        return next(agent.index for agent in self.cluster.agents if agent.id in ids)
