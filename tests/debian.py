"""Debian packages that a test needs: installed where that may be done, else the test is skipped."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest


def install_or_skip(*packages: str) -> None:
    """Install packages by apt; skips the test, and says with which command, where that fails."""
    command = f"apt-get install --yes --no-install-recommends {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        pytest.skip(f"no apt-get here for '{command}'")
    if os.geteuid() != 0:
        pytest.skip(f"{' and '.join(packages)} not installed; as root: {command}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in ("apt-get update", command):
        done = subprocess.run(
            step.split(), env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            pytest.skip(f"'{step}' failed: {' '.join(said)}")
