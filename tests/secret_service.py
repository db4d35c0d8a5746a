"""A Secret Service of our own, as desktops have one: gnome-keyring on a D-Bus of the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from debian import install_or_skip

PACKAGES = ("gnome-keyring", "dbus-daemon")
# Lives until its standard input ends; the keyring ends with the bus.
_SESSION = """
printf password | gnome-keyring-daemon --unlock --components=secrets > /dev/null || exit 1
echo "$DBUS_SESSION_BUS_ADDRESS"
exec cat
"""


@pytest.fixture(scope="session")
def secret_service() -> Iterator[dict[str, str]]:
    """The environment of a program that is to use it; all it keeps is in ``XDG_DATA_HOME``."""
    if sys.platform != "linux":
        pytest.skip("a Secret Service is for Linux")
    if not all(map(shutil.which, ("gnome-keyring-daemon", "dbus-run-session"))):
        install_or_skip(*PACKAGES)
    # Sockets have short names only.
    with tempfile.TemporaryDirectory(prefix="keyring-") as home:
        places = {
            name: str(Path(home, name.lower()))
            for name in ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME")
        }
        for place in places.values():
            Path(place).mkdir(mode=0o700)
        with subprocess.Popen(
            ["dbus-run-session", "--", "sh", "-c", _SESSION],
            env={**os.environ, **places},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as session:
            assert session.stdout is not None
            address = session.stdout.readline().strip()
            if not address:
                # Installed, and still it does not run: that is a failure, no reason to skip.
                _, said = session.communicate()
                pytest.fail(f"the Secret Service does not start:\n{said}")
            yield {
                **places,
                "DBUS_SESSION_BUS_ADDRESS": address,
                "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
            }
            session.communicate("", timeout=30)
