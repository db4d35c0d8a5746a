"""What is wrong with one text, number or word in JSON, and what was meant by it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_MAX_NUMBER = 1000  # digits; Python refuses to convert some thousands
_SHOWN = 40
_BAD_IN_STRING = re.compile(r'[\x00-\x1f]|\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')
_LITERALS = ("true", "false", "null")
_PYTHON = {"True": "true", "False": "false", "None": "null"}
_NOT_FINITE = ("NaN", "nan", "Infinity", "-Infinity", "+Infinity", "inf", "-inf", "+inf")
_LOOKS_LIKE_NUMBER = re.compile(r"[-+.]?[0-9]")


@dataclass(frozen=True, slots=True)
class Flaw:
    """A mistake ``offset`` characters into a token; ``meant`` is valid JSON."""

    message: str
    hint: str | None
    meant: str
    offset: int = 0
    value_lost: bool = False


def flaw(kind: str, token: str) -> Flaw | None:
    """What is wrong with a token of kind ``string``, ``single``, ``number`` or another."""
    if kind == "string":
        return _in_string(token)
    if kind == "single":
        message = "text must stand in double quotes, not in single ones"
        return Flaw(message, None, json.dumps(token[1:-1]))
    if (kind == "number" and len(token) <= _MAX_NUMBER) or token in _LITERALS:
        return None
    return _in_word(token)


def _in_string(token: str) -> Flaw | None:
    bad = _BAD_IN_STRING.search(token)
    if bad is None:
        return None
    meant = _BAD_IN_STRING.sub(_escape, token)
    if bad.group() == "\\":
        message = f"{token[bad.start() : bad.start() + 2]} is no JSON escape"
        return Flaw(message, "a backslash is written \\\\", meant, bad.start())
    message = "a control character must not stand in a text"
    return Flaw(message, f"write {_escape(bad)}", meant, bad.start())


def _in_word(token: str) -> Flaw:
    shown = token if len(token) <= _SHOWN else token[:_SHOWN] + "..."
    if token in _PYTHON:
        return Flaw(f"{token} is not JSON", f"write {_PYTHON[token]}", _PYTHON[token])
    if token in _NOT_FINITE:
        hint = 'only limits may be infinite, written "Infinity"'
        return Flaw(f"{token} is no JSON number", hint, "null", value_lost=True)
    if _LOOKS_LIKE_NUMBER.match(token):
        hint = "decimal digits with an optional fraction, such as 0.5 or 1024"
        return Flaw(f"{shown} is no JSON number", hint, "null", value_lost=True)
    return Flaw(f"the text {shown} must stand in double quotes", None, json.dumps(token))


def _escape(match: re.Match[str]) -> str:
    bad = match.group()
    return "\\\\" if bad == "\\" else json.dumps(bad)[1:-1]
