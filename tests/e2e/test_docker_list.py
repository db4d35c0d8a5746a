"""Docker tasks on a real engine: the original's example list, and an image pulled by agents."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest
from program import Program, announcement_of, facts_of, running

DOCKER_LIST = Path(__file__).parents[2] / "examples" / "docker.json"


@pytest.mark.docker
def test_the_original_list_runs_with_its_docker_tasks(
    docker_host: str, mesos_batch: Program
) -> None:
    outcome = mesos_batch(
        "--master=local", f"--task_list={DOCKER_LIST}", env={"DOCKER_HOST": docker_host}
    )

    # Its last task pipes into cowsay, which hardly anybody has.
    failed = [] if shutil.which("cowsay") else ["sub09"]
    finished = [line.split()[2] for line in outcome.stderr.splitlines() if " finished on " in line]
    assert {"sub01-docker", "sub02-docker"} <= set(finished)
    assert len(finished) == 9 - len(failed)
    assert outcome.returncode == (1 if failed else 0)


@pytest.mark.docker
def test_an_image_is_prefetched_on_each_agent(
    docker_host: str, mesos_batch: Program, tmp_path: Path
) -> None:
    engine = {"DOCKER_HOST": docker_host}
    with running("local", "--no-authenticate", cwd=tmp_path, env=engine) as cluster:
        master = f"--master={facts_of(announcement_of(cluster))['master']}"
        flags = ("--image=alpine", "--containerizer=docker", master)
        made = mesos_batch("generate", "prefetch", *flags)
        done = mesos_batch("run", "-", master, "--quiet", stdin=made.stdout)
        assert done.returncode == 0, done.stdout + done.stderr
        shown = mesos_batch("tasks", master, "--state=finished", "--json").stdout
        cluster.send_signal(signal.SIGINT)
        cluster.wait(30)
    assert len({task["agent_id"] for task in json.loads(shown)["tasks"]}) == 3
