"""Settings all tests share."""

from hypothesis import settings

# Each run tries the same examples: a failure here is a failure everywhere.
settings.register_profile("same-everywhere", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("same-everywhere")

pytest_plugins = ["docker_engine", "program", "secret_service", "zookeeper_server"]
