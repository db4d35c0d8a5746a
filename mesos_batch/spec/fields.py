"""JSON values against the fields of a message, as descriptors tell them.

Mesos accepts more than the plain form (``stout/protobuf.hpp``): numbers and booleans as text, one
value in the place of an array, ``null`` for nothing. ``is_plain`` recognises the plain form at
full speed; ``FieldReader`` turns everything else into it or says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb

_INTEGERS = {
    FieldDescriptor.TYPE_INT32: (-(1 << 31), (1 << 31) - 1),
    FieldDescriptor.TYPE_INT64: (-(1 << 63), (1 << 63) - 1),
    FieldDescriptor.TYPE_UINT32: (0, (1 << 32) - 1),
    FieldDescriptor.TYPE_UINT64: (0, (1 << 64) - 1),
}
_KINDS = {
    FieldDescriptor.TYPE_STRING: "text",
    FieldDescriptor.TYPE_BYTES: "base64 text",
    FieldDescriptor.TYPE_BOOL: "true or false",
    FieldDescriptor.TYPE_DOUBLE: "a number",
    FieldDescriptor.TYPE_FLOAT: "a number",
    FieldDescriptor.TYPE_ENUM: "a name",
    FieldDescriptor.TYPE_MESSAGE: "an object",
}

_EXACT: dict[int, object] = {
    **dict.fromkeys(_INTEGERS, int),
    FieldDescriptor.TYPE_STRING: str,
    FieldDescriptor.TYPE_BOOL: bool,
    FieldDescriptor.TYPE_DOUBLE: float,
    FieldDescriptor.TYPE_FLOAT: float,
}

Fields = Mapping[str, "Field"]
# The stubs know two descriptor classes that do not fit each other.
Descriptor = Any


@dataclass(slots=True)
class Field:
    """One field of a message; ``message`` is the table of its own fields.

    ``takes`` tells whether a value is in plain form; every value of the type ``exact`` is.
    """

    name: str
    type: int
    is_repeated: bool
    is_map: bool
    takes: Callable[[object], bool]
    exact: object = None
    message: Fields | None = None
    enum: tuple[str, ...] = ()
    bounds: tuple[int, int] | None = None

    @property
    def kind(self) -> str:
        """What one value of it is, in words."""
        return _KINDS.get(self.type, "a whole number")


def _table(descriptor: Descriptor, known: dict[str, dict[str, Field]]) -> dict[str, Field]:
    """The fields of a message type; ``known`` breaks the circles among types."""
    name = str(descriptor.full_name)
    if name not in known:
        known[name] = {}
        known[name].update({item.name: _field(item, known) for item in descriptor.fields})
    return known[name]


def _field(descriptor: Descriptor, known: dict[str, dict[str, Field]]) -> Field:
    kind = descriptor.message_type
    is_map = kind is not None and bool(kind.GetOptions().map_entry)
    if is_map:
        # A map is an object whose values are those of the generated entry's field ``value``.
        entry = _field(kind.fields_by_name["value"], known)
        entry.name, entry.is_map, one = descriptor.name, True, entry.takes
        entry.takes = lambda item: type(item) is dict and all(map(one, item.values()))
        entry.exact = None
        return entry
    field = Field(
        name=descriptor.name,
        type=descriptor.type,
        is_repeated=descriptor.is_repeated,
        is_map=False,
        takes=_never,
        message=_table(kind, known) if kind is not None else None,
        enum=tuple(value.name for value in descriptor.enum_type.values)
        if descriptor.enum_type is not None
        else (),
        bounds=_INTEGERS.get(descriptor.type),
    )
    one = _takes(field)
    if field.is_repeated:
        field.takes = lambda item: type(item) is list and all(map(one, item))
    else:
        field.takes = one
        field.exact = _EXACT.get(field.type)
    return field


def _never(_: object) -> bool:
    return False


def _takes(field: Field) -> Callable[[object], bool]:
    """The test whether one value is in plain form; exact types, as ``True`` is an ``int``."""
    if field.message is not None:
        message = field.message
        return lambda item: type(item) is dict and is_plain(item, message)
    if field.bounds is not None:
        return lambda item: type(item) is int  # the constructor knows the bounds
    if field.type == FieldDescriptor.TYPE_ENUM:
        names = frozenset(field.enum)
        return lambda item: type(item) is str and item in names
    if field.type == FieldDescriptor.TYPE_STRING:
        return lambda item: type(item) is str
    if field.type == FieldDescriptor.TYPE_BOOL:
        return lambda item: type(item) is bool
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _never
    return lambda item: type(item) is float or type(item) is int


def is_plain(value: dict[str, Any], fields: Fields) -> bool:
    """Whether every value is just what the constructor of the message takes."""
    for name, item in value.items():
        field = fields.get(name)
        # The call is spared where the type is enough: most fields are texts.
        if field is None or (type(item) is not field.exact and not field.takes(item)):
            return False
    return True


TASK_GROUP: Fields = _table(pb.TaskGroupInfo.DESCRIPTOR, {})
_tasks = TASK_GROUP["tasks"].message
assert _tasks is not None, "tasks are messages"
TASK: Fields = _tasks
