"""What a setting is: a name, a kind of value, a default, and how it is written as text.

A setting is declared once (in ``settings.py`` and the files beside it); the command line, the
environment, configuration files, ``--help``, ``docs/flags.md`` and forms are all derived from the
declaration.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, Generic, TypeVar

from mesos_batch.config.file_url import file_of
from mesos_batch.config.secret import Secret
from mesos_batch.model.duration import format_duration, parse_duration
from mesos_batch.model.limit import Limit

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_PREFIX = "MESOS_BATCH_"


class Group(Enum):
    """Under which heading a setting stands in help, documentation and forms."""

    BATCH = "What to run"
    PLAN = "What to assume"
    CLUSTER = "Where to run it"
    AUTHENTICATION = "Who you are"
    FRAMEWORK = "How the framework registers"
    PLACEMENT = "Which agents, and how many tasks at once"
    LIMITS = "How long to wait"
    FAILURES = "When tasks fail"
    KEEPING = "Leaving a run and coming back"
    LOCAL = "Local cluster"
    LOGS = "What tasks write"
    VOLUMES = "Persistent volumes"
    SELECT = "Which ones"
    GENERATE = "What to generate"
    S3 = "The objects to list"
    OUTPUT = "Output"


@dataclass(frozen=True, slots=True)
class Kind(Generic[T_co]):
    """A kind of value.

    ``parse`` raises ValueError with a sentence for the user. ``choices`` are the values to
    offer in a form. ``reads_files`` says that ``file:///path`` stands for the content of that
    file, as in Mesos' own programs.
    """

    name: str
    placeholder: str
    parse: Callable[[str], T_co]
    show: Callable[[Any], str] = str
    choices: tuple[str, ...] = ()
    reads_files: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Generic[T]):
    """One declared setting.

    ``variable`` names the environment variable when it is not ``MESOS_BATCH_<NAME>``; a setting
    for one command line only (``--help``) has ``from_env=False``. ``shown_default`` replaces
    the default in help where words say more than the value. A flag may be given several times
    when there is something that its texts are ``joined_by``.
    """

    name: str
    kind: Kind[T]
    default: T
    help: str
    group: Group
    variable: str | None = None
    from_env: bool = True
    shown_default: str | None = None
    joined_by: str | None = None

    @property
    def env(self) -> str | None:
        """The environment variable that sets it, ``None`` when there is none."""
        if not self.from_env:
            return None
        return self.variable or f"{_PREFIX}{self.name.upper()}"

    @property
    def key(self) -> str | None:
        """Its name in configuration files: that of the variable without what all have in common.

        ``None`` for what is of one command line only, which is in no file either.
        """
        env = self.env
        return None if env is None else env.removeprefix(_PREFIX).removeprefix("MESOS_").lower()

    @property
    def is_boolean(self) -> bool:
        """Whether the flag is switched by ``--name`` and ``--no-name``."""
        return self.kind.name == "boolean"

    @property
    def usage(self) -> str:
        """The flag as help and documentation write it: ``--name=VALUE`` or ``--[no-]name``."""
        if self.is_boolean:
            return f"--[no-]{self.name}"
        return f"--{self.name}={self.kind.placeholder}"

    @property
    def default_text(self) -> str:
        """The default as help and documentation write it."""
        if self.shown_default is not None:
            return self.shown_default
        return "none" if self.default is None else self.kind.show(self.default)

    def read(self, text: str) -> T:
        """Turn text into a value.

        Raises:
            ValueError: the text is no such value; the message is a sentence for the user.
        """
        if self.kind.reads_files and text.startswith("file://"):
            text = _content(text)
        return self.kind.parse(text)


def _content(file_url: str) -> str:
    """The text of a file without the newline at its end.

    Raises:
        ValueError: the file cannot be read.
    """
    path = file_of(file_url)
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text") from error


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("it is empty; give a value or leave the flag out")
    return text


def _parse_boolean(text: str) -> bool:
    # stout reads "--flag=" as true.
    if text in ("true", "1", ""):
        return True
    if text in ("false", "0"):
        return False
    raise ValueError(f"'{text}' is neither true nor false")


def _show_lower(value: object) -> str:
    return str(value).lower()


def _parse_names(separator: str) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        names = tuple(name for name in text.split(separator) if name)
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"'{name}' is given twice")
        return names

    return parse


def _show_names(names: tuple[str, ...]) -> str:
    return ",".join(names) or "none"


def _parse_finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"'{text}' is not a finite number")
    return value


def _more_than_zero(parse: Callable[[str], float]) -> Callable[[str], float]:
    def checked(text: str) -> float:
        value = parse(text)
        if value <= 0:
            raise ValueError(f"'{text}' is not more than zero")
        return value

    return checked


STRING: Kind[str] = Kind("string", "VALUE", _not_empty, reads_files=True)
VERBATIM: Kind[str] = Kind("string", "VALUE", _not_empty)
SECRET_TEXT: Kind[Secret] = Kind("secret", "VALUE", lambda text: Secret(_not_empty(text)))
PATH: Kind[Path] = Kind("path", "PATH", lambda text: Path(_not_empty(text)))
BOOLEAN: Kind[bool] = Kind("boolean", "true|false", _parse_boolean, _show_lower)
DURATION: Kind[float] = Kind("duration", "DURATION", parse_duration, format_duration)
LIMIT: Kind[Limit] = Kind("limit", "N|P%", Limit.parse)
POSITIVE_DURATION = replace(DURATION, parse=_more_than_zero(parse_duration))
SET: Kind[tuple[str, ...]] = Kind("set", "A,B,...", _parse_names(","), _show_names)
ATTRIBUTE_LIST: Kind[tuple[str, ...]] = Kind(
    "set", "NAME:VALUE;...", _parse_names(";"), _show_names
)
AMOUNT: Kind[float] = Kind("number", "NUMBER", _more_than_zero(_parse_finite), "{:g}".format)


def choice(*values: str, also: dict[str, str] | None = None) -> Kind[str]:
    """One of some words; ``also`` maps other accepted spellings to them."""
    spellings = {value: value for value in values} | (also or {})

    def parse(text: str) -> str:
        if text not in spellings:
            raise ValueError(f"'{text}' is not one of {', '.join(spellings)}")
        return spellings[text]

    return Kind("choice", "|".join(values), parse, choices=values)


def integer(*, minimum: int, maximum: int | None = None) -> Kind[int]:
    """A whole number from ``minimum`` to ``maximum``."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.removeprefix("-").isdigit()):
            raise ValueError(f"'{text}' is not a whole number")
        if int(text) < minimum:
            raise ValueError(f"{text} is less than {minimum}")
        if maximum is not None and int(text) > maximum:
            raise ValueError(f"{text} is more than {maximum}")
        return int(text)

    return Kind("integer", "N", parse)
