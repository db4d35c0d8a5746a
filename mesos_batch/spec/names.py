"""The rules for ids and role names (``src/common/validation.cpp``, ``src/common/roles.cpp``)."""

from __future__ import annotations

import re

MAX_ID_BYTES = 255
_NOT_IN_IDS = re.compile(r"[\x00-\x1f\x7f/\\]")
_NOT_IN_ROLES = re.compile(r"[\t\n\v\f\r \x7f]")


def id_fault(text: str) -> str | None:
    """What is wrong with the id of a task, executor, agent or volume; ``None`` if nothing is."""
    if not text:
        return "an id must not be empty"
    if len(text) > MAX_ID_BYTES // 4 and len(text.encode()) > MAX_ID_BYTES:
        return f"an id has at most {MAX_ID_BYTES} bytes, this one {len(text.encode())}"
    if text in (".", ".."):
        return f"'{text}' cannot be an id"
    bad = _NOT_IN_IDS.search(text)
    if bad is not None:
        return f"{bad.group()!r} is not allowed in an id"
    return None


def role_fault(role: str) -> str | None:
    """What is wrong with the name of a role; ``None`` if nothing is."""
    if role == "*":
        return None
    if not role:
        return "a role must not be empty"
    if role.startswith("/") or role.endswith("/") or "//" in role:
        return f"role '{role}' starts or ends with a slash or has two in a row"
    for part in role.split("/"):
        if part in (".", "..", "*"):
            return f"role '{role}' has '{part}' as a component"
        if part.startswith("-"):
            return f"role '{role}' has a component that starts with a dash"
    if _NOT_IN_ROLES.search(role):
        return f"role {role!r} contains white space or a control character"
    return None


def is_strict_subrole(role: str, ancestor: str) -> bool:
    """Whether ``role`` lies below ``ancestor``: ``a/b`` below ``a``."""
    return role.startswith(ancestor + "/")
