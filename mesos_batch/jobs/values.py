"""Kinds of values in job files: how each is written in the file, as a template, and in a schema."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mesos_batch.jobs.templates import check_template, is_template
from mesos_batch.model.constraint_text import parse_constraint
from mesos_batch.model.duration import UNITS, parse_duration
from mesos_batch.model.resource_text import parse_resources
from mesos_batch.spec.field_reader import kind_of, shown

_TEMPLATE = {"type": "string", "pattern": r"\{[{%]", "description": "a template"}
_MOST = 999_999_999  # what labels of ours can hold; that of retries holds one more


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value.

    ``read`` makes one of a value of the file, ``read_text`` of the text that a template gave; both
    raise ValueError with a sentence for the user. ``schema`` describes it in JSON Schema.
    """

    read: Callable[[object], Any]
    read_text: Callable[[str], Any]
    schema: Mapping[str, Any]

    def check(self, value: object) -> Any:
        """The value, or the template that will give one.

        Raises:
            ValueError: it is neither; the message is a sentence for the user.
        """
        if is_template(value):
            check_template(value)
            return value
        return self.read(value)


def _either(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(schema), _TEMPLATE]}


def said(value: object) -> str:
    """How a sentence calls a value that is wrong."""
    return f"the text {shown(value)}" if isinstance(value, str) else kind_of(value)


def expected(what: str, value: object) -> ValueError:
    """What to raise for a value of the wrong kind."""
    return ValueError(f"expected {what}, not {said(value)}")


def _scalar(text: str) -> object:
    """A number or boolean in the text of a template, else the text."""
    text = text.strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if value is None and text in ("True", "False"):
        return text == "True"  # as programs in Python write them
    return value if isinstance(value, bool | int | float) else text


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise expected("text", value)
    return value


def _amount(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise expected("a number", value)
    try:
        number = float(value)  # and no longer as it was written
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a finite number")
    return number


def _whole(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise expected("a whole number", value)
        if not least <= value <= most:
            raise ValueError(f"{value} is not between {least} and {most}")
        return int(value)  # and no longer as it was written

    return read


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise expected("true or false", value)
    return value


def _checked(parse: Callable[[str], object], example: str) -> Callable[[object], str]:
    """Text that something else can read, kept as text without space around it."""

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise expected(f"text such as {example}", value)
        parse(value.strip())
        return value.strip()

    return read


def _longer_than_nothing(text: str) -> None:
    if parse_duration(text) <= 0:
        raise ValueError(f"'{text}' is not more than zero; leave it out")


def _one_resource(text: str) -> None:
    count = len(parse_resources(text))
    if count != 1:
        raise ValueError(f"'{text}' is {count} resources; write a list of texts")


def _of_scalars(read: Callable[[object], Any], schema: Mapping[str, Any]) -> Kind:
    return Kind(read, lambda text: read(_scalar(text)), _either(schema))


def _of_text(parse: Callable[[str], object], example: str, pattern: str | None = None) -> Kind:
    read = _checked(parse, example)
    schema = {"type": "string", **({"pattern": pattern} if pattern else {})}
    return Kind(read, read, _either(schema) if pattern else schema)


_DURATION = rf"^([0-9]+(\.[0-9]*)?|\.[0-9]+)({'|'.join(UNITS)})$"

TEXT = Kind(_text, str, {"type": ["string", "number", "boolean"]})
AMOUNT = _of_scalars(_amount, {"type": "number"})
COUNT = _of_scalars(_whole(0, _MOST - 1), {"type": "integer", "minimum": 0, "maximum": _MOST - 1})
WHOLE = _of_scalars(_whole(-_MOST, _MOST), {"type": "integer", "minimum": -_MOST, "maximum": _MOST})
FLAG = _of_scalars(_flag, {"type": "boolean"})
DURATION = _of_text(parse_duration, "90secs", _DURATION)
RUNTIME = _of_text(_longer_than_nothing, "90secs", _DURATION)
CONSTRAINT = _of_text(parse_constraint, "rack:equals:r1", ":")
RESOURCE = _of_text(_one_resource, "ports:[31000-31005]", ":")
