"""What may stand where the cursor is in a command line that is being typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mesos_batch.config.setting import Setting
from mesos_batch_cli.command_table import COMMANDS, Command, family, find, named

FILES_OF_FLAGS = ("task_list", "persistent_volume_resource")
_FILES = ("LIST", "FILE")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that may stand there, and what it means.

    One that is not ``whole`` is followed by more without a space, such as ``--master=``.
    """

    text: str
    about: str = ""
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Candidates:
    """The words that may stand there. Where a file may, ``files_after`` is what comes before it."""

    found: tuple[Candidate, ...] = ()
    files_after: str | None = None


# By the word of a usage, such as RUN: what can be named there, from the words before it.
Sources = Mapping[str, Callable[[Sequence[str]], Iterable[Candidate]]]


def candidates(words: Sequence[str], sources: Sources) -> Candidates:
    """What may stand at the end of ``words``, the last of which is begun, perhaps empty.

    ``words`` are those after the program. ``sources`` know what exists on this machine.
    """
    *before, begun = words
    found = find(before)
    if found is None and before and not before[0].startswith("-"):
        return _matching(_second_words(before), begun)
    command, rest = found if found is not None else (named("run"), before)
    if begun.startswith("-"):
        return _flags(command.module().SETTINGS, rest, begun, sources)
    if found is None and not before:
        return _matching(_first_words(), begun)
    return _words_of(command, rest, begun, sources)


def _first_words() -> Iterable[Candidate]:
    for command in COMMANDS:
        first, _, second = command.name.partition(" ")
        if not second:
            yield Candidate(first, command.summary)
        elif family(first)[0] is command:
            following = ", ".join(item.name.partition(" ")[2] for item in family(first))
            yield Candidate(first, following)


def _second_words(before: Sequence[str]) -> Iterable[Candidate]:
    if len(before) == 1:
        for command in family(before[0]):
            yield Candidate(command.name.partition(" ")[2], command.summary)


def _flags(
    settings: Iterable[Setting[Any]], rest: Sequence[str], begun: str, sources: Sources
) -> Candidates:
    name, equals, value = begun.partition("=")
    by_flag = {f"--{setting.name}": setting for setting in settings}
    if equals:
        setting = by_flag.get(name.replace("-", "_").replace("__", "--", 1))
        if setting is not None and setting.name.upper() in sources:
            known = sources[setting.name.upper()](())
            return _matching([Candidate(f"{name}={it.text}", it.about) for it in known], begun)
        return _values(setting, name, value)
    given = {word.partition("=")[0].removeprefix("--no-").removeprefix("--") for word in rest}
    offered: list[Candidate] = []
    for flag, setting in by_flag.items():
        if setting.name in given and setting.joined_by is None:
            continue
        if not setting.is_boolean:
            offered.append(Candidate(f"{flag}=", setting.help, whole=False))
        elif setting.default:
            offered.append(Candidate(f"--no-{setting.name}", setting.help))
        else:
            offered.append(Candidate(flag, setting.help))
    return _matching(offered, begun)


def _values(setting: Setting[Any] | None, flag: str, value: str) -> Candidates:
    if setting is None:
        return Candidates()
    if setting.kind.name == "path" or setting.name in FILES_OF_FLAGS:
        return Candidates(files_after=f"{flag}=")
    choices = ("true", "false") if setting.is_boolean else setting.kind.choices
    if setting.name == "master":
        choices = ("local",)
    # The last one of a set is being typed.
    kept, comma, begun = value.rpartition(",") if setting.kind.name == "set" else ("", "", value)
    offered = [Candidate(f"{flag}={kept}{comma}{choice}") for choice in choices]
    return _matching(offered, f"{flag}={kept}{comma}{begun}")


def _words_of(command: Command, rest: Sequence[str], begun: str, sources: Sources) -> Candidates:
    """What may stand where a word of the usage of a command does."""
    given = [word for word in rest if not word.startswith("-")]
    usages = command.words.split()
    if not usages:
        return Candidates()
    usage = usages[min(len(given), len(usages) - 1)]
    if len(given) >= len(usages) and not usage.rstrip("]").endswith("..."):
        return Candidates()
    name = usage.strip("[].")
    if name in _FILES:
        return Candidates(files_after="")
    if name in sources:
        return _matching(sources[name](given), begun)
    words = name.split("|") if re.fullmatch(r"[a-z|]+", name) else []
    return _matching([Candidate(word) for word in words], begun)


def _matching(offered: Iterable[Candidate], begun: str) -> Candidates:
    return Candidates(tuple(item for item in offered if item.text.startswith(begun)))
