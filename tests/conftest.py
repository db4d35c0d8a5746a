"""Settings all tests share."""

import signal
import threading

from hypothesis import settings

# Each run tries the same examples: a failure here is a failure everywhere.
settings.register_profile("same-everywhere", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("same-everywhere")

pytest_plugins = ["docker_engine", "program", "secret_service", "zookeeper_server"]

# A shell without job control starts what is in the background deaf to Ctrl-C, and so would be
# every program the tests start and interrupt.
if (
    threading.current_thread() is threading.main_thread()
    and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):
    signal.signal(signal.SIGINT, signal.default_int_handler)
