"""URIs of commands: what comes into the sandbox, and what never does."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from aiohttp import web
from local.agent_world import (
    FRAMEWORK_ID,
    an_agent,
    recorded_statuses,
    said_statuses,
    scene,
    task,
    web_site,
)

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent.fetcher import fetch
from mesos_batch.local.agent.sandbox import LaunchError


@pytest.fixture
def sandbox(tmp_path: Path) -> Path:
    directory = tmp_path / "sandbox"
    directory.mkdir()
    (directory / "stderr").touch()
    return directory


async def bring(sandbox: Path, value: str | Path, **fields: object) -> None:
    uri = pb.CommandInfo.URI(value=str(value), **fields)  # type: ignore[arg-type]
    await fetch([uri], sandbox, "C")


def reason(sandbox: Path) -> str:
    return (sandbox / "stderr").read_text()


@scene
async def test_a_path_and_a_file_url(tmp_path: Path, sandbox: Path) -> None:
    source = tmp_path / "with space.txt"
    source.write_text("content")
    await bring(sandbox, source)
    assert (sandbox / "with space.txt").read_text() == "content"
    await bring(sandbox, f"file://{source}", output_file="deep/name.txt")
    assert (sandbox / "deep/name.txt").read_text() == "content"


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tar.bz2", ".tar.xz"])
def test_archives_are_extracted_beside_themselves(
    tmp_path: Path, sandbox: Path, suffix: str
) -> None:
    @scene
    async def run() -> None:
        archive = tmp_path / f"data{suffix}"
        mode = "w" if suffix == ".tar" else f"w:{suffix.rsplit('.', 1)[1]}"
        with tarfile.open(archive, mode) as tar:
            entry = tarfile.TarInfo("inner/run.sh")
            entry.size, entry.mode = 4, 0o755
            tar.addfile(entry, io.BytesIO(b"true"))
        await bring(sandbox, archive)
        assert (sandbox / archive.name).exists()
        assert os.access(sandbox / "inner/run.sh", os.X_OK)

    run()


@scene
async def test_zip_and_gz(tmp_path: Path, sandbox: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as zipped:
        member = zipfile.ZipInfo("bin/tool")
        member.external_attr = 0o755 << 16
        zipped.writestr(member, "tool")
    (tmp_path / "log.gz").write_bytes(gzip.compress(b"lines"))
    await bring(sandbox, tmp_path / "data.zip")
    await bring(sandbox, tmp_path / "log.gz")
    assert os.access(sandbox / "bin/tool", os.X_OK)
    assert (sandbox / "log").read_bytes() == b"lines"


@scene
async def test_extract_false_and_executable_leave_archives_alone(
    tmp_path: Path, sandbox: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as zipped:
        zipped.writestr("member", "x")
    await bring(sandbox, tmp_path / "data.zip", extract=False)
    await bring(sandbox, tmp_path / "data.zip", executable=True, output_file="run.zip")
    assert not (sandbox / "member").exists()
    assert stat.S_IMODE((sandbox / "run.zip").stat().st_mode) == 0o755


@scene
async def test_nothing_is_extracted_outside_the_sandbox(tmp_path: Path, sandbox: Path) -> None:
    archive = tmp_path / "evil.tar"
    with tarfile.open(archive, "w") as tar:
        entry = tarfile.TarInfo("../escaped")
        entry.size = 1
        tar.addfile(entry, io.BytesIO(b"x"))
    with pytest.raises(LaunchError):
        await bring(sandbox, archive)
    assert not (tmp_path / "escaped").exists()
    assert "cannot be extracted" in reason(sandbox)
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as zipped:
        zipped.writestr("../../escaped", "x")
    await bring(sandbox, tmp_path / "evil.zip")
    assert not (tmp_path / "escaped").exists()
    assert (sandbox / "escaped").exists()


@pytest.mark.parametrize("output", ["../out", "/tmp/out", "a/../../out", "C:/out"])
def test_output_file_stays_in_the_sandbox(tmp_path: Path, sandbox: Path, output: str) -> None:
    @scene
    async def run() -> None:
        (tmp_path / "in").touch()
        with pytest.raises(LaunchError):
            await bring(sandbox, tmp_path / "in", output_file=output)
        assert "outside the sandbox" in reason(sandbox)

    run()


@scene
async def test_a_broken_archive_fails(tmp_path: Path, sandbox: Path) -> None:
    (tmp_path / "data.tgz").write_bytes(b"no archive")
    with pytest.raises(LaunchError):
        await bring(sandbox, tmp_path / "data.tgz")


@pytest.mark.parametrize("value", ["hdfs://host/file", "relative/path", "s3://bucket/key"])
def test_what_cannot_be_fetched_is_said(sandbox: Path, value: str) -> None:
    @scene
    async def run() -> None:
        with pytest.raises(LaunchError, match="Failed to fetch all URIs for container 'C'"):
            await bring(sandbox, value)
        assert f"Failed to fetch '{value}'" in reason(sandbox)

    run()


@scene
async def test_http(tmp_path: Path, sandbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/a b.txt":
            return web.Response(text=f"version {request.query['version']}")
        return web.Response(status=404)

    async with web_site(answer) as port:
        base = f"http://user:hush@127.0.0.1:{port}"
        await bring(sandbox, f"{base}/a%20b.txt?version=1")
        assert (sandbox / "a b.txt").read_text() == "version 1"
        with pytest.raises(LaunchError):
            await bring(sandbox, f"{base}/missing")
        assert "404" in reason(sandbox)
        assert "hush" not in reason(sandbox)


@scene
async def test_a_failed_fetch_goes_the_way_of_the_recording(tmp_path: Path) -> None:
    info = task("uri", "true")
    info.command.uris.add(value="/no/such/file")
    [recorded] = recorded_statuses("task_validation_errors", "uri")
    async with an_agent(tmp_path) as world:
        world.run(info)
        await world.master.finished("uri")
        [said] = said_statuses(world, "uri")
        container_id = world.sandbox("uri").name
        assert f"for container '{container_id}'" in said["message"]
        words = recorded.pop("message").split("'")
        assert said.pop("message").split("'")[::2] == words[::2]
        assert said == recorded
        assert reason(world.sandbox("uri")) == (
            "Failed to fetch '/no/such/file': No such file or directory\n"
        )


@scene
async def test_a_kill_interrupts_a_download_that_never_ends(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def never_end(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        asked.set()
        await asyncio.Event().wait()
        return response

    async with an_agent(tmp_path) as world, web_site(never_end) as port:
        info = task("t", "true")
        info.command.uris.add(value=f"http://127.0.0.1:{port}/x")
        world.run(info)
        await asked.wait()
        world.agent.kill_task(FRAMEWORK_ID, "t", None)
        [only] = await world.master.finished("t")
        assert only.reason == pb.TaskStatus.REASON_TASK_KILLED_DURING_LAUNCH


@scene
async def test_a_kill_interrupts_the_download_of_a_task_in_a_group(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def never_end(request: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.Event().wait()
        return web.Response(text=request.path)

    async with an_agent(tmp_path) as world, web_site(never_end) as port:
        info = task("t", "true")
        info.command.uris.add(value=f"http://127.0.0.1:{port}/x")
        world.run_group("pod", info)
        await asked.wait()
        world.agent.kill_task(FRAMEWORK_ID, "t", None)
        await world.master.finished("t")
        assert world.master.states("t") == ["TASK_STARTING", "TASK_KILLED"]
