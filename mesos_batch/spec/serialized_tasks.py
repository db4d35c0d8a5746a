"""The tasks of a serialised list, each parsed when it is asked for.

A parsed message takes ten times the memory of its bytes, and all messages of a list are freed
together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb

_TAG = 0x0A  # field 1 of a TaskGroupInfo, its only one, with a length
_LONGEST = 35  # bits of a length
_MORE = 0x80  # the bit of a varint that says that another byte comes


class SerializedTasks(Sequence[pb.TaskInfo]):
    """The tasks of a ``TaskGroupInfo``; each access parses one anew."""

    def __init__(self, data: bytes) -> None:
        """Find the tasks and see that each can be parsed.

        Raises:
            ValueError: there is something else in the bytes.
            DecodeError: one of them is no ``TaskInfo``.
        """
        self._parts = list(_parts(data))
        for part in self._parts:
            pb.TaskInfo.FromString(part)

    def __len__(self) -> int:
        return len(self._parts)

    @overload
    def __getitem__(self, index: int) -> pb.TaskInfo: ...

    @overload
    def __getitem__(self, index: slice) -> list[pb.TaskInfo]: ...

    def __getitem__(self, index: int | slice) -> pb.TaskInfo | list[pb.TaskInfo]:
        if isinstance(index, slice):
            return [pb.TaskInfo.FromString(part) for part in self._parts[index]]
        return pb.TaskInfo.FromString(self._parts[index])


def _parts(data: bytes) -> Iterator[bytes]:
    offset = 0
    while offset < len(data):
        if data[offset] != _TAG:
            raise ValueError("another field than the tasks")
        length = shift = 0
        while True:
            offset += 1
            if offset == len(data):
                raise ValueError("cut off in a length")
            byte = data[offset]
            length |= (byte & ~_MORE) << shift
            shift += 7
            if not byte & _MORE:
                break
            if shift > _LONGEST:
                raise ValueError("no length is so large")
        offset += 1
        if offset + length > len(data):
            raise ValueError("cut off in a task")
        yield data[offset : offset + length]
        offset += length
