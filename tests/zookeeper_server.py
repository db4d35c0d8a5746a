"""A ZooKeeper of our own for the tests, from the Debian package, which apt installs if it may."""

from __future__ import annotations

import json
import logging
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest
from debian import install_or_skip
from kazoo.client import KazooClient

PACKAGE = "zookeeper"
_JAR = Path("/usr/share/java/zookeeper.jar")
_CLASSPATH = f"/etc/zookeeper/conf:{_JAR}"
_MAIN = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
_SECONDS_TO_START = 60


class ZooKeeperServer:
    """One server on loopback; what it was told survives :meth:`restart`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._paths = count(1)
        self.port = _free_port()
        self.address = f"127.0.0.1:{self.port}"

    def new_path(self) -> str:
        """A path no other test uses; it does not exist yet."""
        return f"/mesos-{next(self._paths)}"

    def start(self) -> None:
        settings = {
            "tickTime": 500,
            "dataDir": self._directory / "data",
            "clientPort": self.port,
            "clientPortAddress": "127.0.0.1",
            "admin.enableServer": "false",
            "4lw.commands.whitelist": "srvr",
        }
        configuration = self._directory / "zoo.cfg"
        configuration.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        options = ("-Xmx128m", "-XX:TieredStopAtLevel=1", "-Dzookeeper.root.logger=INFO,CONSOLE")
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["java", "-cp", _CLASSPATH, *options, _MAIN, str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Kill it: connections break at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    @property
    def running(self) -> bool:
        return self._process is not None

    @contextmanager
    def client(self, login: str | None = None) -> Iterator[KazooClient]:
        """A session of its own; the nodes it makes go when it ends."""
        logger = logging.getLogger("tests.zookeeper")
        logger.disabled = True
        auth = [("digest", login)] if login is not None else None
        retry = {"max_tries": -1, "delay": 0.05, "max_delay": 0.2}
        client = KazooClient(self.address, auth_data=auth, logger=logger, connection_retry=retry)
        client.start()
        try:
            yield client
        finally:
            client.stop()
            client.close()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _SECONDS_TO_START
        while not self._answers():
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                last = (self._directory / "log").read_text(errors="replace").splitlines()[-5:]
                # Installed, and still it does not run: that is a failure, no reason to skip.
                pytest.fail("ZooKeeper does not start:\n" + "\n".join(last))
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(b"srvr")
                # It listens before it serves, and says so.
                return connection.recv(17) == b"Zookeeper version"
        except OSError:
            return False


def register_master(
    client: KazooClient, path: str, address: str, master_id: str, hostname: str | None = None
) -> str:
    """Write what a master writes when it starts (recording ``leader_failover``); give the node."""
    host, _, port = address.rpartition(":")
    info = {
        "address": {"hostname": hostname or host, "ip": host, "port": int(port)},
        "capabilities": [{"type": "AGENT_UPDATE"}],
        "hostname": hostname or host,
        "id": master_id,
        "ip": 16777343,
        "pid": f"master@{address}",
        "port": int(port),
        "version": "1.12.0",
    }
    node: str = client.create(
        f"{path}/json.info_",
        json.dumps(info).encode(),
        ephemeral=True,
        sequence=True,
        makepath=True,
    )
    return node


@pytest.fixture(scope="session")
def zookeeper_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperServer]:
    _install()
    server = ZooKeeperServer(tmp_path_factory.mktemp("zookeeper"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def zookeeper(zookeeper_server: ZooKeeperServer) -> ZooKeeperServer:
    """A server that runs, whatever the test before did to it."""
    if not zookeeper_server.running:
        zookeeper_server.start()
    return zookeeper_server


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _install() -> None:
    if sys.platform != "linux":
        pytest.skip("a ZooKeeper of our own needs Debian")
    if shutil.which("java") is not None and _JAR.exists():
        return
    install_or_skip(PACKAGE)
