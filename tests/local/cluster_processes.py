"""Masters and agents as processes of their own, and frameworks that talk to them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from local.framework_client import AUTH, TIMEOUT, Client
from local.framework_messages import framework_info, launch, task
from program import PROGRAM, clean_environment

from mesos_batch.protocol.codec import ContentType

PINGS = ("--agent_ping_timeout=200ms", "--max_agent_ping_timeouts=2")
# An agent that is away is not given up while the test lasts.
NO_PINGS = ("--agent_ping_timeout=1hrs",)


class ClusterProcess:
    """``mesos-batch local`` in the background; :meth:`ready` waits until it serves."""

    def __init__(self, work_dir: Path, *arguments: str) -> None:
        self._command = [*PROGRAM, "local", f"--work_dir={work_dir}", *arguments]
        self.work_dir = work_dir
        self.announcement = ""
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=clean_environment(),
        )

    def ready(self) -> ClusterProcess:
        """Wait until it has said how to connect."""
        assert self._process.stdout is not None
        lines: list[str] = []
        for line in self._process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C ends"):
                self.announcement = "".join(lines)
                return self
        raise AssertionError("".join(lines) + self.ended()[1])

    @property
    def master(self) -> str:
        found = re.search(r"^  master +(\S+)$", self.announcement, re.MULTILINE)
        assert found is not None
        return found[1]

    def restart(self) -> ClusterProcess:
        """Start again with the same arguments."""
        self._process = self._start()
        return self.ready()

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._forget()

    def ended(self) -> tuple[int, str]:
        """Wait until it ends by itself; the exit code and standard error."""
        _, stderr = self._process.communicate(timeout=TIMEOUT)
        return self._process.returncode, stderr

    def close(self) -> None:
        """End it in the orderly way, even when it is stopped."""
        if self._process.poll() is None:
            if os.name == "posix":
                self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._forget()

    def _forget(self) -> None:
        self._process.wait(TIMEOUT)
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()


class Scene:
    """Processes of one cluster, frameworks on it, and a file its tasks wait for."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._processes: list[ClusterProcess] = []
        self._clients: list[Client] = []
        self.go = directory / "go"
        secret = directory / "secret"
        credential = {"principal": AUTH[0], "secret": AUTH[1]}
        secret.write_text(json.dumps(credential), encoding="utf-8")
        secret.chmod(0o600)
        self.login = (f"--secret_file={secret}",)

    @property
    def waiting(self) -> str:
        """A command that ends when the test says so."""
        return f"while [ ! -e '{self.go}' ]; do sleep 0.05; done"

    def start(self, name: str, *arguments: str) -> ClusterProcess:
        """Start a process; ``name`` is that of its work directory."""
        made = ClusterProcess(self.directory / name, *self.login, *arguments)
        self._processes.append(made)
        return made

    def subscribe(self, address: str, **info: Any) -> Client:
        """Subscribe a framework that outlives its connections."""
        made = framework_info(**{"failover_timeout": 3600, **info})
        body: dict[str, Any] = {"type": "SUBSCRIBE", "subscribe": {"framework_info": made}}
        if "id" in made:
            body["framework_id"] = made["id"]
        url = f"http://{address}/api/v1/scheduler"
        client = Client(url, body, ContentType.JSON)
        self._clients.append(client)
        if client.response.status_code == 200:
            client.framework_id = client.until("SUBSCRIBED")["framework_id"]["value"]
        return client

    def subscribe_again(self, client: Client, address: str, **info: Any) -> Client:
        """The same framework at another master."""
        return self.subscribe(address, id={"value": client.framework_id}, **info)

    def close(self) -> None:
        self.go.touch()
        for client in self._clients:
            client.close()
        for process in self._processes:
            process.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.close()


def run(client: Client, command: str, state: str = "TASK_RUNNING", task_id: str = "t") -> str:
    """Launch a command on the first agent offered, wait for a state, and give the agent."""
    offer = client.offers()[0]
    agent_id: str = offer["agent_id"]["value"]
    given = task(task_id, agent_id, command={"value": command})
    client.accept(offer, operations=[launch(given)])
    follow(client, state)
    return agent_id


def follow(client: Client, state: str) -> dict[str, Any]:
    """Acknowledge updates until one has the state."""
    while True:
        status = client.status()
        if "uuid" in status:
            client.acknowledge(status)
        if status["state"] == state:
            return status


def reconciled(client: Client) -> dict[str, Any]:
    """The answer to a reconciliation; an update may be sent once more before it."""
    while True:
        status = client.status()
        if status.get("reason") == "REASON_RECONCILIATION":
            return status


def get(address: str, path: str) -> requests.Response:
    return requests.get(
        f"http://{address}{path}", auth=AUTH, allow_redirects=False, timeout=TIMEOUT
    )


def mark_gone(address: str, agent_id: str) -> None:
    call = {"type": "MARK_AGENT_GONE", "mark_agent_gone": {"agent_id": {"value": agent_id}}}
    answer = requests.post(f"http://{address}/api/v1", json=call, auth=AUTH, timeout=TIMEOUT)
    assert answer.status_code == 200


def reconcile(client: Client, agent_id: str | None = None, task_id: str = "t") -> None:
    """Ask for the state of a task."""
    asked: dict[str, Any] = {"task_id": {"value": task_id}}
    if agent_id is not None:
        asked["agent_id"] = {"value": agent_id}
    client.call("RECONCILE", reconcile={"tasks": [asked]})


def until_answered(client: Client) -> list[str]:
    """The kinds of what comes in answer to everything sent before, heartbeats aside."""
    marker = {"operation_id": {"value": "marker"}}
    client.call("RECONCILE_OPERATIONS", reconcile_operations={"operations": [marker]})
    kinds: list[str] = []
    while True:
        event = client.event()
        assert event is not None
        if event["type"] == "UPDATE_OPERATION_STATUS":
            return kinds
        if event["type"] != "HEARTBEAT":
            kinds.append(event["type"])


def until(true: Callable[[], bool]) -> None:
    """Nobody tells when it comes true: look again and again."""
    deadline = time.monotonic() + TIMEOUT
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
