"""With a real Secret Service: a secret kept once, and runs that need no other word of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from local.cluster_processes import ClusterProcess
from program import Program, facts_of, line_with, running, task, write

pytestmark = [pytest.mark.secret_service, pytest.mark.xdist_group("secret_service")]


@pytest.fixture
def env(secret_service: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return {**secret_service, "XDG_CONFIG_HOME": str(tmp_path / "config")}


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterProcess]:
    work_dir = tmp_path_factory.mktemp("cluster") / "work"
    started = ClusterProcess(work_dir, "--agents=1", "--principal=alice")
    yield started.ready()
    started.close()


def test_credentials_set_then_run_without_any_secret_on_the_command_line(
    mesos_batch: Program, cluster: ClusterProcess, env: dict[str, str], tmp_path: Path
) -> None:
    facts = facts_of(cluster.announcement)
    secret = Path(facts["secret in"]).read_text().strip()
    who = (f"--master={facts['master']}", "--principal=alice")
    write(tmp_path / "list.json", task("t", f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"))

    refused = mesos_batch("run", "list.json", *who, "--no-journal", env=env)
    kept = mesos_batch("credentials", "set", *who, env=env, stdin=f"{secret}\n")
    listed = mesos_batch("credentials", "list", env=env)
    command = ("run", "list.json", *who, "--verbose")
    with running(*command, cwd=tmp_path, env=env) as run:
        line_with("task t running", run)
        shown = {" ".join(it.cmdline()) for it in _family(run.pid)}
        inherited = [it.environ() for it in _family(run.pid)]
        (tmp_path / "go").touch()
        output, errors = run.communicate(timeout=60)
    forgotten = mesos_batch("credentials", "delete", *who, env=env)
    again = mesos_batch("run", "list.json", *who, "--no-journal", env=env)

    assert refused.returncode == again.returncode == 4, refused.stderr + again.stderr
    assert "the master wants credentials" in refused.stderr
    assert kept.stdout == f"the secret of alice at {facts['master']} is in the keyring\n"
    assert "alice      secret  in the keyring" in listed.stdout
    assert run.returncode == 0, errors
    assert forgotten.returncode == 0
    told = [kept, listed, refused, forgotten, again]
    assert secret not in output + errors + "".join(it.stdout + it.stderr for it in told)
    assert any("--principal=alice" in line for line in shown)
    assert secret not in "".join(shown) + str(inherited)
    places = (tmp_path, Path(env["XDG_DATA_HOME"]), Path(env["HOME"]))
    files = [it for place in places for it in place.rglob("*") if it.is_file()]
    assert {"journal.sqlite", "credentials.json"} <= {it.name for it in files}
    # The keyring has its file too, and that is not in plain text.
    assert any(it.suffix == ".keyring" for it in files)
    assert [it for it in files if secret.encode() in it.read_bytes()] == []


def test_doctor_tries_it_and_leaves_nothing(mesos_batch: Program, env: dict[str, str]) -> None:
    done = mesos_batch("doctor", env=env)

    assert done.returncode == 0, done.stdout
    assert "✓ keyring        SecretService Keyring keeps and gives back what it is given" in (
        done.stdout
    )


def _family(pid: int) -> Iterator[psutil.Process]:
    process = psutil.Process(pid)
    yield process
    yield from process.children(recursive=True)
