"""What a file may hold: a list of tasks, or one task; every format can hold either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec.problems import Path
from mesos_batch.spec.reading import Reading


class WrongFormError(ValueError):
    """The bytes or the field belong to something else; ``hint`` is what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Form(Protocol):
    """One of the things a file may hold."""

    @property
    def title(self) -> str:
        """How messages call it."""

    @property
    def empty(self) -> str:
        """The remedy for an empty file."""

    def message(self) -> pb.TaskGroupInfo | pb.TaskInfo:
        """A new message of the type it is in protobuf."""

    def tasks(self, message: Any) -> Sequence[pb.TaskInfo]:
        """The tasks of a message of that type."""

    def from_json(self, value: object, reading: Reading) -> Sequence[pb.TaskInfo]:
        """The tasks of a JSON value; what is wrong with its fields goes to the reading."""

    def from_binary(self, data: bytes) -> Sequence[pb.TaskInfo]:
        """The tasks of a serialised message.

        Raises:
            WrongFormError: it is something else.
        """

    def check_field(self, name: str) -> None:
        """Tell what a field would be part of that the outermost message does not have.

        Raises:
            WrongFormError: the text is something else.
        """

    def in_doubt(self, cut: Path, value: object, /) -> Iterable[Path]:
        """The fields nothing can be said of, after the text was cut short in the field ``cut``."""


def known_formats(form: Form) -> str:
    """What a file can be written in."""
    name = form.message().DESCRIPTOR.name
    return f"a {form.title} is JSON, or a {name} in protobuf binary or text format"
