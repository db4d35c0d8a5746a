"""Every setting of mesos-batch, declared once.

The flags of the original mesos-batch keep their names, meanings and defaults.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mesos_batch.config.capabilities import ACCEPTED, check_capabilities
from mesos_batch.config.masters import parse_master
from mesos_batch.config.secrets import Secret
from mesos_batch.config.setting import (
    AMOUNT,
    ATTRIBUTE_LIST,
    BOOLEAN,
    DURATION,
    PATH,
    POSITIVE_DURATION,
    SECRET_TEXT,
    SET,
    STRING,
    VERBATIM,
    Group,
    Setting,
    choice,
    integer,
)
from mesos_batch.spec.names import role_fault


def _parse_role(text: str) -> str:
    fault = role_fault(text)
    if fault is not None:
        raise ValueError(fault)
    return text


def _parse_capabilities(text: str) -> tuple[str, ...]:
    return check_capabilities(SET.parse(text))


MASTER: Setting[str | None] = Setting(
    name="master",
    variable="MESOS_MASTER",
    kind=replace(STRING, parse=parse_master),
    default=None,
    group=Group.BATCH,
    help="Where to run: HOST:PORT of a Mesos master, its http:// or https:// URL, or 'local' for "
    "a cluster made on this machine for this run.",
)
TASK_LIST: Setting[str | None] = Setting(
    name="task_list",
    kind=VERBATIM,
    default=None,
    group=Group.BATCH,
    help="The tasks: /path or file:///path of a TaskGroupInfo (JSON, or protobuf in binary or "
    "text form), the JSON itself, or - for standard input. agent_id need not be set.",
)

PRINCIPAL: Setting[str | None] = Setting(
    name="principal",
    kind=STRING,
    default=None,
    group=Group.AUTHENTICATION,
    help="The principal to authenticate as, also the one of reservations.",
)
SECRET: Setting[Secret | None] = Setting(
    name="secret",
    kind=SECRET_TEXT,
    default=None,
    group=Group.AUTHENTICATION,
    help="The secret of the principal. Everybody on this machine can read it in the process "
    "list: prefer --secret_file, MESOS_BATCH_SECRET or 'mesos-batch secret set'.",
)
SECRET_FILE: Setting[Path | None] = Setting(
    name="secret_file",
    kind=PATH,
    default=None,
    group=Group.AUTHENTICATION,
    help="A file with the secret alone, or with Mesos credentials (text or JSON).",
)

FRAMEWORK_NAME: Setting[str] = Setting(
    name="framework_name",
    kind=STRING,
    default="mesos-batch instance",
    group=Group.FRAMEWORK,
    help="The name of the framework.",
)
ROLE: Setting[str] = Setting(
    name="role",
    kind=replace(STRING, parse=_parse_role),
    default="*",
    group=Group.FRAMEWORK,
    help="The role whose resources are used.",
)
USER: Setting[str | None] = Setting(
    name="user",
    kind=STRING,
    default=None,
    shown_default="the local user name",
    group=Group.FRAMEWORK,
    help="The user tasks run as on the agents, unless a task names one.",
)
CONTENT_TYPE: Setting[str] = Setting(
    name="content_type",
    kind=choice(
        "protobuf",
        "json",
        also={"application/x-protobuf": "protobuf", "application/json": "json"},
    ),
    default="protobuf",
    group=Group.FRAMEWORK,
    help="The format of the messages to and from the master.",
)
FRAMEWORK_CAPABILITIES: Setting[tuple[str, ...]] = Setting(
    name="framework_capabilities",
    kind=replace(SET, parse=_parse_capabilities, choices=ACCEPTED),
    default=(),
    group=Group.FRAMEWORK,
    help="More capabilities to register with, such as GPU_RESOURCES or SHARED_RESOURCES. "
    "TASK_KILLING_STATE is always on, PARTITION_AWARE unless --no-partition_aware.",
)
PARTITION_AWARE: Setting[bool] = Setting(
    name="partition_aware",
    kind=BOOLEAN,
    default=True,
    group=Group.FRAMEWORK,
    help="Be told that a task is unreachable, gone or dropped, instead of only lost.",
)
CHECKPOINT: Setting[bool] = Setting(
    name="checkpoint",
    kind=BOOLEAN,
    default=False,
    group=Group.FRAMEWORK,
    help="Let tasks survive a restart of their agent.",
)

KILL_AFTER: Setting[float | None] = Setting(
    name="kill_after",
    kind=POSITIVE_DURATION,
    default=None,
    group=Group.LIMITS,
    help="Kill a task that has run this long (10secs, 2mins, 1.5hrs); it counts as failed.",
)
UNPLACEABLE_TIMEOUT: Setting[float | None] = Setting(
    name="unplaceable_timeout",
    kind=DURATION,
    default=None,
    shown_default="5mins, but no waiting with --master=local",
    group=Group.LIMITS,
    help="Give a task up when no agent could ever hold it for this long; exit code 3.",
)
UNREACHABLE_TIMEOUT: Setting[float] = Setting(
    name="unreachable_timeout",
    kind=DURATION,
    default=900.0,
    group=Group.LIMITS,
    help="Give a task up when its agent has been unreachable for this long.",
)

PERSISTENT_VOLUME: Setting[bool] = Setting(
    name="persistent_volume",
    kind=BOOLEAN,
    default=False,
    group=Group.VOLUMES,
    help="Reserve resources and create a persistent volume. Not yet supported.",
)
PERSISTENT_VOLUME_RESOURCE: Setting[str | None] = Setting(
    name="persistent_volume_resource",
    kind=VERBATIM,
    default=None,
    group=Group.VOLUMES,
    help="A TaskInfo whose resources hold the volume. Not yet supported.",
)
REMOVE_PERSISTENT_VOLUME: Setting[bool] = Setting(
    name="remove_persistent_volume",
    kind=BOOLEAN,
    default=False,
    group=Group.VOLUMES,
    help="Destroy the volume and unreserve its resources. Not yet supported.",
)

LOCAL_AGENTS: Setting[int] = Setting(
    name="local_agents",
    kind=integer(minimum=1),
    default=3,
    group=Group.LOCAL,
    help="With --master=local: how many agents.",
)
LOCAL_CPUS: Setting[float] = Setting(
    name="local_cpus",
    kind=AMOUNT,
    default=4.0,
    group=Group.LOCAL,
    help="With --master=local: cpus of each agent.",
)
LOCAL_MEM: Setting[float] = Setting(
    name="local_mem",
    kind=AMOUNT,
    default=4096.0,
    group=Group.LOCAL,
    help="With --master=local: memory of each agent in MB.",
)
LOCAL_DISK: Setting[float] = Setting(
    name="local_disk",
    kind=AMOUNT,
    default=10000.0,
    group=Group.LOCAL,
    help="With --master=local: disk of each agent in MB.",
)

COLOR: Setting[str] = Setting(
    name="color",
    kind=choice("auto", "always", "never"),
    default="auto",
    group=Group.OUTPUT,
    help="Use colours; auto does so on a terminal unless NO_COLOR is set.",
)
QUIET: Setting[bool] = Setting(
    name="quiet",
    kind=BOOLEAN,
    default=False,
    group=Group.OUTPUT,
    help="Show no progress: only errors, warnings and the result.",
)
VERBOSE: Setting[bool] = Setting(
    name="verbose",
    kind=BOOLEAN,
    default=False,
    group=Group.OUTPUT,
    help="Show each offer and launch too, and list every failure at the end.",
)
HELP: Setting[bool] = Setting(
    name="help",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.OUTPUT,
    help="Print this help and end (also -h, --h).",
)
VERSION: Setting[bool] = Setting(
    name="version",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.OUTPUT,
    help="Print the version and end.",
)

RUN: tuple[Setting[Any], ...] = (
    MASTER,
    TASK_LIST,
    PRINCIPAL,
    SECRET,
    SECRET_FILE,
    FRAMEWORK_NAME,
    ROLE,
    USER,
    CONTENT_TYPE,
    FRAMEWORK_CAPABILITIES,
    PARTITION_AWARE,
    CHECKPOINT,
    KILL_AFTER,
    UNPLACEABLE_TIMEOUT,
    UNREACHABLE_TIMEOUT,
    PERSISTENT_VOLUME,
    PERSISTENT_VOLUME_RESOURCE,
    REMOVE_PERSISTENT_VOLUME,
    LOCAL_AGENTS,
    LOCAL_CPUS,
    LOCAL_MEM,
    LOCAL_DISK,
    COLOR,
    QUIET,
    VERBOSE,
    HELP,
    VERSION,
)

AGENTS = replace(LOCAL_AGENTS, name="agents", variable=LOCAL_AGENTS.env, help="How many agents.")
CPUS = replace(LOCAL_CPUS, name="cpus", variable=LOCAL_CPUS.env, help="Cpus of each agent.")
MEM = replace(LOCAL_MEM, name="mem", variable=LOCAL_MEM.env, help="Memory of each agent in MB.")
DISK = replace(LOCAL_DISK, name="disk", variable=LOCAL_DISK.env, help="Disk of each agent in MB.")
GPUS: Setting[int] = Setting(
    name="gpus",
    variable="MESOS_BATCH_LOCAL_GPUS",
    kind=integer(minimum=0),
    default=0,
    group=Group.LOCAL,
    help="Gpus of each agent; counted, not checked.",
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
    help="Where sandboxes and the secret are kept.",
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
LOCAL_PRINCIPAL = replace(
    PRINCIPAL,
    variable="MESOS_BATCH_LOCAL_PRINCIPAL",
    shown_default="local",
    help="The principal frameworks authenticate as.",
)
LOCAL_SECRET_FILE = replace(
    SECRET_FILE,
    variable="MESOS_BATCH_LOCAL_SECRET_FILE",
    shown_default="a random secret, in a new file",
    help="A file with the secret alone, or with Mesos credentials (text or JSON).",
)

LOCAL: tuple[Setting[Any], ...] = (
    AGENTS,
    CPUS,
    MEM,
    DISK,
    GPUS,
    ATTRIBUTES,
    PORT,
    WORK_DIR,
    ALLOCATION_INTERVAL,
    AUTHENTICATE,
    LOCAL_PRINCIPAL,
    LOCAL_SECRET_FILE,
    HELP,
)
SECRET_COMMAND: tuple[Setting[Any], ...] = (MASTER, PRINCIPAL, HELP)
