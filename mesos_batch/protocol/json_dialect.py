"""JSON as Mesos speaks it, to and from protobuf messages.

It differs from ``google.protobuf.json_format``: field names stay as they are, bytes are base64,
64-bit integers are numbers, fields with an explicit default are always printed, unknown fields
and unknown values of optional enums are ignored, required fields are checked. Rules and words
are those of ``stout/protobuf.hpp``.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

MessageT = TypeVar("MessageT", bound=Message)
# The stubs know two descriptor classes that do not fit each other.
Field = Any
MessageType = Any

_FLOATS = (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT)
_INTEGER_BITS = {
    FieldDescriptor.TYPE_INT32: (32, True),
    FieldDescriptor.TYPE_SINT32: (32, True),
    FieldDescriptor.TYPE_SFIXED32: (32, True),
    FieldDescriptor.TYPE_UINT32: (32, False),
    FieldDescriptor.TYPE_FIXED32: (32, False),
    FieldDescriptor.TYPE_INT64: (64, True),
    FieldDescriptor.TYPE_SINT64: (64, True),
    FieldDescriptor.TYPE_SFIXED64: (64, True),
    FieldDescriptor.TYPE_UINT64: (64, False),
    FieldDescriptor.TYPE_FIXED64: (64, False),
}
_SKIP = object()
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_SPACE = re.compile(r"\s", re.ASCII)
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonDialectError(ValueError):
    """The JSON does not fit the message; the words are those of the master."""


def loads(text: str | bytes, kind: type[MessageT]) -> MessageT:
    """Parse JSON text into a message.

    Raises:
        JsonDialectError: it is no JSON object or does not fit the message.
    """
    try:
        return from_value(json.loads(text), kind)
    except JsonDialectError:
        raise
    except ValueError as error:
        raise JsonDialectError(str(error)) from None
    except RecursionError:
        raise JsonDialectError("the JSON is nested too deeply") from None


def dumps(message: Message) -> str:
    """Print a message as compact JSON."""
    return _ENCODER.encode(to_value(message))


def from_value(value: object, kind: type[MessageT]) -> MessageT:
    """Make a message from parsed JSON.

    Raises:
        JsonDialectError: a value does not fit its field, or a required field is missing.
    """
    if not isinstance(value, dict):
        raise JsonDialectError("Expecting a JSON object")
    message = kind()
    merge(message, value)
    missing: list[str] = cast("Any", message).FindInitializationErrors()
    if missing:
        raise JsonDialectError(f"Missing required fields: {', '.join(missing)}")
    return message


def merge(message: Message, value: dict[str, Any]) -> None:
    """Set the fields of a message from a JSON object without asking for required ones.

    Raises:
        JsonDialectError: a value does not fit its field.
    """
    setters = _setters(message.DESCRIPTOR)
    for name, item in value.items():
        if item is not None and name in setters:
            setters[name](message, item)


def to_value(message: Message) -> dict[str, Any]:
    """Make a JSON object of a message, in order of the field numbers' declaration."""
    return _printer(message.DESCRIPTOR)(message)


_Setter = Callable[[Message, Any], None]
_SETTERS: dict[str, dict[str, _Setter]] = {}


def _setters(descriptor: MessageType) -> dict[str, _Setter]:
    """One function per field, made once: reading is on the way of every event."""
    known = _SETTERS.get(descriptor.full_name)
    if known is None:
        known = {field.name: _setter(field) for field in descriptor.fields}
        _SETTERS[descriptor.full_name] = known
    return known


def _setter(field: Field) -> _Setter:
    if _is_map(field):
        return lambda message, item: _merge_map(message, field, item)
    if field.is_repeated:
        return lambda message, item: _merge_repeated(message, field, item)
    name = field.name
    is_message = field.type == FieldDescriptor.TYPE_MESSAGE

    def set_one(message: Message, item: object) -> None:
        if isinstance(item, list):
            raise JsonDialectError(f"Not expecting a JSON array for field '{name}'")
        if is_message:
            child = getattr(message, name)
            child.SetInParent()
            merge(child, _object(field, item))
            return
        converted = _scalar(field, item)
        if converted is not _SKIP:
            setattr(message, name, converted)

    return set_one


def _merge_map(message: Message, field: Field, item: object) -> None:
    entries = getattr(message, field.name)
    value_field = field.message_type.fields_by_name["value"]
    for key, value in _object(field, item).items():
        if value_field.type == FieldDescriptor.TYPE_MESSAGE:
            entry = entries[key]
            if value is not None:
                merge(entry, _object(value_field, value))
        else:
            entries[key] = (
                value_field.default_value if value is None else _scalar(value_field, value)
            )


def _merge_repeated(message: Message, field: Field, item: object) -> None:
    container = getattr(message, field.name)
    for element in item if isinstance(item, list) else [item]:
        if element is None:
            continue
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            merge(container.add(), _object(field, element))
        else:
            converted = _scalar(field, element)
            if converted is not _SKIP:
                container.append(converted)


def _is_map(field: Field) -> bool:
    kind = field.message_type
    return kind is not None and bool(kind.GetOptions().map_entry)


def _json_kind(item: object) -> str:
    if isinstance(item, bool):
        return "boolean"
    if isinstance(item, str):
        return "string"
    if isinstance(item, dict):
        return "object"
    return "array" if isinstance(item, list) else "number"


def _object(field: Field, item: object) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise JsonDialectError(f"Not expecting a JSON {_json_kind(item)} for field '{field.name}'")
    return item


def _scalar(field: Field, item: object) -> object:
    if isinstance(item, str):
        if field.type == FieldDescriptor.TYPE_STRING:
            return _text(field, item)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return _bytes(field, item)
        if field.type == FieldDescriptor.TYPE_ENUM:
            return _enum(field, item)
        item = _literal(field, item)
    if isinstance(item, bool):
        if field.type == FieldDescriptor.TYPE_BOOL:
            return item
    elif isinstance(item, int | float):
        if field.type in _FLOATS:
            return _float(item)
        if field.type in _INTEGER_BITS:
            return _integer(field, item)
    raise JsonDialectError(f"Not expecting a JSON {_json_kind(item)} for field '{field.name}'")


def _text(field: Field, text: str) -> str:
    if not text.isascii() and _SURROGATE.search(text):
        raise JsonDialectError(f"The text of field '{field.name}' is not valid Unicode")
    return text


def _bytes(field: Field, text: str) -> bytes:
    data = _SPACE.sub("", text.partition("=")[0])
    wrong = _NOT_BASE64.search(data)
    if wrong:
        raise JsonDialectError(
            f"Failed to base64 decode bytes field '{field.name}': Invalid character '{wrong[0]}'"
        )
    # Padding may be missing, and a single last character says nothing.
    whole = data[:-1] if len(data) % 4 == 1 else data
    return base64.b64decode(whole + "=" * (-len(whole) % 4))


def _enum(field: Field, name: str) -> object:
    known = field.enum_type.values_by_name.get(name)
    if known is not None:
        return known.number
    if field.is_required:
        raise JsonDialectError(f"Failed to find enum for '{name}'")
    return _SKIP


def _literal(field: Field, text: str) -> object:
    wanted = "boolean" if field.type == FieldDescriptor.TYPE_BOOL else "number"
    if field.type in _FLOATS and text in ("Infinity", "-Infinity"):
        return float(text)
    try:
        value = json.loads(text, parse_constant=lambda _: None)
    except ValueError:
        value = None
    if isinstance(value, int | float) and isinstance(value, bool) == (wanted == "boolean"):
        return value
    raise JsonDialectError(f"Failed to parse '{text}' as a JSON {wanted} for field '{field.name}'")


def _integer(field: Field, number: float) -> int:
    bits, signed = _INTEGER_BITS[field.type]
    high = (1 << (bits - 1 if signed else bits)) - 1
    low = -high - 1 if signed else 0
    # A C++ cast of a number out of range is undefined; the nearest value is the kindest choice.
    return int(max(low, min(high, number)))


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


_Printer = Callable[[Message], dict[str, Any]]
_PRINTERS: dict[str, _Printer] = {}


def _printer(descriptor: MessageType) -> _Printer:
    """One function per message type, built once: printing is on the way of every event."""
    known = _PRINTERS.get(descriptor.full_name)
    if known is not None:
        return known
    always = [
        field.name
        for field in descriptor.fields
        if field.has_default_value and not field.GetOptions().deprecated
    ]
    kinds: dict[str, Callable[[Any], Any]] = {}
    order = [field.name for field in descriptor.fields]

    def run(message: Message) -> dict[str, Any]:
        if not kinds:
            kinds.update({field.name: _field_printer(field) for field in descriptor.fields})
        present = {field.name: value for field, value in message.ListFields()}
        for name in always:
            present.setdefault(name, getattr(message, name))
        return {name: kinds[name](present[name]) for name in order if name in present}

    _PRINTERS[descriptor.full_name] = run
    return run


def _field_printer(field: Field) -> Callable[[Any], Any]:
    if _is_map(field):
        one = _value_printer(field.message_type.fields_by_name["value"])
        return lambda entries: {key: one(value) for key, value in entries.items()}
    one = _value_printer(field)
    if field.is_repeated:
        return lambda items: [one(item) for item in items]
    return one


def _value_printer(field: Field) -> Callable[[Any], Any]:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return _printer(field.message_type)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return lambda value: base64.b64encode(value).decode("ascii")
    if field.type == FieldDescriptor.TYPE_ENUM:
        names = {value.number: value.name for value in field.enum_type.values}
        return lambda number: names.get(number, str(number))
    return lambda value: value
