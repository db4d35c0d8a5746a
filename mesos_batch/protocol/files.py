"""What the ``/files`` endpoints of an agent tell.

Source: facts of ``src/files/files.cpp``; recordings ``sandbox_and_state``, ``executor_pooling``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mesos_batch.model.sandbox import SandboxFile

BROWSE, READ, DOWNLOAD = "/files/browse", "/files/read", "/files/download"
STATE = "/state"
# An agent gives no more of a file at once: sixteen pages.
MAX_READ = 65536
_BROWSE_QUERY = f"{BROWSE}?path="


def place_of(sandbox_url: str) -> tuple[str, str]:
    """The address of the agent and the path of the sandbox there.

    The path is as it is, not encoded: what stands in a query is for whoever asks to encode.

    Raises:
        ValueError: this is not the URL of a sandbox.
    """
    base, found, path = sandbox_url.partition(_BROWSE_QUERY)
    if not found:
        raise ValueError(f"{sandbox_url} does not browse a sandbox")
    return base, path


def read_from(body: bytes) -> tuple[int, bytes]:
    r"""Read an answer to ``/files/read``: the offset or, where that was asked for, the size; data.

    Mesos puts the bytes of a file between the quotes as they are, whether they are text or not,
    and older versions write those above 0x7f as ``\u00XX``. Read as Latin-1 each of them is one
    character, and every file comes out as it went in.

    Raises:
        ValueError: this is not what an agent answers.
    """
    try:
        answer = _loaded(body)
        return int(answer["offset"]), answer["data"].encode("latin-1")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{READ} cannot be read: {error!r}") from None


def files_from(body: bytes) -> tuple[SandboxFile, ...]:
    """Read an answer to ``/files/browse``; a name that is no UTF-8 is as Python has such names.

    Raises:
        ValueError: this is not what an agent answers.
    """
    try:
        return tuple(_file(entry) for entry in _loaded(body))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{BROWSE} cannot be read: {error!r}") from None


def _loaded(body: bytes) -> Any:
    return json.loads(body.decode("latin-1"), strict=False)


def _file(entry: dict[str, Any]) -> SandboxFile:
    path = entry["path"].encode("latin-1").decode(errors="surrogateescape")
    name = path.rpartition("/")[2]
    if name in ("", ".", ".."):
        raise ValueError(f"'{path}' is no file")
    return SandboxFile(
        name=name,
        size=int(entry["size"]),
        mtime=float(entry["mtime"]),
        mode=str(entry["mode"]),
        uid=str(entry["uid"]),
        gid=str(entry["gid"]),
        nlink=int(entry["nlink"]),
    )


def sandbox_from_state(body: bytes, framework_id: str, attempt_id: re.Pattern[str]) -> str | None:
    """Find in an agent's ``/state`` where the task keeps its files whose id matches as a whole.

    Raises:
        ValueError: this is not what an agent answers.
    """
    try:
        state = json.loads(body)
        frameworks = [*state["frameworks"], *state["completed_frameworks"]]
        for framework in frameworks:
            if framework["id"] != framework_id:
                continue
            for executor in [*framework["executors"], *framework["completed_executors"]]:
                found = _place_in(executor, attempt_id)
                if found is not None:
                    return found
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{STATE} cannot be read: {error!r}") from None
    return None


def _place_in(executor: dict[str, Any], attempt_id: re.Pattern[str]) -> str | None:
    held = [*executor["queued_tasks"], *executor["tasks"], *executor["completed_tasks"]]
    for task in held:
        task_id = str(task.get("id") or task.get("task_id"))
        if attempt_id.fullmatch(task_id):
            directory = str(executor["directory"])
            # Mesos links each task of a default executor to its container there.
            return directory if executor["id"] == task_id else f"{directory}/tasks/{task_id}"
    return None
