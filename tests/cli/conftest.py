"""A cluster in a process of its own, and a list whose end a test decides."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from held_list import Held
from program import two_agents

from mesos_batch.runs import RunState, list_runs


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a local cluster that outlives the runs on it."""
    with two_agents(tmp_path_factory.mktemp("cluster")) as address:
        yield address


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    """The list, in the directory of the test; no run of the test is left when it fails."""
    yield Held(tmp_path)
    for info in list_runs(tmp_path / "state"):
        if info.state is RunState.RUNNING and info.pid is not None:
            psutil.Process(info.pid).kill()
