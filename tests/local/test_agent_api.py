"""The HTTP endpoints of an agent over real HTTP, held against what a real agent answered."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from local.agent_world import (
    AGENT_ID,
    FRAMEWORK_ID,
    RECORDINGS,
    World,
    an_agent,
    eventually,
    scene,
    task,
)

from mesos_batch._pb.mesos.v1.agent import agent_pb2
from mesos_batch.local.agent.agent_state import state_json
from mesos_batch.local.options import Credential
from mesos_batch.protocol.codec import ContentType

Call = agent_pb2.Call


class Client:
    """Asks an agent."""

    def __init__(self, session: aiohttp.ClientSession, world: World) -> None:
        self._session = session
        self._base = f"http://127.0.0.1:{world.agent.port}"

    async def get(
        self, endpoint: str, secret: str | None = None, **query: str
    ) -> tuple[int, str, dict[str, str]]:
        headers = {}
        if secret is not None:
            encoded = base64.b64encode(f"tester:{secret}".encode()).decode()
            headers["Authorization"] = f"Basic {encoded}"
        async with self._session.get(
            self._base + endpoint, params=query, headers=headers
        ) as response:
            body = (await response.read()).decode(errors="surrogateescape")
            return response.status, body, dict(response.headers)

    async def json(self, endpoint: str, **query: str) -> Any:
        status, body, headers = await self.get(endpoint, **query)
        assert status == 200, body
        assert headers["Content-Type"].split(";")[0] == "application/json"
        return json.loads(body)

    async def call(
        self, call: agent_pb2.Call, kind: ContentType = ContentType.PROTOBUF
    ) -> agent_pb2.Response:
        headers = {"Content-Type": kind.value, "Accept": kind.value}
        async with self._session.post(
            f"{self._base}/api/v1", data=kind.encode(call), headers=headers
        ) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == kind.value
            return kind.decode(await response.read(), agent_pb2.Response)

    async def post(self, body: bytes, **headers: str) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.post(
            f"{self._base}/api/v1", data=body, headers=named, skip_auto_headers=["Content-Type"]
        ) as response:
            return response.status, await response.text()


@asynccontextmanager
async def asked(tmp_path: Path, **options: object) -> AsyncIterator[tuple[World, Client]]:
    async with an_agent(tmp_path, **options) as world, aiohttp.ClientSession() as session:
        yield world, Client(session, world)


async def logs_task(world: World) -> str:
    """The task of the recording; gives its sandbox."""
    script = "for i in 1 2 3; do echo line $i; echo err $i >&2; done; sleep 1000"
    world.run(task("logs", script))
    await world.master.reached("logs", "TASK_RUNNING")
    directory = world.sandbox("logs")
    await eventually(lambda: (directory / "stderr").read_text().endswith("3\n"))
    return str(directory)


def recorded(path: str) -> Any:
    """What the real agent answered to the first GET of a path that begins so."""
    waiting = False
    for line in (RECORDINGS / "sandbox_and_state.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["kind"] == "request" and entry["conn"] == "get":
            waiting = entry["path"].startswith(path)
        elif entry["kind"] == "response" and entry["conn"] == "get" and waiting:
            return json.loads(entry["body"]["text"])
    raise AssertionError(path)


@scene
async def test_browse_has_the_recorded_shape(tmp_path: Path) -> None:
    async with asked(tmp_path) as (world, client):
        directory = await logs_task(world)
        listing = await client.json("/files/browse", path=directory)
        shape = recorded("/files/browse")
        assert [list(entry) for entry in listing] == [list(entry) for entry in shape]
        assert [Path(entry["path"]).name for entry in listing] == ["stderr", "stdout"]
        assert [entry["path"] for entry in listing] == [
            f"{directory}/stderr",
            f"{directory}/stdout",
        ]
        for entry, real in zip(listing, shape, strict=True):
            assert entry["mode"] == real["mode"]
            assert {name: type(item) for name, item in entry.items()} == {
                name: type(item) for name, item in real.items()
            }


@scene
async def test_read_by_each_of_the_three_paths(tmp_path: Path) -> None:
    async with asked(tmp_path) as (world, client):
        directory = await logs_task(world)
        latest = str(Path(directory).parent / "latest")
        short = f"/frameworks/{FRAMEWORK_ID}/executors/logs/runs/latest"
        for base in (directory, latest, short):
            answer = await client.json("/files/read", path=f"{base}/stdout", offset="0")
            assert answer == {"data": "line 1\nline 2\nline 3\n", "offset": 0}


@scene
async def test_read_offsets_and_lengths(tmp_path: Path) -> None:
    async with asked(tmp_path) as (world, client):
        path = f"{await logs_task(world)}/stdout"
        size = len("line 1\nline 2\nline 3\n")
        assert await client.json("/files/read", path=path) == {"data": "", "offset": size}
        assert await client.json("/files/read", path=path, offset="-1") == {
            "data": "",
            "offset": size,
        }
        assert await client.json("/files/read", path=path, offset="5", length="2") == {
            "data": "1\n",
            "offset": 5,
        }
        assert await client.json("/files/read", path=path, offset="5", length="0") == {
            "data": "",
            "offset": 5,
        }
        assert await client.json("/files/read", path=path, offset="999") == {
            "data": "",
            "offset": 999,
        }
        for query in ({"offset": "-2"}, {"offset": "x"}, {"length": "-2"}):
            status, text, _ = await client.get("/files/read", path=path, **query)
            assert status == 400, text


@scene
async def test_a_read_gives_at_most_64_kib_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    async with asked(tmp_path) as (world, client):
        directory = Path(await logs_task(world))
        (directory / "big").write_bytes(b"x" * 70000)
        (directory / "binary").write_bytes(b"\xff\xfe")
        answer = await client.json("/files/read", path=f"{directory}/big", offset="0")
        assert len(answer["data"]) == 65536
        answer = await client.json("/files/read", path=f"{directory}/binary", offset="0")
        # As Mesos: between the quotes as they are.
        assert answer["data"].encode(errors="surrogateescape") == b"\xff\xfe"


@scene
async def test_nothing_outside_a_sandbox_is_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush")
    async with asked(tmp_path / "work") as (world, client):
        directory = Path(await logs_task(world))
        (directory / "link").symlink_to(tmp_path / "secret")
        (directory / "up").symlink_to("..")
        for path, expected in (
            (f"{directory}/link", 400),
            (f"{directory}/up", 400),
            (f"{directory}/../../../../../../../../../secret", 400),
            (f"{directory}-other/stdout", 404),
            (str(tmp_path / "secret"), 404),
            ("/etc/passwd", 404),
            (f"{directory}/nope", 404),
            ("", 400),
        ):
            for endpoint in ("browse", "read", "download"):
                status, text, _ = await client.get(f"/files/{endpoint}", path=path)
                assert status == expected, (endpoint, path, text)
                assert "hush" not in text


@scene
async def test_download(tmp_path: Path) -> None:
    async with asked(tmp_path) as (world, client):
        directory = await logs_task(world)
        status, body, headers = await client.get("/files/download", path=f"{directory}/stderr")
        assert (status, body) == (200, "err 1\nerr 2\nerr 3\n")
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["Content-Disposition"] == "attachment; filename=stderr"
        status, text, _ = await client.get("/files/download", path=directory)
        assert (status, text) == (400, "Cannot download a directory.\n")
        mapping = await client.json("/files/debug")
        assert mapping[directory] == directory


@scene
async def test_containers_and_statistics_have_the_recorded_shape(tmp_path: Path) -> None:
    async with asked(tmp_path) as (world, client):
        await logs_task(world)
        [container] = await client.json("/containers")
        [shape] = recorded("/containers")
        assert set(container) == set(shape)
        assert set(container["statistics"]) == set(shape["statistics"])
        assert container["statistics"]["cpus_soft_limit"] == shape["statistics"]["cpus_soft_limit"]
        assert container["statistics"]["mem_limit_bytes"] == shape["statistics"]["mem_limit_bytes"]
        assert container["statistics"]["mem_rss_bytes"] > 0
        assert set(container["status"]) == set(shape["status"])
        name = "Command Executor (Task: logs) (Command: sh -c 'for i in 1 2...')"
        assert container["executor_name"] == name
        assert await client.json("/containers", container_id="other") == []
        [usage] = await client.json("/monitor/statistics")
        assert usage["executor_id"] == "logs"


@scene
async def test_state_before_and_after_the_end_of_a_task(tmp_path: Path) -> None:
    async with asked(tmp_path, attributes=("rack:r1", "load:0.1234")) as (world, client):
        directory = await logs_task(world)
        state = await client.json("/slave(1)/state")
        assert state["id"] == AGENT_ID
        assert state["pid"] == f"slave(1)@127.0.0.1:{world.agent.port}"
        assert state["attributes"] == {"rack": "r1", "load": 0.1234}
        assert state["resources"] == {
            "cpus": 4.0,
            "mem": 4096.0,
            "disk": 10000.0,
            "gpus": 0.0,
            "ports": "[31000-32000]",
        }
        [framework] = state["frameworks"]
        [executor] = framework["executors"]
        assert executor["directory"] == directory
        assert executor["container"] == Path(directory).name
        [shown] = executor["tasks"]
        assert (shown["id"], shown["state"]) == ("logs", "TASK_RUNNING")
        assert [status["state"] for status in shown["statuses"]] == [
            "TASK_STARTING",
            "TASK_RUNNING",
        ]
        assert "executor_pid" not in shown["statuses"][0]["container_status"]
        world.agent.kill_task(FRAMEWORK_ID, "logs", None)
        await world.master.finished("logs")
        state = await client.json("/state")
        assert state["frameworks"] == []
        [framework] = state["completed_frameworks"]
        [executor] = framework["completed_executors"]
        assert executor["directory"] == directory
        assert [it["state"] for it in executor["completed_tasks"]] == ["TASK_KILLED"]
        answer = await client.json("/files/read", path=f"{directory}/stdout", offset="0")
        assert answer["data"].startswith("line 1")


@pytest.mark.parametrize("kind", list(ContentType))
def test_the_v1_api_in_both_formats(tmp_path: Path, kind: ContentType) -> None:
    @scene
    async def run() -> None:
        async with asked(tmp_path) as (world, client):
            directory = await logs_task(world)
            world.run_group("pod", task("nested", "sleep 1000"))
            await world.master.reached("nested", "TASK_RUNNING")
            health = await client.call(Call(type=Call.GET_HEALTH), kind)
            assert health.get_health.healthy
            read = Call(type=Call.READ_FILE)
            read.read_file.path, read.read_file.offset = f"{directory}/stdout", 5
            read.read_file.length = 1
            answer = await client.call(read, kind)
            assert (answer.read_file.size, answer.read_file.data) == (21, b"1")
            listing = Call(type=Call.LIST_FILES)
            listing.list_files.path = directory
            files = (await client.call(listing, kind)).list_files.file_infos
            assert [Path(file.path).name for file in files] == ["stderr", "stdout"]
            assert files[0].mode & 0o777 == 0o644
            tasks = (await client.call(Call(type=Call.GET_TASKS), kind)).get_tasks
            assert sorted(it.task_id.value for it in tasks.launched_tasks) == ["logs", "nested"]
            state = (await client.call(Call(type=Call.GET_STATE), kind)).get_state
            assert len(state.get_executors.executors) == 2
            assert len(state.get_frameworks.frameworks) == 1
            containers = Call(type=Call.GET_CONTAINERS)
            containers.get_containers.show_nested = True
            shown = (await client.call(containers, kind)).get_containers.containers
            assert sum(it.container_id.HasField("parent") for it in shown) == 1
            agent = (await client.call(Call(type=Call.GET_AGENT), kind)).get_agent.agent_info
            assert (agent.id.value, agent.port) == (AGENT_ID, world.agent.port)
            flags = (await client.call(Call(type=Call.GET_FLAGS), kind)).get_flags.flags
            assert {flag.name for flag in flags} >= {"work_dir", "containerizers"}
            version = (await client.call(Call(type=Call.GET_VERSION), kind)).get_version
            assert version.version_info.version == "1.12.0"

    run()


@scene
async def test_what_the_v1_api_refuses(tmp_path: Path) -> None:
    async with asked(tmp_path) as (_, client):
        json_type = "application/json"
        assert (await client.post(b"{}"))[0] == 400
        assert (await client.post(b"{}", Content_Type="text/plain"))[0] == 415
        assert (await client.post(b"{", Content_Type=json_type))[0] == 400
        assert (await client.post(b"{}", Content_Type=json_type, Accept="text/html"))[0] == 406
        unknown = b'{"type":"PRUNE_IMAGES"}'
        assert (await client.post(unknown, Content_Type=json_type))[0] == 501
        missing = b'{"type":"READ_FILE","read_file":{"path":"/none","offset":0}}'
        assert (await client.post(missing, Content_Type=json_type))[0] == 404
        status, _, headers = await client.get("/api/v1")
        assert (status, headers["Allow"]) == (405, "POST")


@scene
async def test_only_the_credential_opens_what_tasks_said(tmp_path: Path) -> None:
    credential = Credential("tester", "hush")
    async with asked(tmp_path, authenticate=True, credential=credential) as (_, client):
        for path in (
            "/state",
            "/slave(1)/state",
            "/containers",
            "/monitor/statistics",
            "/flags",
            "/files/browse",
            "/files/read",
            "/files/download",
            "/files/debug",
            "/api/v1",
        ):
            status, _, headers = await client.get(path)
            assert (path, status) == (path, 401)
            assert headers["WWW-Authenticate"].startswith('Basic realm="mesos-agent-read')
            assert (await client.get(path, secret="guess"))[0] == 401
            assert (await client.get(path, secret="hush"))[0] != 401
        for path in ("/health", "/version"):
            assert (await client.get(path))[0] == 200


@scene
async def test_a_secret_of_a_queued_task_is_not_shown(tmp_path: Path) -> None:
    info = task("t", "true")
    variable = info.command.environment.variables.add(name="TOKEN", type="SECRET")
    variable.secret.value.data = b"hush"
    async with an_agent(tmp_path) as world:
        world.run(info)
        # Asked in the same turn of the loop: the task is still queued.
        shown = state_json(world.agent)
        [queued] = shown["frameworks"][0]["executors"][0]["queued_tasks"]
        assert queued["command"]["environment"]["variables"] == [
            {"name": "TOKEN", "type": "SECRET"}
        ]
        await world.master.finished("t")


@scene
async def test_a_paused_agent_answers_when_it_comes_back(tmp_path: Path) -> None:
    async with asked(tmp_path) as (world, client):
        world.agent.pause()
        waiting = asyncio.create_task(client.get("/health"))
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        assert not done
        world.agent.resume()
        assert (await waiting)[0] == 200
