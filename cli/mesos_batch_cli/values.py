"""Values of settings: from flags, else from the environment, else the default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar, cast

from mesos_batch.config.setting import Setting
from mesos_batch.errors import UsageError
from mesos_batch_cli.seedflags import read_flags_and_words

T = TypeVar("T")


class Origin(Enum):
    """Where a value comes from."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    DEFAULT = "default"


class Values:
    """One value for each setting of a command; ``values[MASTER]`` has the type of MASTER.

    ``words`` are those that are no flags, where the command takes any.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        settings: Iterable[Setting[Any]],
        *,
        takes_words: int = 0,
    ) -> None:
        """Read all of them.

        Raises:
            UsageError: a flag or a variable is wrong.
        """
        settings = tuple(settings)
        flags, self.words = read_flags_and_words(arguments, settings, takes_words)
        self._values: dict[str, tuple[object, Origin]] = {}
        for setting in settings:
            self._values[setting.name] = _value(setting, flags, environment)

    @property
    def word(self) -> str | None:
        """The one word that was given, where there was one."""
        return self.words[0] if self.words else None

    def __getitem__(self, setting: Setting[T]) -> T:
        return cast("T", self._values[setting.name][0])

    def origin(self, setting: Setting[Any]) -> Origin:
        """Where the value of a setting comes from."""
        return self._values[setting.name][1]

    def from_flag(self, setting: Setting[T]) -> T | None:
        """The value when a flag gave it."""
        return self[setting] if self.origin(setting) is Origin.FLAG else None

    def from_environment(self, setting: Setting[T]) -> T | None:
        """The value when the environment gave it."""
        return self[setting] if self.origin(setting) is Origin.ENVIRONMENT else None


def _value(
    setting: Setting[Any], flags: Mapping[str, str], environment: Mapping[str, str]
) -> tuple[object, Origin]:
    if setting.name in flags:
        return _read(setting, flags[setting.name], f"--{setting.name}"), Origin.FLAG
    # An empty variable is one that is not set.
    if setting.env is not None and environment.get(setting.env):
        return _read(setting, environment[setting.env], setting.env), Origin.ENVIRONMENT
    return setting.default, Origin.DEFAULT


def _read(setting: Setting[Any], text: str, source: str) -> object:
    try:
        return setting.read(text)
    except ValueError as error:
        raise UsageError(f"{source}: {error}") from error
