"""Where an attempt of a task keeps its files, and what one of them is like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

STDOUT, STDERR = "stdout", "stderr"
STREAMS = (STDOUT, STDERR)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The sandbox of one attempt; attempts count from 1.

    ``url`` browses it on the agent, ``path`` is the same on this machine when the cluster is
    local. With neither, nobody has told yet where it is.
    """

    task_id: str
    attempt: int
    agent_id: str | None = None
    hostname: str | None = None
    url: str | None = None
    path: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether anything is known of where it is."""
        return self.url is not None or self.path is not None


@dataclass(frozen=True, slots=True)
class SandboxFile:
    """A file as ``ls -l`` shows it. ``size`` is in bytes, ``mtime`` in seconds since the epoch."""

    name: str
    size: int
    mtime: float
    mode: str
    uid: str
    gid: str
    nlink: int = 1

    @property
    def is_directory(self) -> bool:
        """Whether it holds other files."""
        return self.mode.startswith("d")


def stderr_of(sandbox_path: str | None, sandbox_url: str | None) -> str | None:
    """The standard error of an attempt: a path on this machine, or a URL of its agent."""
    if sandbox_path is not None:
        return str(Path(sandbox_path, "stderr"))
    if sandbox_url is not None:
        # Browsing lists a directory, a file is downloaded (Mesos' files endpoints).
        return sandbox_url.replace("/files/browse?", "/files/download?") + "/stderr"
    return None
