"""Where the output of a task is."""

from __future__ import annotations

from pathlib import Path


def stderr_of(sandbox_path: str | None, sandbox_url: str | None) -> str | None:
    """Its standard error: a path on this machine, or a URL of its agent."""
    if sandbox_path is not None:
        return str(Path(sandbox_path, "stderr"))
    if sandbox_url is not None:
        # Browsing lists a directory, a file is downloaded (Mesos' files endpoints).
        return sandbox_url.replace("/files/browse?", "/files/download?") + "/stderr"
    return None
