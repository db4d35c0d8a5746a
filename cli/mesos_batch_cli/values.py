"""Values of settings: from flags, the environment, configuration files, or the default."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, cast

from mesos_batch.config.config_file import ConfigFile, Entries, Entry, check_entry, read_entry
from mesos_batch.config.connection_settings import PROFILE
from mesos_batch.config.layers import Found, find_files, in_order
from mesos_batch.config.setting import Setting
from mesos_batch.errors import UsageError
from mesos_batch_cli.seedflags import read_flags_and_words

T = TypeVar("T")


class Origin(Enum):
    """Where a value comes from."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Value:
    """A value, and where it comes from; ``entry`` is that of a file."""

    value: object
    origin: Origin
    text: str = ""
    entry: Entry | None = None


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
        find: Callable[[Mapping[str, str]], Found] = find_files,
    ) -> None:
        """Read all of them.

        Raises:
            UsageError: a flag, a variable or a configuration file is wrong.
        """
        settings = tuple(settings)
        flags, self.words = read_flags_and_words(arguments, settings, takes_words)
        found = find(environment) if any(setting.key for setting in settings) else Found()
        _tell(found.warnings)
        _check(found.files, settings)
        sources = list(_sources(flags, environment, found.files))
        self._values = {setting.name: _first(setting, sources) for setting in settings}

    @property
    def word(self) -> str | None:
        """The one word that was given, where there was one."""
        return self.words[0] if self.words else None

    def __getitem__(self, setting: Setting[T]) -> T:
        return cast("T", self._values[setting.name].value)

    def origin(self, setting: Setting[Any]) -> Origin:
        """Where the value of a setting comes from."""
        return self._values[setting.name].origin

    def place(self, setting: Setting[Any]) -> str:
        """Where exactly: ``--role``, ``MESOS_BATCH_ROLE``, ``FILE:LINE`` or ``default``."""
        value = self._values[setting.name]
        if value.entry is not None:
            return value.entry.place
        names = {Origin.FLAG: f"--{setting.name}", Origin.ENVIRONMENT: str(setting.env)}
        return names.get(value.origin, Origin.DEFAULT.value)

    def entry(self, setting: Setting[Any]) -> Entry | None:
        """What a configuration file says of the setting, where that is what counts."""
        return self._values[setting.name].entry

    def text(self, setting: Setting[Any]) -> str:
        """What flag or variable said, as it was written."""
        return self._values[setting.name].text

    def from_flag(self, setting: Setting[T]) -> T | None:
        """The value when a flag gave it."""
        return self._from(setting, Origin.FLAG)

    def from_environment(self, setting: Setting[T]) -> T | None:
        """The value when the environment gave it."""
        return self._from(setting, Origin.ENVIRONMENT)

    def from_file(self, setting: Setting[T]) -> T | None:
        """The value when a configuration file gave it."""
        return self._from(setting, Origin.FILE)

    def _from(self, setting: Setting[T], origin: Origin) -> T | None:
        return self[setting] if self.origin(setting) is origin else None


# Gives the value of a setting that the source has something to say about.
_Source = Callable[[Setting[Any]], Value | None]


def _sources(
    flags: Mapping[str, str], environment: Mapping[str, str], files: Sequence[ConfigFile]
) -> Iterator[_Source]:
    """What is asked for each setting, the first first."""
    by_flag = flags.get(PROFILE.name)
    named = by_flag or environment.get(PROFILE.env or "")
    layers = [_layer(entries) for entries in in_order(files, named)]
    yield _flag_layer(flags)
    if by_flag:
        yield layers.pop(0)
    yield _environment_layer(environment)
    yield from layers


def _flag_layer(flags: Mapping[str, str]) -> _Source:
    def source(setting: Setting[Any]) -> Value | None:
        text = flags.get(setting.name)
        if text is None:
            return None
        return Value(_read(setting, text, f"--{setting.name}"), Origin.FLAG, text)

    return source


def _environment_layer(environment: Mapping[str, str]) -> _Source:
    def source(setting: Setting[Any]) -> Value | None:
        # An empty variable is one that is not set.
        text = environment.get(setting.env) if setting.env is not None else None
        if not text:
            return None
        return Value(_read(setting, text, str(setting.env)), Origin.ENVIRONMENT, text)

    return source


def _layer(entries: Entries) -> _Source:
    def source(setting: Setting[Any]) -> Value | None:
        entry = entries.get(setting.key) if setting.key is not None else None
        return None if entry is None else Value(read_entry(entry, setting), Origin.FILE, "", entry)

    return source


def _first(setting: Setting[Any], sources: Iterable[_Source]) -> Value:
    found = (source(setting) for source in sources)
    return next(filter(None, found), Value(setting.default, Origin.DEFAULT))


def _read(setting: Setting[Any], text: str, source: str) -> object:
    try:
        return setting.read(text)
    except ValueError as error:
        raise UsageError(f"{source}: {error}") from error


def _tell(warnings: Iterable[str]) -> None:
    from mesos_batch_cli.output.streams import say_warning

    for warning in warnings:
        say_warning(warning)


def _check(files: Iterable[ConfigFile], settings: Iterable[Setting[Any]]) -> None:
    """Refuse files that say what no command knows, whichever command this is."""
    known: Mapping[str, Setting[Any]] = {it.key: it for it in settings if it.key is not None}
    for entry in (entry for file in files for entry in file.all_entries()):
        if entry.key not in known:
            known = settings_by_key()
        check_entry(entry, known)


def settings_by_key() -> dict[str, Setting[Any]]:
    """Every setting a configuration file may have, of whichever command."""
    from mesos_batch_cli.command_table import COMMANDS

    every = [setting for command in COMMANDS for setting in command.module().SETTINGS]
    # A command may know more of a setting than others; what a run knows of it counts.
    return {setting.key: setting for setting in reversed(every) if setting.key is not None}
