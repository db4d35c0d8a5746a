"""The GET endpoints of the master, and /teardown."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from aiohttp import web

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.endpoint_json import Json, task_json, version_json
from mesos_batch.local.master.operator_json import (
    all_tasks,
    frameworks_json,
    roles_json,
    slaves_json,
    state_json,
    summary_json,
)
from mesos_batch.local.master.subscription import remove_framework
from mesos_batch.local.server import (
    empty_response,
    json_response,
    method_not_allowed,
    text_response,
)
from mesos_batch.model.resources import CPUS, DISK, GPUS, MEM, Resources

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mesos_batch.local.master.master import Master
    from mesos_batch.local.records import Task

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
    Document = Callable[[Master, Mapping[str, str]], Json]

TASK_LIMIT = 100


def tasks_json(master: Master, query: Mapping[str, str]) -> Json:
    """/tasks: a page of all tasks, the newest first unless ``order=asc``."""
    wanted_framework, wanted_task = query.get("framework_id"), query.get("task_id")
    tasks = [
        task
        for task in all_tasks(master)
        if wanted_framework in (None, task.framework_id) and wanted_task in (None, task.task_id)
    ]
    tasks.sort(key=_first_time, reverse=query.get("order") != "asc")
    offset = _number(query, "offset", 0)
    page = tasks[offset : offset + _number(query, "limit", TASK_LIMIT)]
    return {"tasks": [task_json(task.message) for task in page]}


def _first_time(task: Task) -> float:
    statuses = task.message.statuses
    return statuses[0].timestamp if statuses else 0.0


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    return int(text) if text.isdecimal() else default


_DOCUMENTS: dict[str, Document] = {
    "/slaves": lambda master, query: slaves_json(master, query.get("slave_id")),
    "/frameworks": lambda master, query: frameworks_json(master, query.get("framework_id")),
    "/tasks": tasks_json,
    "/state": lambda master, _: state_json(master),
    "/state-summary": lambda master, _: summary_json(master),
    "/roles": lambda master, _: roles_json(master),
}


def metrics_json(master: Master) -> Json:
    """/metrics/snapshot: what is worth showing of a cluster."""
    connected = sum(agent.connected for agent in master.agents.values())
    subscribed = sum(framework.connected for framework in master.frameworks.values())
    total = used = Resources()
    for agent in master.agents.values():
        total += agent.total
        used += agent.used().allocated_to(None)
    shown: Json = {
        "master/uptime_secs": time.time() - master.start_time,
        "master/elected": float(master.elected),
        "master/slaves_active": float(connected),
        "master/slaves_connected": float(connected),
        "master/slaves_inactive": float(len(master.agents) - connected),
        "master/slaves_disconnected": float(len(master.agents) - connected),
        "master/slaves_unreachable": float(len(master.registry.unreachable)),
        "master/frameworks_active": float(subscribed),
        "master/frameworks_connected": float(subscribed),
        "master/frameworks_inactive": float(len(master.frameworks) - subscribed),
        "master/frameworks_disconnected": float(len(master.frameworks) - subscribed),
        "master/outstanding_offers": float(len(master.offers)),
    }
    for name in (CPUS, MEM, DISK, GPUS):
        whole, part = total.amount(name), used.amount(name)
        shown[f"master/{name}_total"] = whole
        shown[f"master/{name}_used"] = part
        shown[f"master/{name}_percent"] = part / whole if whole else 0.0
    counted: Counter[int] = Counter(task.message.state for task in all_tasks(master))
    for name, state in pb.TaskState.items():
        if name != "TASK_UNKNOWN":
            key = f"master/tasks_{name.removeprefix('TASK_').lower()}"
            shown[key] = float(counted[state])
    return shown


class OperatorApi:
    """The endpoints operators and their tools read."""

    def __init__(self, master: Master) -> None:
        self._master = master
        self.documents: dict[str, Answer] = {
            path: self._document(make) for path, make in _DOCUMENTS.items()
        }

    def _document(self, make: Document) -> Answer:
        async def answer(request: web.Request) -> web.StreamResponse:
            return json_response(request, make(self._master, request.query))

        return answer

    async def health(self, _request: web.Request) -> web.StreamResponse:
        """200 and nothing else."""
        return empty_response(200)

    async def version(self, request: web.Request) -> web.StreamResponse:
        """The version."""
        return json_response(request, version_json())

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """The metrics."""
        return json_response(request, metrics_json(self._master))

    async def teardown(self, request: web.Request) -> web.StreamResponse:
        """End a framework."""
        if request.method != "POST":
            return method_not_allowed("POST", request.method)
        form = parse_qs((await request.read()).decode("utf-8", "replace"))
        if "frameworkId" not in form:
            text = "Missing 'frameworkId' query parameter in the request body"
            return text_response(400, text)
        framework = self._master.frameworks.get(form["frameworkId"][0])
        if framework is None:
            return text_response(400, "No framework found with specified ID")
        remove_framework(self._master, framework)
        return empty_response(200)
