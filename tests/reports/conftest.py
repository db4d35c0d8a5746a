"""One recorded run for all tests of reports."""

import pytest
from reports.recorded import record

from mesos_batch.history import RunHistory


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> RunHistory:
    return record(tmp_path_factory.mktemp("recorded"))
