"""The flag grammar of Mesos' own programs (stout), which the original mesos-batch had.

``--name=value``; ``--name`` and ``--no-name`` for booleans, also ``--name=true|false|1|0``; names
in any case; ``--`` ends the flags. Beyond it, ``-`` and ``_`` are the same in a name, ``-h`` and
``--h`` ask for help, some flags may be given several times, and words that are no flags, which
stout skips in silence, are errors but for the words that some commands take.
Source: ``3rdparty/stout/include/stout/flags/flags.hpp``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mesos_batch.config.setting import Setting
from mesos_batch.did_you_mean import meant_by
from mesos_batch.errors import UsageError

_SEE_HELP = "--help shows what is."
_TRUE = ("", "true", "1")


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether help is asked for, however wrong the other arguments are."""
    for word in map(str.strip, arguments):
        if word == "--":
            return False
        flag, _, value = word.partition("=")
        if flag.lower() in ("-h", "--h", "--help") and value in _TRUE:
            return True
    return False


def read_flags(arguments: Sequence[str], settings: Iterable[Setting[Any]]) -> dict[str, str]:
    """Turn arguments into texts by setting name.

    ``--name`` becomes ``true`` and ``--no-name`` ``false``; other texts are for the setting to
    judge.

    Raises:
        UsageError: an argument is no flag, an unknown one, or one that is given once only and
            was given before.
    """
    return read_flags_and_words(arguments, settings, 0)[0]


def read_flags_and_words(
    arguments: Sequence[str], settings: Iterable[Setting[Any]], most: int
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Turn arguments into texts by setting name, and the words before, among or after them.

    Raises:
        UsageError: as :func:`read_flags`, or there are more than ``most`` words.
    """
    known = {setting.name: setting for setting in settings}
    texts: dict[str, str] = {}
    spellings: dict[str, str] = {}
    found: list[str] = []
    words = [argument.strip() for argument in arguments]
    for position, word in enumerate(words):
        before = words[position - 1] if position else None
        after = words[position + 1] if position + 1 < len(words) else None
        if word == "--":
            if after is not None:
                raise UsageError(f"'{after}' is not expected; nothing may follow --")
            break
        if most and word and (word == "-" or not word.startswith("-")):
            if len(found) == most:
                raise UsageError(f"'{word}' is not expected after '{found[-1]}'", _SEE_HELP)
            found.append(word)
            continue
        if not word.startswith("--"):
            raise _no_flag(word, before, known)
        flag, equals, value = word.partition("=")
        setting, negated = _find(flag, known)
        if setting.name in texts and setting.joined_by is None:
            raise UsageError(f"{flag} is given twice, first as {spellings[setting.name]}")
        spellings[setting.name] = flag
        if not setting.is_boolean:
            text = _value_of(setting, flag, value if equals else None, after)
            earlier = [texts[setting.name]] if setting.name in texts else []
            texts[setting.name] = (setting.joined_by or "").join([*earlier, text])
        elif negated and value:
            raise UsageError(f"{flag} takes no value", f"Write --{setting.name}={value}.")
        else:
            texts[setting.name] = "false" if negated else value or "true"
    return texts, tuple(found)


def _find(flag: str, known: dict[str, Setting[Any]]) -> tuple[Setting[Any], bool]:
    """The setting a flag names, and whether it is switched off."""
    name = flag.removeprefix("--").lower().replace("-", "_")
    if name == "h" and "help" in known:
        name = "help"
    if name in known:
        return known[name], False
    positive = name.removeprefix("no_")
    setting = known.get(positive)
    if setting is None or positive == name:
        raise UsageError(f"there is no flag {flag}", _did_you_mean(positive, known))
    if not setting.is_boolean:
        raise UsageError(f"{flag} means nothing: --{positive} is not switched on and off")
    return setting, True


def _value_of(setting: Setting[Any], flag: str, value: str | None, after: str | None) -> str:
    if value is not None:
        return value
    if after is not None and (after == "-" or not after.startswith("-")):
        # A secret is not repeated on the screen.
        shown = "VALUE" if setting.kind.name == "secret" else _quoted(after)
        raise UsageError(f"{flag} needs its value after an equals sign", f"Write {flag}={shown}.")
    raise UsageError(f"{flag} needs a value", f"Write {setting.usage}.")


def _no_flag(word: str, before: str | None, known: dict[str, Setting[Any]]) -> UsageError:
    if word.startswith("-") and word != "-":
        name = word.lstrip("-").partition("=")[0].lower().replace("-", "_")
        return UsageError(f"there is no flag {word.partition('=')[0]}", _did_you_mean(name, known))
    if before is not None and before.startswith("--") and "=" not in before:
        return UsageError(f"'{word}' is not expected", f"Write {before}={_quoted(word)}.")
    if "task_list" in known:
        return UsageError(f"'{word}' is not expected", f"Write --task_list={_quoted(word)}.")
    return UsageError(f"'{word}' is not expected", _SEE_HELP)


def _did_you_mean(name: str, known: dict[str, Setting[Any]]) -> str:
    meant = meant_by(name, known)
    return f"Did you mean {known[meant].usage}?" if meant else "--help lists all flags."


def _quoted(word: str) -> str:
    from shlex import quote

    return quote(word)
