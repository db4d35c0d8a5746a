"""A container engine of our own for the tests, and the two images the original's list names.

``dockerd`` runs without networks of its own in a mount namespace without cgroup2, which it
cannot use where both cgroup versions are mounted. Installed by apt when that is possible.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

IMAGES = ("alpine", "centos:centos7.3.1611")
PACKAGES = ("docker.io", "busybox-static")
_START = """
for mounted in $(awk '$3 == "cgroup2" && $2 != "/sys/fs/cgroup" {print $2}' /proc/mounts); do
  umount "$mounted"
done
exec dockerd --bridge=none --iptables=false --host="$1" --data-root="$2/data" \
  --exec-root="$2/exec" --pidfile="$2/pid"
"""
_SECONDS_TO_START = 60


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[str]:
    """The address of an engine that has the images (a value for ``DOCKER_HOST``)."""
    _install()
    # A socket path may have 107 characters, pytest's directories have more.
    directory = Path(tempfile.mkdtemp(prefix="engine-"))
    host = f"unix://{directory}/docker.sock"
    log = (directory / "log").open("wb")
    engine = subprocess.Popen(
        ["unshare", "-m", "sh", "-c", _START, "sh", host, str(directory)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        _wait_until_it_answers(engine, host, directory / "log")
        for image in IMAGES:
            docker(host, "import", "-", image, data=busybox_tree())
        yield host
    finally:
        engine.send_signal(signal.SIGTERM)
        try:
            engine.wait(30)
        except subprocess.TimeoutExpired:
            engine.kill()
            engine.wait()
        log.close()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def docker_host(docker_engine: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The engine, set in the environment."""
    monkeypatch.setenv("DOCKER_HOST", docker_engine)
    return docker_engine


def docker(host: str, *arguments: str, data: bytes | None = None) -> str:
    """Call the engine and give what it prints."""
    command = ["docker", "-H", host, *arguments]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def busybox_tree() -> bytes:
    """A root file system as a tar archive: busybox under all its names."""
    busybox = shutil.which("busybox")
    assert busybox is not None
    names = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for folder in ("bin", "etc", "proc", "sys", "dev", "tmp", "mnt"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        tar.add(Path(busybox).resolve(), "bin/busybox")
        for name in names.stdout.split():
            if name != "busybox":
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
    return archive.getvalue()


def _install() -> None:
    if sys.platform != "linux":
        pytest.skip("a container engine of our own needs Linux")
    if os.geteuid() != 0:
        pytest.skip("only root can start a container engine")
    if all(map(shutil.which, ("dockerd", "docker", "busybox", "unshare"))):
        return
    if shutil.which("apt-get") is None:
        pytest.skip(f"no apt-get here to install {' '.join(PACKAGES)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = PACKAGES
    if "docker-cli" in _available(("docker-cli",)):
        packages = (*packages, "docker-cli")  # a package of its own since Debian 13
    for arguments in (("update",), ("install", "-y", "--no-install-recommends", *packages)):
        done = subprocess.run(
            ["apt-get", *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            pytest.skip(f"apt-get {arguments[0]} failed: {' '.join(said)}")


def _available(names: tuple[str, ...]) -> str:
    command = ["apt-cache", "search", "--names-only", *(f"^{name}$" for name in names)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _wait_until_it_answers(engine: subprocess.Popen[bytes], host: str, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    ask = ["docker", "-H", host, "version"]
    while subprocess.run(ask, capture_output=True, check=False).returncode != 0:
        if engine.poll() is not None or time.monotonic() > deadline:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            # Installed, and still it does not run: that is a failure, not a reason to skip.
            pytest.fail(f"dockerd does not start:\n{last}")
        time.sleep(0.1)
