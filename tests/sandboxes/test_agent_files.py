"""Files over HTTP: what an agent may answer, and what is made of it."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from certificates import Authority
from front import Front
from sandboxes.scripted_agent import ROOT, ScriptedAgent, listed, scripted_agent

from mesos_batch.errors import AgentAwayError, SandboxError, SandboxGoneError
from mesos_batch.protocol.files import files_from, place_of, read_from
from mesos_batch.sandboxes import download
from mesos_batch.sandboxes.download import checked_name, download_tree
from mesos_batch.sandboxes.source import AgentSource
from mesos_batch.transport.http import Login
from mesos_batch.transport.sandbox import AgentFiles
from mesos_batch.transport.tls import Tls

RECORDINGS = Path(__file__).parents[1] / "recordings" / "json"
STDOUT = f"{ROOT}/t/stdout"


@pytest.fixture
def agent() -> Iterator[ScriptedAgent]:
    with scripted_agent() as made:
        yield made


def recorded(name: str, endpoint: str) -> list[tuple[dict[str, list[str]], bytes]]:
    """What a real agent was asked at an endpoint, and its good answers."""
    lines = (RECORDINGS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    exchanges: list[tuple[dict[str, list[str]], bytes]] = []
    asked: Any = None
    for line in map(json.loads, lines):
        if line.get("conn") != "get":
            continue
        if line["kind"] == "request":
            asked = urlsplit(line["path"])
        elif asked.path == endpoint and line["status"] == 200:
            exchanges.append((parse_qs(asked.query), line["body"]["text"].encode()))
    assert exchanges
    return exchanges


@pytest.mark.parametrize("name", ["sandbox_and_state", "executor_pooling", "docker_tasks"])
def test_recorded_reads_are_understood(name: str) -> None:
    for query, body in recorded(name, "/files/read"):
        offset, data = read_from(body)
        if query["offset"] == ["-1"]:
            assert (offset, data) == (924, b"")
        else:
            assert offset == int(query["offset"][0])
            assert data.decode() == json.loads(body)["data"]


@pytest.mark.parametrize("name", ["sandbox_and_state", "executor_pooling"])
def test_recorded_listings_are_understood(name: str) -> None:
    for _, body in recorded(name, "/files/browse"):
        entries = {entry.name: entry for entry in files_from(body)}
        assert {"stdout", "stderr"} <= set(entries)
        assert not entries["stdout"].is_directory
        if "containers" in entries:
            assert entries["containers"].is_directory


def test_every_byte_comes_out_as_it_went_in(agent: ScriptedAgent) -> None:
    data = bytes(range(256)) * 300
    agent.write("t", data)
    files = AgentFiles(agent.address, None)
    source = AgentSource(files, f"{ROOT}/t")

    assert source.size("stdout") == len(data)
    assert source.read("stdout", 65535) + source.read("stdout", 65535 + 65536) == data[65535:]
    assert b"".join(source.download("stdout")) == data


def test_bytes_as_older_agents_write_them() -> None:
    assert read_from(rb'{"data":"\u00c3\u00bc\/\u0000","offset":0}') == (0, "ü/\0".encode())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data":1,"offset":0}', b'{"data":""}'])
def test_what_is_no_agent_is_told(agent: ScriptedAgent, body: bytes) -> None:
    agent.refusals[STDOUT] = (200, body)

    with pytest.raises(SandboxError, match="is no Mesos agent"):
        AgentFiles(agent.address, None).read(STDOUT, 0)


def test_credentials_are_given_only_to_who_asks(agent: ScriptedAgent) -> None:
    agent.write("t", b"x")
    login = Login("alice", "s3cret")
    AgentFiles(agent.address, login).read(STDOUT, 0)
    agent.wants = ("alice", "s3cret")
    files = AgentFiles(agent.address, login)

    assert files.read(STDOUT, 0) == files.read(STDOUT, 0) == b"x"
    # Each connection is asked once.
    assert agent.credentials == [None, None, "alice:s3cret", "alice:s3cret"]


def test_credentials_that_are_wrong_are_not_tried_twice_in_one_question(
    agent: ScriptedAgent,
) -> None:
    agent.write("t", b"x")
    agent.wants = ("alice", "another")
    files = AgentFiles(agent.address, Login("alice", "s3cret"))

    for _ in range(2):
        with pytest.raises(SandboxError, match="does not accept"):
            files.read(STDOUT, 0)

    assert agent.credentials == [None, "alice:s3cret", "alice:s3cret"]


@pytest.fixture
def hangs_up_on_tls(agent: ScriptedAgent) -> Iterator[str]:
    """The agent as Mesos is without TLS: it closes the connection without a word."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if self.request.recv(1, socket.MSG_PEEK) == b"\x16":
                return
            host, port = agent.address.removeprefix("http://").split(":")
            with socket.create_connection((host, int(port))) as behind:
                behind.sendall(self.request.recv(65536))
                while data := behind.recv(65536):
                    self.request.sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("login", "what"),
    [
        (Login("alice", "s3cret"), "the secret of principal alice"),
        (Login(token="s3cret"), "the token given"),
    ],
    ids=["secret", "token"],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_is_for_a_master_over_tls_goes_to_no_agent_in_plain_text(
    agent: ScriptedAgent, login: Login, what: str, scheme: str
) -> None:
    agent.write("t", b"x")
    address = agent.address.replace("http", scheme)
    open_to_all = AgentFiles(address, login, beside_tls=True).read(STDOUT, 0)
    agent.wants = ("alice", "s3cret")

    with pytest.raises(SandboxError) as raised:
        AgentFiles(address, login, beside_tls=True).read(STDOUT, 0)

    assert open_to_all == b"x"
    assert f"{what} for a master over https is not sent in plain text" in raised.value.message
    assert agent.credentials == [None, None]


def test_an_agent_that_hangs_up_on_tls_is_asked_without(
    agent: ScriptedAgent, hangs_up_on_tls: str
) -> None:
    agent.write("t", b"x")
    assert AgentFiles(hangs_up_on_tls, None, beside_tls=True).read(STDOUT, 0) == b"x"


def test_an_agent_speaks_tls_as_its_master_does(agent: ScriptedAgent, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    agent.write("t", b"x")
    agent.wants = ("alice", "s3cret")
    with Front(agent.address.removeprefix("http://"), authority.server()) as front:
        told_as_http = front.url.replace("https", "http")
        login = Login("alice", "s3cret", tls=Tls(authority.file))

        assert AgentFiles(told_as_http, login, beside_tls=True).read(STDOUT, 0) == b"x"
        # Who is not who it should be does not get us to speak to it in plain text.
        with pytest.raises(AgentAwayError, match="by no authority we trust"):
            AgentFiles(told_as_http, Login("alice", "s3cret"), beside_tls=True).read(STDOUT, 0)

    assert agent.credentials == [None, "alice:s3cret"]


@pytest.mark.parametrize(
    ("status", "login", "kind", "sentence"),
    [
        (401, None, SandboxError, "asks for a principal and its secret"),
        (401, Login("al", "x"), SandboxError, "does not accept the secret of principal al"),
        (403, None, SandboxError, "does not show sandboxes to everybody"),
        (404, None, SandboxGoneError, f"has no {STDOUT}"),
        (400, None, SandboxError, "Cannot read a directory."),
        (503, None, AgentAwayError, "does not answer"),
        (307, None, SandboxError, "HTTP 307"),
    ],
)
def test_a_refusal_is_a_sentence(
    agent: ScriptedAgent,
    status: int,
    login: Login | None,
    kind: type[SandboxError],
    sentence: str,
) -> None:
    body = b"Cannot read a directory.\n" if status == 400 else b""
    agent.refusals[STDOUT] = (status, body)

    with pytest.raises(SandboxError) as raised:
        AgentFiles(agent.address, login).read(STDOUT, 0)

    assert type(raised.value) is kind
    assert sentence in raised.value.message


def test_an_agent_that_is_away_is_told() -> None:
    with scripted_agent() as agent:
        address = agent.address

    with pytest.raises(AgentAwayError, match="does not answer: Connection refused"):
        AgentFiles(address, None).size(STDOUT)


def test_an_answer_without_end_is_not_kept(agent: ScriptedAgent) -> None:
    agent.refusals[STDOUT] = (200, b"x" * (1 << 20))

    with pytest.raises(SandboxError, match="answers without end"):
        AgentFiles(agent.address, None).read(STDOUT, 0)


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_a_hostile_listing_writes_nothing(agent: ScriptedAgent, tmp_path: Path, name: str) -> None:
    agent.listings[f"{ROOT}/t"] = [listed(f"{ROOT}/t/{name}", mode="drwxr-xr-x")]
    source = AgentSource(AgentFiles(agent.address, None), f"{ROOT}/t")
    target = tmp_path / "target"

    with pytest.raises(SandboxError, match="is no file"):
        download_tree(source, "", target, lambda *_: None)

    assert list(target.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["a:b", "a\\b", "..\\..", "NUL", "nul.txt", "aux .c", "COM¹", "conin$", "a.", "a "]
)
def test_a_name_that_windows_takes_for_something_else_is_refused_there(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert checked_name(name) == name
    monkeypatch.setattr(download, "os", SimpleNamespace(name="nt"))

    with pytest.raises(SandboxError, match="is no name a file can have"):
        checked_name(name)
    assert checked_name("console.txt") == "console.txt"


def test_a_path_that_leads_elsewhere_is_only_a_name(agent: ScriptedAgent, tmp_path: Path) -> None:
    agent.listings[f"{ROOT}/t"] = [listed(f"{ROOT}/t/../../../evil")]
    agent.files[f"{ROOT}/t/evil"] = b"bad"
    source = AgentSource(AgentFiles(agent.address, None), f"{ROOT}/t")
    target = tmp_path / "a" / "target"

    download_tree(source, "", target, lambda *_: None)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [target / "evil"]


def test_a_link_to_itself_ends(agent: ScriptedAgent, tmp_path: Path) -> None:
    path = f"{ROOT}/t"
    for _ in range(40):
        agent.listings[path] = [listed(f"{path}/self", mode="drwxr-xr-x")]
        path += "/self"
    source = AgentSource(AgentFiles(agent.address, None), f"{ROOT}/t")

    with pytest.raises(SandboxError, match="32 directories deep"):
        download_tree(source, "", tmp_path / "target", lambda *_: None)


def test_what_cannot_be_read_whole_is_not_written(agent: ScriptedAgent, tmp_path: Path) -> None:
    agent.listings[f"{ROOT}/t"] = [listed(f"{ROOT}/t/a"), listed(f"{ROOT}/t/b")]
    agent.files[f"{ROOT}/t/a"] = b"whole"
    source = AgentSource(AgentFiles(agent.address, None), f"{ROOT}/t")

    with pytest.raises(SandboxGoneError):
        download_tree(source, "", tmp_path, lambda *_: None)

    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_url_of_a_sandbox_is_taken_apart() -> None:
    url = "http://[::1]:5051/files/browse?path=/frameworks/F/executors/a&b=c#d/runs/latest"

    assert place_of(url) == ("http://[::1]:5051", "/frameworks/F/executors/a&b=c#d/runs/latest")
    with pytest.raises(ValueError, match="does not browse"):
        place_of("http://agent:5051/state")
