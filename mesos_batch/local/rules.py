"""The rules of names, for master and agents alike, and how a breach of a rule is told.

Source: ``src/common/validation.cpp`` and ``roles.cpp``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

MAX_ID_BYTES = 255
_ROLE_FORBIDDEN = frozenset("\t\n\v\f\r \x7f")


class ValidationError(ValueError):
    """Something is not valid; the text is what Mesos says."""


@contextmanager
def told(prefix: str) -> Iterator[None]:
    """Put a prefix before the text of a validation error inside."""
    try:
        yield
    except ValidationError as error:
        raise ValidationError(f"{prefix}{error}") from None


def set_text(items: Iterable[str]) -> str:
    """Print a set as stout does."""
    inside = ", ".join(sorted(items))
    return f"{{ {inside} }}" if inside else "{}"


def validate_id(value: str) -> None:
    """Check the rule all ids obey: they become names of directories.

    Raises:
        ValidationError: the id breaks it.
    """
    if not value:
        raise ValidationError("ID must not be empty")
    if len(value.encode()) > MAX_ID_BYTES:
        raise ValidationError(f"ID must not be greater than {MAX_ID_BYTES} characters")
    if value in (".", ".."):
        raise ValidationError(f"'{value}' is disallowed")
    if any(char < " " or char in "\x7f/\\" for char in value):
        raise ValidationError(f"'{value}' contains invalid characters")


def validate_role(role: str) -> None:
    """Check the name of a role.

    Raises:
        ValidationError: it cannot be one.
    """
    if role == "*":
        return
    if role.startswith("/"):
        raise ValidationError(f"Role '{role}' cannot start with a slash")
    if role.endswith("/"):
        raise ValidationError(f"Role '{role}' cannot end with a slash")
    if "//" in role:
        raise ValidationError(f"Role '{role}' cannot contain two adjacent slashes")
    if not role:
        raise ValidationError("Role names cannot be the empty string")
    for component in role.split("/"):
        _validate_role_component(role, component)


def _validate_role_component(role: str, component: str) -> None:
    if component in (".", "..", "*"):
        raise ValidationError(f"Role '{role}' cannot include '{component}' as a component")
    why = None
    if component.startswith("-"):
        why = "it starts with a dash"
    elif _ROLE_FORBIDDEN.intersection(component):
        why = "it contains backspace or whitespace"
    if why is not None:
        raise ValidationError(f"Role component '{component}' is invalid because {why}")


def is_subrole(role: str, ancestor: str) -> bool:
    """Whether ``role`` is strictly below ``ancestor``."""
    return role.startswith(f"{ancestor}/")
