"""JSON values into the plain form a message takes, with everything that is wrong in them."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from mesos_batch.did_you_mean import meant_by
from mesos_batch.spec.fields import Field, Fields
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.problems import Path, Severity

_BROKEN = object()
_FLOATS = (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT)
_INFINITE = {"Infinity": math.inf, "-Infinity": -math.inf}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PLACEHOLDERS = {
    FieldDescriptor.TYPE_STRING: "",
    FieldDescriptor.TYPE_BYTES: b"",
    FieldDescriptor.TYPE_BOOL: False,
    FieldDescriptor.TYPE_DOUBLE: 0.0,
    FieldDescriptor.TYPE_FLOAT: 0.0,
}
_SHOWN = 40


class FieldReader:
    """Reads JSON objects as messages and collects ``findings``."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def message(self, value: dict[str, Any], fields: Fields, path: Path) -> dict[str, Any]:
        """The plain form of an object.

        A value that is wrong is replaced by an empty one: the field is there, and what is said
        about it is said once.
        """
        plain: dict[str, Any] = {}
        for name, item in value.items():
            field = fields.get(name)
            if field is None:
                self._unknown(name, value, fields, path)
            elif item is not None:
                plain[name] = self._field(field, item, (*path, name))
        return plain

    def one(self, field: Field, item: object, path: Path) -> dict[str, Any]:
        """The plain form of what should be one message."""
        value = self._one(field, item, path)
        assert isinstance(value, dict), "a message field gives an object"
        return value

    def _report(self, path: Path, message: str, hint: str | None = None) -> object:
        self.findings.append(Finding(path, message, hint))
        return _BROKEN

    def _unknown(self, name: str, value: dict[str, Any], fields: Fields, path: Path) -> None:
        meant, places = _suggest(name, [key for key in fields if key not in value], fields)
        if meant is not None:
            hint = f"did you mean {meant}?"
        elif places:
            hint = f"did you mean {' or '.join('.'.join(place) for place in places)}?"
        else:
            hint = f"allowed here: {', '.join(fields)}" if fields else "no field is allowed here"
        blocked = [(meant,)] if meant is not None else [place[:1] for place in places]
        self.findings.append(
            Finding(
                (*path, name),
                "unknown field",
                hint,
                at_key=True,
                blocks=tuple((*path, *place) for place in blocked),
            )
        )

    def _field(self, field: Field, item: object, path: Path) -> object:
        if field.is_map:
            return self._map(field, item, path)
        if not field.is_repeated:
            if isinstance(item, list):
                self._report(path, f"expected {field.kind}, not an array")
                return _placeholder(field)
            return self._one(field, item, path)
        items = item if isinstance(item, list) else [item]
        elements = [element for element in items if element is not None]
        return [self._one(field, element, (*path, index)) for index, element in enumerate(elements)]

    def _map(self, field: Field, item: object, path: Path) -> object:
        if not isinstance(item, dict):
            self._report(path, f"expected an object, not {kind_of(item)}")
            return {}
        return {
            key: _placeholder(field) if entry is None else self._one(field, entry, (*path, key))
            for key, entry in item.items()
        }

    def _one(self, field: Field, item: object, path: Path) -> object:
        converted = self._convert(field, item, path)
        return _placeholder(field) if converted is _BROKEN else converted

    def _convert(self, field: Field, item: object, path: Path) -> object:
        if field.message is not None:
            if isinstance(item, dict):
                return self.message(item, field.message, path)
            hint = 'write {"value": ...}' if "value" in field.message else None
            return self._report(path, f"expected an object, not {kind_of(item)}", hint)
        if isinstance(item, str):
            return self._from_text(field, item, path)
        if isinstance(item, bool) and field.type == FieldDescriptor.TYPE_BOOL:
            return item
        if isinstance(item, int | float) and not isinstance(item, bool):
            if field.type in _FLOATS:
                return self._float(item, path)
            if field.bounds is not None:
                return self._integer(field.bounds, item, path)
        message = f"expected {field.kind}, not {kind_of(item)}"
        return self._no_enum(field, message, path) if field.enum else self._report(path, message)

    def _from_text(self, field: Field, text: str, path: Path) -> object:
        if field.type == FieldDescriptor.TYPE_STRING:
            return self._text(text, path)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return self._bytes(text, path)
        if field.type == FieldDescriptor.TYPE_ENUM:
            return self._enum(field, text, path)
        return self._literal(field, text, path)

    def _text(self, text: str, path: Path) -> object:
        try:
            text.encode()
        except UnicodeEncodeError:
            return self._report(path, "half of a surrogate pair is no character")
        return text

    def _bytes(self, text: str, path: Path) -> object:
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return self._report(path, "is not valid base64", "bytes are written in base64")

    def _enum(self, field: Field, name: str, path: Path) -> object:
        if name in field.enum:
            return name
        allowed = _allowed(field)
        meant = meant_by(name.upper(), allowed)
        hint = f"allowed: {', '.join(allowed)}"
        if meant is None:
            return self._no_enum(field, f"{shown(name)} is not known", path)
        self._report(path, f"{shown(name)} is not known", f"did you mean {meant}? {hint}")
        return meant

    def _no_enum(self, field: Field, message: str, path: Path) -> object:
        """Report that nobody knows which value is meant, so that other fields cannot be judged."""
        hint = f"allowed: {', '.join(_allowed(field))}"
        self.findings.append(Finding(path, message, hint, blocks=(path[:-1],)))
        return _BROKEN

    def _literal(self, field: Field, text: str, path: Path) -> object:
        """A number or boolean written as text, which Mesos reads as JSON once more."""
        if field.type in _FLOATS and text in _INFINITE:
            return _INFINITE[text]
        try:
            value = json.loads(text, parse_constant=float)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, bool) and field.type == FieldDescriptor.TYPE_BOOL:
            return value
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            if field.type in _FLOATS:
                return self._float(value, path)
            if field.bounds is not None:
                return self._integer(field.bounds, value, path)
        return self._report(path, f"expected {field.kind}, not the text {shown(text)}")

    def _float(self, value: float, path: Path) -> object:
        try:
            return float(value)
        except OverflowError:
            return self._report(path, "the number is too large")

    def _integer(self, bounds: tuple[int, int], value: float, path: Path) -> object:
        low, high = bounds
        if not math.isfinite(value) or not low <= int(value) <= high:
            return self._report(path, f"the number must lie between {low} and {high}")
        whole = int(value)
        if whole != value:
            message = f"{value} is cut to {whole}: the field is a whole number"
            self.findings.append(Finding(path, message, severity=Severity.WARNING))
        return whole


def _placeholder(field: Field) -> object:
    if field.message is not None:
        return {}
    return field.enum[0] if field.enum else _PLACEHOLDERS.get(field.type, 0)


def kind_of(item: object) -> str:
    """What a JSON value is, in a sentence."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if item is None:
        return "null"
    if isinstance(item, int | float):
        return f"the number {item!r:.{_SHOWN}}"
    if isinstance(item, str):
        return "text"
    return "an array" if isinstance(item, list) else "an object"


def shown(text: str) -> str:
    """A text in quotes, cut when it is long."""
    short = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return json.dumps(short, ensure_ascii=False)


def _allowed(field: Field) -> list[str]:
    return [name for name in field.enum if name != "UNKNOWN"]


def _suggest(
    name: str, free: list[str], fields: Fields
) -> tuple[str | None, list[tuple[str, str]]]:
    """The field of this message that was meant, else fields one level down of that name."""
    snake = _CAMEL.sub("_", name).lower().replace("-", "_")
    if snake in free:
        return snake, []
    places = [
        (field.name, snake)
        for field in fields.values()
        if field.message is not None
        and not (field.is_repeated or field.is_map)
        and snake in field.message
    ]
    # Names as common as "value" or "name" are in every message and tell nothing.
    if places and len(places) <= 2:
        return None, places
    return meant_by(snake, free, alike=0.7), []
