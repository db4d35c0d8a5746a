"""Patterns of constraints: regular expressions that Python and Mesos both understand.

Mesos compares with RE2 (``src/master/allocator/mesos/offer_constraints_filter.cpp``). What RE2
has not, as tried on Mesos 1.12, is refused here, so that patterns can be given to a master.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_TOKEN = re.compile(
    r"""
      (?P<escape> \\. )
    | (?P<set> \[ \^? \]? (?: \\. | [^\]\\] )* \] )
    | (?P<group> \( \? .{0,2} )
    | (?P<possessive> (?: [+*?] | \{ [0-9]+ (?: , [0-9]* )? \} ) \+ )
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_LETTERS = frozenset("AbBdDsSwWafnrtvx")
_LETTERS_IN_SET = _LETTERS - frozenset("AbB")
_GROUP = re.compile(r"\(\?(?::|P<|[ims]|-[ims])")
_LOOKS = {"(?=": "look-ahead", "(?!": "look-ahead", "(?<": "look-behind"}
# Python means to give these a meaning and warns of them; [: begins a class of RE2.
_IN_SET = re.compile(r"\[|--|&&|~~|\|\|")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    r"""The pattern, for ``fullmatch``; classes such as ``\d`` are those of ASCII, as in RE2."""
    return re.compile(pattern, re.ASCII)


def check_pattern(pattern: str) -> None:
    """See that a pattern is one for Python and for Mesos.

    Raises:
        ValueError: it is not; the message is a sentence for the user.
    """
    for fault in _faults(pattern):
        raise ValueError(f"the pattern '{pattern}' cannot be used: {fault}")
    try:
        compiled(pattern)
    except (re.error, OverflowError) as error:
        raise ValueError(f"'{pattern}' is no regular expression: {error}") from None


def _faults(pattern: str) -> Iterator[str]:
    """What of a pattern RE2 has not, in order."""
    for match in _TOKEN.finditer(pattern):
        token = match.group()
        if match.lastgroup == "escape":
            yield from _escape_faults(token, _LETTERS)
        elif match.lastgroup == "set":
            yield from _set_faults(token)
        elif match.lastgroup == "group" and not _GROUP.match(token):
            yield _group_fault(token)
        elif match.lastgroup == "possessive":
            yield f"Mesos has no '{token}'"


def _escape_faults(escape: str, letters: frozenset[str]) -> Iterator[str]:
    escaped = escape[1]
    if escaped.isdecimal():
        yield f"Mesos has no back-references such as '{escape}'"
    elif not escaped.isascii() or (escaped.isalpha() and escaped not in letters):
        yield f"Mesos knows no '{escape}' there"


def _set_faults(members: str) -> Iterator[str]:
    inner = members[1:-1]
    for escape in re.findall(r"\\.", inner, re.DOTALL):
        yield from _escape_faults(escape, _LETTERS_IN_SET)
    special = _IN_SET.search(re.sub(r"\\.", " ", inner, flags=re.DOTALL))
    if special is not None:
        mark = special.group()[0]
        yield f"write \\{mark} for '{mark}' within [...]"


def _group_fault(opening: str) -> str:
    if opening == "(?P=":
        return "Mesos has no back-references such as '(?P=name)'"
    look = _LOOKS.get(opening[:3])
    if look is not None:
        return f"Mesos has no {look}; several constraints can be given, and unlike excludes"
    return f"Mesos knows no '{opening[:3]}'"
