"""Resources as bytes, for what keeps them between two processes of ours."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resources import Resources
from mesos_batch.protocol.values import resources_from, resources_to

# Of the messages that are nothing but a list of resources, any would do.
_List = pb.Offer.Operation.Reserve


def resources_to_bytes(resources: Resources) -> bytes:
    """Serialise resources; a shared one as often as it is held."""
    each = (item for item in resources for _ in range(resources.copies(item) if item.shared else 1))
    return _List(resources=resources_to(each)).SerializeToString(deterministic=True)


def resources_from_bytes(data: bytes) -> Resources:
    """Read what :func:`resources_to_bytes` made.

    Raises:
        ValueError: it is something else.
    """
    try:
        return resources_from(_List.FromString(data).resources)
    except DecodeError as error:
        raise ValueError(str(error)) from None
