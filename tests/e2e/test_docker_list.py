"""The original's example list, its Docker tasks on a real engine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from program import Program

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
