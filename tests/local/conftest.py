"""Fixtures of the local cluster's tests."""

import pytest
from local.cluster_processes import scene
from local.master_world import running_world

__all__ = ["scene"]


@pytest.fixture
def world():
    with running_world() as made:
        yield made
