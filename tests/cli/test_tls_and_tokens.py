"""Masters that speak TLS or want a token: what works, and one sentence for each way it does not."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from certificates import DAY, Authority
from front import Front
from program import Program, line_with, running, task, write

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tasks are for a POSIX shell")

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJ1aWQiOiJib2IifQ.c2ln"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def front(master: str) -> Iterator[Callable[..., Front]]:
    begun: list[Front] = []

    def begin(tls: ssl.SSLContext | None = None, authorization: str | None = None) -> Front:
        begun.append(Front(master, tls, authorization).__enter__())
        return begun[-1]

    yield begin
    for each in begun:
        each.__exit__()


@pytest.fixture
def one_task(tmp_path: Path) -> str:
    return f"--task_list={write(tmp_path / 'list.json', task('t', 'true'))}"


def test_a_run_over_tls_trusts_the_authority_it_is_given(
    mesos_batch: Program, authority: Authority, front: Callable[..., Front], one_task: str
) -> None:
    url = front(authority.server()).url

    done = mesos_batch(f"--master={url}", f"--cacert={authority.file}", one_task)
    planned = mesos_batch(
        "plan", f"--master={url}", one_task, env={"REQUESTS_CA_BUNDLE": str(authority.file)}
    )

    assert (done.returncode, planned.returncode) == (0, 0), done.stderr + planned.stderr


@pytest.mark.parametrize(
    ("host", "valid_for", "trusted", "said"),
    [
        ("127.0.0.1", 5 * DAY, False, "is by no authority we trust: give the file of the one"),
        ("127.0.0.1", -DAY, True, "its certificate has expired"),
        ("master.example", 5 * DAY, True, "its certificate is for another name"),
    ],
    ids=["unknown authority", "expired", "another name"],
)
def test_a_server_we_cannot_trust_is_not_spoken_to(
    mesos_batch: Program,
    authority: Authority,
    front: Callable[..., Front],
    one_task: str,
    host: str,
    valid_for: timedelta,
    trusted: bool,
    said: str,
) -> None:
    server = front(authority.server(host, valid_for))
    trust = [f"--cacert={authority.file}"] if trusted else []

    ran = mesos_batch("run", f"--master={server.url}", one_task, *trust)
    planned = mesos_batch("plan", f"--master={server.url}", one_task, *trust)

    for done in (ran, planned):
        assert done.returncode == 4
        assert len([line for line in done.stderr.splitlines() if said in line]) == 1
        assert server.url in done.stderr
    assert server.seen == []


def test_a_server_may_want_a_certificate_of_ours(
    mesos_batch: Program, authority: Authority, front: Callable[..., Front], one_task: str
) -> None:
    context = authority.server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    to = (f"--master={front(context).url}", f"--cacert={authority.file}", one_task, "--quiet")
    certificate, key = authority.issue("alice")

    without = mesos_batch(*to)
    shown = mesos_batch(*to, f"--client_cert={certificate}", f"--client_key={key}")

    assert without.returncode == 4
    assert "the server wants a certificate of ours (--client_cert, --client_key)" in without.stderr
    assert (shown.returncode, shown.stderr) == (0, "")


def test_http_where_https_is_meant_is_told(
    mesos_batch: Program, master: str, one_task: str
) -> None:
    done = mesos_batch(f"--master=https://{master}", one_task)

    assert done.returncode == 4
    assert "the server speaks no TLS (is it http:// instead of https://?)" in done.stderr


def test_files_that_are_no_certificates_are_refused_before_anybody_is_contacted(
    mesos_batch: Program, one_task: str
) -> None:
    done = mesos_batch("--master=https://127.0.0.1:1", one_task, "--cacert=list.json")

    assert done.returncode == 2
    assert "list.json has no certificates in PEM form" in done.stderr


@pytest.mark.parametrize(
    ("scheme", "header"), [("token", f"token={TOKEN}"), ("bearer", f"Bearer {TOKEN}")]
)
def test_a_token_is_shown_by_calls_and_questions_alike(
    mesos_batch: Program,
    front: Callable[..., Front],
    one_task: str,
    tmp_path: Path,
    scheme: str,
    header: str,
) -> None:
    server = front(authorization=header)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "token").chmod(0o600)
    flags = (f"--master={server.url}", f"--auth_scheme={scheme}", "--token_file=token")

    ran = mesos_batch("run", *flags, one_task, "--quiet")
    looked = mesos_batch("volumes", "list", *flags)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert (looked.returncode, looked.stderr) == (0, "there are no persistent volumes\n")
    # The subscription, its calls, and the questions.
    assert len(server.seen) >= 3
    assert set(server.seen) == {header}


def test_a_token_that_expires_ends_the_run_with_a_sentence_and_a_new_one_resumes_it(
    mesos_batch: Program, front: Callable[..., Front], tmp_path: Path
) -> None:
    server = front(authorization=f"token={TOKEN}")
    go = tmp_path / "go"
    write(tmp_path / "list.json", task("t", f"while [ ! -e {go} ]; do sleep 0.05; done"))
    command = (f"--master={server.url}", "--task_list=list.json", "--verbose")
    with running(*command, cwd=tmp_path, env={"MESOS_BATCH_TOKEN": TOKEN}) as run:
        line_with("task t running", run)
        server.authorization = "token=another"
        server.cut()
        output, errors = run.communicate()
    go.touch()
    resumed = mesos_batch("resume", env={"MESOS_BATCH_TOKEN": "another"})

    assert run.returncode == 4
    assert "the master does not accept the token (Token expired): it may have expired" in errors
    assert resumed.returncode == 0, resumed.stderr
    assert TOKEN not in output + errors
    kept = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if TOKEN.encode() in path.read_bytes()]


def test_how_a_run_came_to_its_master_is_kept_and_taken_up_again(
    mesos_batch: Program,
    authority: Authority,
    front: Callable[..., Front],
    tmp_path: Path,
) -> None:
    server = front(authority.server(), f"Bearer {TOKEN}")
    go = tmp_path / "go"
    write(tmp_path / "list.json", task("t", f"while [ ! -e {go} ]; do sleep 0.05; done"))
    flags = (f"--master={server.url}", f"--cacert={authority.file}", "--auth_scheme=bearer")
    env = {"MESOS_BATCH_TOKEN": TOKEN}

    begun = mesos_batch("run", "list.json", *flags, "--detach", env=env)
    went_on = mesos_batch("explain", "t", env=env)
    go.touch()
    waited = mesos_batch("wait", "--quiet")
    (journal,) = (tmp_path / "state").rglob("journal.sqlite")

    assert begun.returncode == waited.returncode == 0, begun.stderr + waited.stderr
    assert "t" in went_on.stdout
    assert str(authority.file).encode() in journal.read_bytes()
    assert TOKEN.encode() not in journal.read_bytes()


def test_without_credentials_the_sentence_names_what_there_is(
    mesos_batch: Program, front: Callable[..., Front], one_task: str
) -> None:
    done = mesos_batch(f"--master={front(authorization='token=x').url}", one_task, "--no-journal")

    assert done.returncode == 4
    assert "the master wants credentials" in done.stderr
    assert "--token_file" in done.stderr
