"""Every mistake in the syntax of a JSON text, and the text as it was meant.

``json`` stops at the first mistake. This scanner goes on: it notes the mistake, repairs the text
and lets the values be judged too. It runs only when ``json`` did not like the text, or when a
field is given twice, which ``json`` does not mind.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import Enum, auto

from mesos_batch.spec import json_scalars
from mesos_batch.spec.json_repair import Fault, Scan
from mesos_batch.spec.json_strict import STRICT
from mesos_batch.spec.problems import Path

MAX_DEPTH = 200  # Mesos reads no deeper
_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
  | (?P<string>"(?:[^"\\\r\n]|\\[^\r\n])*")
  | (?P<mark>[{}\[\]:,])
  | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.+-]))
  | (?P<comment>//[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z))
  | (?P<single>'(?:[^'\\\r\n]|\\[^\r\n])*')
  | (?P<unclosed>["'][^\r\n]*)
  | (?P<word>[^\s{}\[\]:,"']+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTES = 'is a quote missing before it? one inside a text is written \\"'
_TASK_LIST_FRAMES = 2  # the object and the array of tasks in it
_CLOSER = {"{": "}", "[": "]"}
_OPENER = {"}": "{", "]": "["}


class _Expect(Enum):
    """What may come next in an object or array."""

    FIRST_KEY = auto()
    KEY = auto()
    COLON = auto()
    VALUE = auto()
    FIRST_ITEM = auto()
    ITEM = auto()
    COMMA = auto()


_KEYS = (_Expect.FIRST_KEY, _Expect.KEY)
_VALUES = (_Expect.VALUE, _Expect.FIRST_ITEM, _Expect.ITEM)


@dataclass(slots=True)
class _Frame:
    """An object or array that is not closed yet."""

    opener: str
    offset: int
    expect: _Expect
    keys: dict[str, int] = field(default_factory=dict)
    label: str | int | None = None
    comma: int = 0


def scan(text: str) -> Scan:
    """Find all mistakes in the syntax of ``text`` and repair it."""
    return _Scanner(text).run()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._next_token = 0
        self._result = Scan()
        self._edits: list[tuple[int, int, str]] = []
        self._stack: list[_Frame] = []
        self._done = False
        self._stopped = False
        self._unbalanced = False

    def run(self) -> Scan:
        while self._next_token < len(self._text) and not self._stopped:
            token = _TOKEN.match(self._text, self._next_token)
            assert token is not None, "the last alternative matches anything"
            self._next_token = token.end()
            kind = token.lastgroup or ""
            if kind == "mark":
                self._mark(token.group(), token.start())
            elif kind == "comment":
                self._comment(token.start(), token.end())
            elif kind != "space":
                self._scalar(kind, token.group(), token.start())
        if not self._stopped:
            self._end(len(self._text))
        self._result.repair(self._text, self._edits)
        self._result.faults.sort(key=lambda fault: fault.offset)
        return self._result

    # Notes

    def _path(self, frames: int | None = None) -> Path:
        """The field being read, or what the outer ``frames`` say of it."""
        labels = (frame.label for frame in self._stack[:frames])
        return tuple(label for label in labels if label is not None)

    def _fault(
        self,
        offset: int,
        message: str,
        hint: str | None = None,
        *,
        value_lost: bool = False,
    ) -> None:
        """Note a mistake in the name or value of the field being read."""
        fault = Fault(offset, self._path(), message, hint, value_lost=value_lost)
        self._result.faults.append(fault)

    def _fault_around(
        self, offset: int, message: str, hint: str | None = None, *, other: int | None = None
    ) -> None:
        """Note a mistake between the fields of the innermost object or array."""
        path = self._path(len(self._stack) - 1) if self._stack else ()
        self._result.faults.append(Fault(offset, path, message, hint, other))

    def _brackets(
        self, offset: int, message: str, hint: str | None = None, *, other: int | None = None
    ) -> None:
        """Note the first bracket out of place; the next ones follow from it."""
        if not self._unbalanced:
            self._fault_around(offset, message, hint, other=other)
        self._unbalanced = True

    def _edit(self, begin: int, end: int, new: str) -> None:
        self._edits.append((begin, end, new))

    def _stop(self, offset: int, frames: int | None = None) -> None:
        """Drop the rest of the text and close what is open; the field being read is in doubt."""
        self._result.cut_at = self._path(frames)
        closers = "".join(self._closing(frame) for frame in reversed(self._stack))
        self._edit(offset, len(self._text), closers)
        self._stopped = True

    def _closing(self, frame: _Frame) -> str:
        """What completes a frame, its closer included."""
        if frame.expect in (_Expect.KEY, _Expect.ITEM):
            self._edit(frame.comma, frame.comma + 1, "")
        filler = {_Expect.COLON: ":null", _Expect.VALUE: "null"}.get(frame.expect, "")
        return filler + _CLOSER[frame.opener]

    # Tokens

    def _comment(self, begin: int, end: int) -> None:
        self._fault_around(begin, "JSON has no comments", "remove it")
        self._edit(begin, end, "")

    def _mark(self, mark: str, offset: int) -> None:
        if self._done or not (self._stack or mark in _CLOSER):
            self._outside(offset)
        elif mark in _CLOSER:
            self._open(mark, offset)
        elif mark in _OPENER:
            self._close(mark, offset)
        elif mark == ",":
            self._comma(offset)
        elif self._stack[-1].expect is _Expect.COLON:
            self._stack[-1].expect = _Expect.VALUE
        else:
            self._fault_around(offset, "':' stands where none can be")
            self._stop(offset)

    def _outside(self, offset: int) -> None:
        if self._done:
            self._brackets(offset, "there is more text after the end of the JSON value")
        else:
            self._fault(offset, "a JSON value cannot begin like this")
        self._stop(offset)

    def _open(self, mark: str, offset: int) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._fault(offset, f"nested deeper than {MAX_DEPTH} levels, which Mesos cannot read")
            self._stop(offset)
            return
        if self._stack and not self._ready_for_value(mark, offset):
            return
        if self._stack:
            # The outer frame has its value from here on, whatever becomes of the inner one.
            self._stack[-1].expect = _Expect.COMMA
        if self._skip(offset):
            self._done = not self._stack
            return
        first = _Expect.FIRST_KEY if mark == "{" else _Expect.FIRST_ITEM
        self._stack.append(_Frame(mark, offset, first, label=None if mark == "{" else 0))

    def _skip(self, offset: int) -> bool:
        """Pass a value without mistakes, so that only what is around one is read slowly."""
        try:
            _, self._next_token = STRICT.raw_decode(self._text, offset)
        except (ValueError, RecursionError):
            return False
        return True

    def _ready_for_value(self, mark: str, offset: int) -> bool:
        """Make way for a value where another thing was expected; ``False`` if that failed."""
        frame = self._stack[-1]
        if frame.expect in _VALUES:
            return True
        if frame.expect is _Expect.COLON:
            self._fault_around(offset, f"':' is missing after the field name '{frame.label}'")
            self._edit(offset, offset, ":")
            frame.expect = _Expect.VALUE
            return True
        if frame.opener == "[":
            self._missing_comma(frame, offset)
            return True
        if mark == "{" and len(self._stack) > 1 and self._stack[-2].opener == "[":
            return self._close_forgotten(frame, offset)
        self._fault_around(offset, f"a field name must stand here, not {mark}")
        self._stop(offset)
        return False

    def _close_forgotten(self, frame: _Frame, offset: int) -> bool:
        """Close an object in front of the next object of the array around it."""
        after_comma = frame.expect is _Expect.KEY
        place = frame.comma if after_comma else offset
        self._brackets(place, "'}' is missing", "it closes the bracket opened", other=frame.offset)
        self._edit(place, place, "}" if after_comma else "},")
        self._stack.pop()
        outer = self._stack[-1]
        assert isinstance(outer.label, int)
        outer.label += 1
        outer.expect = _Expect.ITEM
        return True

    def _missing_comma(self, frame: _Frame, offset: int) -> None:
        self._fault_around(offset, "a comma is missing in front of this")
        self._edit(offset, offset, ",")
        self._next(frame)

    def _next(self, frame: _Frame) -> None:
        """Go to the next field or item of a frame."""
        if isinstance(frame.label, int):
            frame.label += 1
            frame.expect = _Expect.ITEM
        else:
            frame.label = None
            frame.expect = _Expect.KEY

    def _comma(self, offset: int) -> None:
        frame = self._stack[-1]
        if frame.expect in (_Expect.COLON, _Expect.VALUE):
            self._no_value(frame, offset)
        if frame.expect is _Expect.COMMA:
            self._next(frame)
            frame.comma = offset
        else:
            self._fault_around(offset, "a comma too many", "remove it")
            self._edit(offset, offset + 1, "")

    def _no_value(self, frame: _Frame, offset: int) -> None:
        self._fault(offset, f"the field '{frame.label}' has no value", value_lost=True)
        self._edit(offset, offset, ":null" if frame.expect is _Expect.COLON else "null")
        frame.expect = _Expect.COMMA

    def _close(self, mark: str, offset: int) -> None:
        openers = [frame.opener for frame in self._stack]
        if _OPENER[mark] not in openers:
            self._brackets(offset, f"'{mark}' closes nothing", "remove it")
            self._edit(offset, offset + 1, "")
            return
        while self._stack[-1].opener != _OPENER[mark]:
            frame = self._stack[-1]
            self._brackets(
                offset,
                f"'{_CLOSER[frame.opener]}' is missing in front of this '{mark}'",
                "it closes the bracket opened",
                other=frame.offset,
            )
            self._edit(offset, offset, self._closing(frame))
            self._stack.pop()
        frame = self._stack[-1]
        if frame.expect in (_Expect.KEY, _Expect.ITEM):
            message = f"a comma must not stand in front of '{mark}'"
            self._fault_around(frame.comma, message, "remove it")
            self._edit(frame.comma, frame.comma + 1, "")
        elif frame.expect in (_Expect.COLON, _Expect.VALUE):
            self._no_value(frame, offset)
        self._stack.pop()
        self._done = not self._stack

    def _scalar(self, kind: str, token: str, offset: int) -> None:
        if self._done or not self._stack:
            self._outside(offset)
            return
        if kind == "unclosed":
            message = f"the text opened by {token[0]} is not closed in this line"
            self._fault_around(offset, message, "a line break in a text is written \\n")
            self._stop(offset)
            return
        frame = self._stack[-1]
        if kind == "word" and frame.expect in (_Expect.COLON, _Expect.COMMA):
            # Guessing on would not end well: "name: "x" lacks a quote, "say "hi"" a backslash.
            self._fault_around(offset, f"{token} stands where none can be", _QUOTES)
            self._stop(offset)
            return
        if frame.expect is _Expect.COMMA:
            self._missing_comma(frame, offset)
        if frame.expect in _KEYS:
            self._key(frame, kind, token, offset)
            return
        if frame.expect is _Expect.COLON:
            self._ready_for_value("", offset)
        self._value(kind, token, offset)
        frame.expect = _Expect.COMMA

    def _key(self, frame: _Frame, kind: str, token: str, offset: int) -> None:
        if kind == "string":
            key = str(json.loads(self._value(kind, token, offset)))
        else:
            key = token.strip("'")
            self._fault_around(offset, f"the field name {token} must stand in double quotes")
            self._edit(offset, offset + len(token), json.dumps(key))
        first = frame.keys.setdefault(key, offset)
        frame.label = key
        frame.expect = _Expect.COLON
        if first != offset:
            path, hint = self._path(), "remove one; first given"
            self._result.faults.append(Fault(offset, path, "the field is given twice", hint, first))

    def _value(self, kind: str, token: str, offset: int) -> str:
        """Note what is wrong with a scalar; the scalar as it was meant."""
        flaw = json_scalars.flaw(kind, token)
        if flaw is None:
            return token
        self._fault(offset + flaw.offset, flaw.message, flaw.hint, value_lost=flaw.value_lost)
        self._edit(offset, offset + len(token), flaw.meant)
        return flaw.meant

    def _end(self, offset: int) -> None:
        if not self._stack:
            return
        frame = self._stack[-1]
        count = len(self._stack)
        more = f"{count} brackets are open at the end" if count > 1 else None
        self._brackets(frame.offset, f"'{frame.opener}' is never closed", more)
        if frame.expect is not _Expect.COMMA:
            self._stop(offset)
        else:
            # What was read to its end is in no doubt: only the task it belongs to is, if any.
            self._stop(offset, count - 1 if count > _TASK_LIST_FRAMES else 0)
