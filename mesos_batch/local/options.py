"""How large a local cluster is and where it keeps its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Credential:
    """A principal and its secret; the secret is never printed."""

    principal: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ZooKeeperAddress:
    """Servers (``host:port,host:port``) and the path where masters register.

    ``login`` is ``user:password`` of the digest scheme; it is never printed.
    """

    servers: str
    path: str
    login: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"zk://{self.servers}{self.path}"


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """Settings of a local cluster.

    Amounts are per agent, in Mesos units (cpus, MB). Intervals are seconds. ``port`` 0 takes
    any free port, the agents always do. ``credential`` ``None`` makes a random one;
    ``authenticate=False`` lets everybody on this machine in. ``work_dir`` ``None`` makes a
    temporary one that stays, for what failed tasks wrote is in it. An agent that answers no ping
    for ``agent_ping_timeout`` times ``max_agent_ping_timeouts`` is unreachable; after a failover
    of masters agents have ``agent_reregister_timeout`` to come back.

    ``resources`` are those of each agent in one of Mesos' two forms, ``cpus:4;disk(role):500`` or a
    JSON array; what it names replaces ``cpus``, ``mem``, ``disk``, ``gpus`` and ``ports``. Absolute
    roots of disks get a directory for each agent when there are several.

    With ``zk`` the master registers itself in ZooKeeper and leads when its turn comes; the agents
    follow whoever leads. With ``master``, the addresses of masters (``host:port``) or a ZooKeeper,
    there are only agents, of a master elsewhere.
    """

    agents: int = 3
    cpus: float = 4
    mem: float = 4096
    disk: float = 10000
    gpus: int = 0
    ports: tuple[int, int] = (31000, 32000)
    resources: str | None = None
    attributes: tuple[str, ...] = ()
    port: int = 0
    work_dir: Path | None = None
    credential: Credential | None = None
    authenticate: bool = True
    allocation_interval: float = 1.0
    heartbeat_interval: float = 15.0
    update_retry_interval: float = 10.0
    agent_ping_timeout: float = 15.0
    max_agent_ping_timeouts: int = 5
    agent_reregister_timeout: float = 600.0
    zk: ZooKeeperAddress | None = None
    zk_session_timeout: float = 10.0
    master: tuple[str, ...] | ZooKeeperAddress | None = None
    containerizers: tuple[str, ...] = ("docker", "mesos")
