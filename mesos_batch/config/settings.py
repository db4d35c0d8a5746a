"""Every setting of mesos-batch, declared once.

The flags of the original mesos-batch keep their names, meanings and defaults.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mesos_batch.config.capabilities import ACCEPTED, check_capabilities
from mesos_batch.config.connection_settings import PRINCIPAL as PRINCIPAL
from mesos_batch.config.connection_settings import SECRET as SECRET
from mesos_batch.config.connection_settings import SECRET_FILE as SECRET_FILE
from mesos_batch.config.masters import parse_master
from mesos_batch.config.setting import (
    AMOUNT,
    BOOLEAN,
    DURATION,
    LIMIT,
    PATH,
    POSITIVE_DURATION,
    SET,
    STRING,
    VERBATIM,
    Group,
    Setting,
    choice,
    integer,
)
from mesos_batch.model.limit import Limit
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
    help="Where to run: HOST:PORT of a Mesos master or its http:// or https:// URL (several with "
    "commas between them), zk://HOST:PORT,.../PATH of the ZooKeeper where masters register, or "
    "'local' for a cluster made on this machine for this run.",
)
TASK_LIST: Setting[str | None] = Setting(
    name="task_list",
    kind=VERBATIM,
    default=None,
    group=Group.BATCH,
    help="The tasks: /path or file:///path of a TaskGroupInfo (JSON, or protobuf in binary or "
    "text form) or of a job file (YAML, TOML or JSON), the text itself, or - for standard input. "
    "agent_id need not be set.",
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
    help="Let tasks survive a restart of their agent; without it they are lost and launched again.",
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
STAGING_TIMEOUT: Setting[float] = Setting(
    name="staging_timeout",
    kind=POSITIVE_DURATION,
    default=900.0,
    group=Group.LIMITS,
    help="Kill a launched task that has not started for this long, and launch it again.",
)

MAX_ATTEMPTS: Setting[int] = Setting(
    name="max_attempts",
    kind=integer(minimum=1),
    default=1,
    group=Group.FAILURES,
    help="How often a task that fails by itself is tried in all. What the cluster loses is "
    "launched again in any case and does not count.",
)
MAX_FAILURES: Setting[Limit | None] = Setting(
    name="max_failures",
    kind=LIMIT,
    default=None,
    group=Group.FAILURES,
    help="Stop the run when more tasks than this have failed: a count (20) or a share of all "
    "tasks (5%).",
)

DETACH: Setting[bool] = Setting(
    name="detach",
    kind=BOOLEAN,
    default=False,
    group=Group.KEEPING,
    help="Print the id of the run and let it go on in the background.",
)
ON_INTERRUPT: Setting[str] = Setting(
    name="on_interrupt",
    kind=choice("kill", "detach"),
    default="kill",
    group=Group.KEEPING,
    help="What Ctrl-C, SIGTERM and a closed terminal do: kill the tasks, or leave them running "
    "for 'mesos-batch resume'.",
)
FAILOVER_TIMEOUT: Setting[float | None] = Setting(
    name="failover_timeout",
    kind=DURATION,
    default=None,
    shown_default="1weeks, 10mins with --no-journal",
    group=Group.KEEPING,
    help="How long the cluster keeps the tasks while no mesos-batch drives the run.",
)
JOURNAL: Setting[bool] = Setting(
    name="journal",
    kind=BOOLEAN,
    default=True,
    group=Group.KEEPING,
    help="Keep the run on disk, so that it can be resumed and looked at from elsewhere.",
)
STATE_DIR: Setting[Path | None] = Setting(
    name="state_dir",
    kind=PATH,
    default=None,
    shown_default="~/.local/state/mesos-batch on Linux",
    group=Group.KEEPING,
    help="The directory where runs are kept; by default where the system keeps state of programs.",
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
    help="Show no progress: only errors, warnings and the result (--progress=none).",
)
VERBOSE: Setting[bool] = Setting(
    name="verbose",
    kind=BOOLEAN,
    default=False,
    group=Group.OUTPUT,
    help="Show each offer and launch too, and list every failure at the end.",
)
JSON: Setting[bool] = Setting(
    name="json",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.OUTPUT,
    help="Print JSON instead.",
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
