"""Where a master's scheduler endpoint is."""

import pytest

from mesos_batch.api import RunOptions, start
from mesos_batch.errors import UsageError
from mesos_batch.protocol.connection import base_url, scheduler_url


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("host:5050", "http://host:5050"),
        ("[::1]:5050", "http://[::1]:5050"),
        ("http://host", "http://host:5050"),
        ("https://host", "https://host:443"),
        ("https://host:8443", "https://host:8443"),
    ],
)
def test_an_address_leads_to_the_scheduler_endpoint(address: str, base: str) -> None:
    assert scheduler_url(address) == f"{base}/api/v1/scheduler"
    assert base_url(scheduler_url(address)) == base


@pytest.mark.parametrize("address", ["zk://me:s3cret@h:2181/m", "http://me:s3cret@h:5050", "h"])
def test_a_bad_address_is_refused_without_repeating_a_password(address: str) -> None:
    with pytest.raises(UsageError) as refused:
        start([], RunOptions(master=address))

    assert "s3cret" not in str(refused.value)
