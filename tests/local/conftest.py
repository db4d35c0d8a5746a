"""Fixtures of the local cluster's tests."""

import pytest
from local.master_world import running_world


@pytest.fixture
def world():
    with running_world() as made:
        yield made
