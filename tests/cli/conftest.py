"""A cluster in a process of its own, and a list whose end a test decides."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from held_list import Held
from program import announcement_of, facts_of, running

from mesos_batch.runs import RunState, list_runs


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a local cluster that outlives the runs on it."""
    directory = tmp_path_factory.mktemp("cluster")
    with running("local", "--agents=2", "--no-authenticate", cwd=directory) as cluster:
        yield facts_of(announcement_of(cluster))["master"]
        cluster.send_signal(signal.SIGINT)
        cluster.wait(timeout=30)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    """The list, in the directory of the test; no run of the test is left when it fails."""
    yield Held(tmp_path)
    for info in list_runs(tmp_path / "state"):
        if info.state is RunState.RUNNING and info.pid is not None:
            psutil.Process(info.pid).kill()
