"""What masters write into ZooKeeper: which of them leads, and where it listens.

Source: ``src/master/constants.hpp`` (``MASTER_INFO_JSON_LABEL``), ``src/zookeeper/group.cpp`` and
the recording ``leader_failover``. Each master keeps one ephemeral node below the agreed path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.protocol.codec import CodecError, ContentType

_MASTER_NODE = re.compile(r"json\.info_(-?[0-9]+)")


@dataclass(frozen=True, slots=True)
class Leader:
    """A master by its id, which no other process ever has, and its addresses, best one first."""

    id: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoLeader:
    """Why no leader is known; ``final`` when waiting for one is of no use."""

    why: str
    final: bool = False


def leading_node(names: Iterable[str]) -> str | None:
    """The node of the master that leads, which is the oldest one; ``None`` when there is none.

    Other nodes stand at the same path (``log_replicas``) and are passed over.
    """
    masters = [match for name in names if (match := _MASTER_NODE.fullmatch(name))]
    if not masters:
        return None
    return min(masters, key=lambda match: int(match[1])).string


def leader_from(data: bytes) -> Leader:
    """Read the content of a master's node, a ``MasterInfo`` in JSON.

    A host name comes before the number of the same host: certificates are made out to names.

    Raises:
        CodecError: it is no ``MasterInfo``, or it has no address.
    """
    info = ContentType.JSON.decode(data, pb.MasterInfo)
    address = info.address if info.HasField("address") else None
    hosts = (address.hostname, address.ip) if address is not None else (info.hostname,)
    port = address.port if address is not None else info.port
    addresses = dict.fromkeys(_address(host, port) for host in hosts if host)
    if not addresses:
        raise CodecError("a master without an address")
    return Leader(info.id, tuple(addresses))


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
