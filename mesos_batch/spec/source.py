"""Where a task list comes from: the grammar of ``--task_list``.

As in stout, ``file://`` is followed by a path as it stands (no host, no percent-escapes), so
that ``file://list.json`` is a relative path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SCHEME = "file://"
_SLASH_DRIVE = re.compile(r"/[A-Za-z]:(?:[\\/]|$)")
# JSON starts with a bracket or a quote, protobuf text format with the only field there is; a job
# file with one of its own.
_CONTENT = re.compile(r"""\s*(?:[{\["]|tasks\s*[:{<\[]|(?:defaults|vars)\s*:\s)""")


@dataclass(frozen=True, slots=True)
class Inline:
    """The value is the task list itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Stdin:
    """The task list is read from standard input."""


@dataclass(frozen=True, slots=True)
class File:
    """The task list is in a file; a relative path counts from the working directory."""

    path: str


def classify(value: str) -> Inline | Stdin | File:
    r"""Tell what a value of ``--task_list`` means; nothing is read.

    ``-`` is standard input, ``file://`` and everything that does not look like a task list is a
    path (POSIX, ``C:\x``, UNC), the rest is inline text.
    """
    if value.strip() == "-":
        return Stdin()
    if value.startswith(_SCHEME):
        path = value.removeprefix(_SCHEME)
        return File(path[1:] if _SLASH_DRIVE.match(path) else path)
    if not value.strip() or _CONTENT.match(value):
        return Inline(value)
    return File(value)
