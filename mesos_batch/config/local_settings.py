"""Every setting of ``mesos-batch local``, declared once."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from mesos_batch.config import settings as run
from mesos_batch.config.masters import LOCAL as THIS_PROCESS
from mesos_batch.config.masters import ZOOKEEPER, MasterAddress, parse_master
from mesos_batch.config.setting import (
    ATTRIBUTE_LIST,
    BOOLEAN,
    PATH,
    POSITIVE_DURATION,
    STRING,
    Group,
    Setting,
    integer,
)


def _parse_zookeeper(text: str) -> MasterAddress:
    if not text.startswith(ZOOKEEPER):
        raise ValueError("write the address of ZooKeeper as zk://HOST:PORT,HOST:PORT/PATH")
    return parse_master(text)


def named_resources(text: str) -> set[str]:
    """The names in the value of ``--resources``, as far as it can be read."""
    if not text.lstrip().startswith("["):
        return set(re.findall(r"(?:^|;)\s*([^\s;:()]+)", text))
    try:
        return {item["name"] for item in json.loads(text)}
    except (ValueError, TypeError, KeyError):
        # The agents will say what is wrong.
        return set()


def _parse_master_of_agents(text: str) -> MasterAddress:
    address = parse_master(text)
    if address == THIS_PROCESS or "://" in address.removeprefix(ZOOKEEPER):
        raise ValueError("agents register with HOST:PORT,HOST:PORT or zk://HOST:PORT,.../PATH")
    return address


AGENTS = replace(
    run.LOCAL_AGENTS,
    name="agents",
    variable=run.LOCAL_AGENTS.env,
    kind=integer(minimum=0),
    help="How many agents; 0 for a master only.",
)
CPUS = replace(run.LOCAL_CPUS, name="cpus", variable=run.LOCAL_CPUS.env, help="Cpus of each agent.")
MEM = replace(
    run.LOCAL_MEM, name="mem", variable=run.LOCAL_MEM.env, help="Memory of each agent in MB."
)
DISK = replace(
    run.LOCAL_DISK, name="disk", variable=run.LOCAL_DISK.env, help="Disk of each agent in MB."
)
GPUS: Setting[int] = Setting(
    name="gpus",
    variable="MESOS_BATCH_LOCAL_GPUS",
    kind=integer(minimum=0),
    default=0,
    group=Group.LOCAL,
    help="Gpus of each agent; counted, not checked.",
)
RESOURCES: Setting[str | None] = Setting(
    name="resources",
    variable="MESOS_BATCH_LOCAL_RESOURCES",
    kind=STRING,
    default=None,
    group=Group.LOCAL,
    help="Resources of each agent in the words of Mesos: cpus:4;disk(role):500;ports:[1-5] or a "
    "JSON array of Resource, where disks may be of the types PATH and MOUNT. What it does not name "
    "stays what it is.",
)
ATTRIBUTES: Setting[tuple[str, ...]] = Setting(
    name="attributes",
    variable="MESOS_BATCH_LOCAL_ATTRIBUTES",
    kind=ATTRIBUTE_LIST,
    default=(),
    group=Group.LOCAL,
    help="Attributes of each agent, such as rack:r1;ssd:true.",
)
PORT: Setting[int] = Setting(
    name="port",
    variable="MESOS_BATCH_LOCAL_PORT",
    kind=integer(minimum=0, maximum=65535),
    default=0,
    shown_default="any free port",
    group=Group.LOCAL,
    help="The port of the master on 127.0.0.1.",
)
WORK_DIR: Setting[Path | None] = Setting(
    name="work_dir",
    variable="MESOS_BATCH_LOCAL_WORK_DIR",
    kind=PATH,
    default=None,
    shown_default="a new temporary directory",
    group=Group.LOCAL,
    help="Where sandboxes, the secret and what is known of the agents are kept.",
)
ZK: Setting[str | None] = Setting(
    name="zk",
    variable="MESOS_BATCH_LOCAL_ZK",
    kind=replace(STRING, parse=_parse_zookeeper),
    default=None,
    group=Group.LOCAL,
    help="Register the master in ZooKeeper: zk://HOST:PORT,.../PATH. Of several masters the oldest "
    "leads, and the others send everybody to it.",
)
ZK_SESSION_TIMEOUT: Setting[float] = Setting(
    name="zk_session_timeout",
    variable="MESOS_BATCH_LOCAL_ZK_SESSION_TIMEOUT",
    kind=POSITIVE_DURATION,
    default=10.0,
    group=Group.LOCAL,
    help="How long ZooKeeper waits for a master that is silent before another one leads.",
)
MASTER: Setting[str | None] = Setting(
    name="master",
    variable="MESOS_BATCH_LOCAL_MASTER",
    kind=replace(STRING, parse=_parse_master_of_agents),
    default=None,
    group=Group.LOCAL,
    help="Start agents only, which register with the leading master of another process: "
    "HOST:PORT (several with commas between them) or zk://HOST:PORT,.../PATH.",
)
AGENT_PING_TIMEOUT: Setting[float] = Setting(
    name="agent_ping_timeout",
    variable="MESOS_BATCH_LOCAL_AGENT_PING_TIMEOUT",
    kind=POSITIVE_DURATION,
    default=15.0,
    group=Group.LOCAL,
    help="How long the master waits for the answer to a ping of an agent.",
)
MAX_AGENT_PING_TIMEOUTS: Setting[int] = Setting(
    name="max_agent_ping_timeouts",
    variable="MESOS_BATCH_LOCAL_MAX_AGENT_PING_TIMEOUTS",
    kind=integer(minimum=1),
    default=5,
    group=Group.LOCAL,
    help="After so many pings without an answer an agent is unreachable.",
)
AGENT_REREGISTER_TIMEOUT: Setting[float] = Setting(
    name="agent_reregister_timeout",
    variable="MESOS_BATCH_LOCAL_AGENT_REREGISTER_TIMEOUT",
    kind=POSITIVE_DURATION,
    default=600.0,
    group=Group.LOCAL,
    help="How long a new leader waits for the agents of the last one before they are unreachable.",
)
ALLOCATION_INTERVAL: Setting[float] = Setting(
    name="allocation_interval",
    variable="MESOS_BATCH_LOCAL_ALLOCATION_INTERVAL",
    kind=POSITIVE_DURATION,
    default=1.0,
    group=Group.LOCAL,
    help="How often the master makes offers.",
)
AUTHENTICATE: Setting[bool] = Setting(
    name="authenticate",
    variable="MESOS_BATCH_LOCAL_AUTHENTICATE",
    kind=BOOLEAN,
    default=True,
    group=Group.AUTHENTICATION,
    help="Let in only who holds the secret; without it, everybody on this machine.",
)
PRINCIPAL = replace(
    run.PRINCIPAL,
    variable="MESOS_BATCH_LOCAL_PRINCIPAL",
    shown_default="local",
    help="The principal frameworks authenticate as.",
)
SECRET_FILE = replace(
    run.SECRET_FILE,
    variable="MESOS_BATCH_LOCAL_SECRET_FILE",
    shown_default="a random secret, in a new file",
    help="A file with the secret alone, or with Mesos credentials (text or JSON).",
)

JSON = replace(run.JSON, help="Print how to connect as JSON instead.")

LOCAL: tuple[Setting[Any], ...] = (
    AGENTS,
    CPUS,
    MEM,
    DISK,
    GPUS,
    RESOURCES,
    ATTRIBUTES,
    PORT,
    WORK_DIR,
    ALLOCATION_INTERVAL,
    ZK,
    ZK_SESSION_TIMEOUT,
    MASTER,
    AGENT_PING_TIMEOUT,
    MAX_AGENT_PING_TIMEOUTS,
    AGENT_REREGISTER_TIMEOUT,
    AUTHENTICATE,
    PRINCIPAL,
    SECRET_FILE,
    JSON,
    run.HELP,
)
