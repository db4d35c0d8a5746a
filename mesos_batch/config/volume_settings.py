"""Every setting of ``mesos-batch volumes`` and ``mesos-batch reservations``, declared once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mesos_batch.config import settings as run
from mesos_batch.config.connection_settings import WHO
from mesos_batch.config.progress_settings import EVENTS, PROGRESS
from mesos_batch.config.setting import (
    AMOUNT,
    ATTRIBUTE_LIST,
    BOOLEAN,
    SET,
    STRING,
    VERBATIM,
    Group,
    Kind,
    Setting,
    choice,
    integer,
)
from mesos_batch.config.volume_flags import VOLUME_TIMEOUT
from mesos_batch.model.resource_text import parse_resources
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import to_milli
from mesos_batch.spec.names import id_fault


def _parse_id(text: str) -> str:
    fault = id_fault(text)
    if fault is not None:
        raise ValueError(fault)
    if text.startswith("-"):
        raise ValueError(f"'{text}' begins with a dash, so no command line could name it")
    return text


def _parse_size(text: str) -> float:
    size = AMOUNT.parse(text)
    if to_milli(size) == 0:
        raise ValueError(f"'{text}' is less than Mesos can count, which is 0.001")
    return size


def _parse_path(text: str) -> str:
    if "/" in text or text in ("", ".", ".."):
        raise ValueError(f"'{text}' is not one name in the sandbox, such as data")
    return text


def _parse_plain_resources(text: str) -> Resources:
    items = parse_resources(text)
    for item in items:
        if item.reservations:
            raise ValueError(f"'{item}' has a role; --role says whom to reserve for")
    resources = Resources(items)
    if not resources:
        raise ValueError("it asks for nothing; write cpus:2;mem:64")
    return resources


MASTER = replace(
    run.MASTER,
    shown_default="none",
    help="Which cluster: HOST:PORT of a Mesos master or its http:// or https:// URL (several with "
    "commas between them), or zk://HOST:PORT,.../PATH of the ZooKeeper where masters register.",
)
ROLE = replace(
    run.ROLE,
    group=Group.VOLUMES,
    help="The role to reserve for; only its frameworks are offered what is reserved.",
    kind=replace(run.ROLE.kind, placeholder="ROLE"),
)
OF_ROLE: Setting[str | None] = Setting(
    name="role",
    kind=replace(run.ROLE.kind, placeholder="ROLE"),
    default=None,
    shown_default="all roles",
    from_env=False,
    group=Group.VOLUMES,
    help="Show only what is reserved for this role.",
)
SIZE: Setting[float | None] = Setting(
    name="size",
    kind=replace(AMOUNT, parse=_parse_size, placeholder="MB"),
    default=None,
    from_env=False,
    group=Group.VOLUMES,
    help="MB of each volume. A MOUNT disk is taken whole, so there it is the least.",
)
COUNT: Setting[int | None] = Setting(
    name="count",
    kind=integer(minimum=1, maximum=10_000),
    default=None,
    shown_default="1, or one for each agent with --one_per_agent",
    from_env=False,
    group=Group.VOLUMES,
    help="How many.",
)
ID: Setting[str | None] = Setting(
    name="id",
    kind=replace(STRING, parse=_parse_id, placeholder="ID"),
    default=None,
    shown_default="one like no other",
    from_env=False,
    group=Group.VOLUMES,
    help="The persistence id, by which tasks name the volume. Several get -1, -2, ... appended.",
)
CONTAINER_PATH: Setting[str] = Setting(
    name="container_path",
    kind=replace(STRING, parse=_parse_path, placeholder="NAME"),
    default="volume",
    from_env=False,
    group=Group.VOLUMES,
    help="Under which name the volume appears in a sandbox, unless a task says otherwise.",
)
SHARED: Setting[bool] = Setting(
    name="shared",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.VOLUMES,
    help="Let many tasks use the volume at once; else one after the other.",
)
DISK: Setting[str] = Setting(
    name="disk",
    kind=choice("root", "path", "mount"),
    default="root",
    from_env=False,
    group=Group.VOLUMES,
    help="On which kind of disk: the one of the agent's work directory, or one that its operator "
    "has declared as PATH or MOUNT.",
)
DISK_ROOT: Setting[str | None] = Setting(
    name="disk_root",
    kind=replace(STRING, placeholder="PATH"),
    default=None,
    shown_default="any",
    from_env=False,
    group=Group.VOLUMES,
    help="With --disk=path or mount: the directory of the disk on the agent.",
)
RESOURCE: Setting[str | None] = Setting(
    name="resource",
    kind=replace(VERBATIM, placeholder="JSON|FILE"),
    default=None,
    from_env=False,
    group=Group.VOLUMES,
    help="Instead of --size and the like: a file as --persistent_volume_resource takes it.",
)
AGENT: Setting[tuple[str, ...]] = Setting(
    name="agent",
    kind=SET,
    default=(),
    shown_default="any",
    from_env=False,
    group=Group.VOLUMES,
    help="On which agents: host names, ids, or ends of ids such as S1.",
)
AGENT_ATTRIBUTES: Setting[tuple[str, ...]] = Setting(
    name="attributes",
    kind=ATTRIBUTE_LIST,
    default=(),
    shown_default="any",
    from_env=False,
    group=Group.VOLUMES,
    help="Only on agents with all of these attributes.",
)
ONE_PER_AGENT: Setting[bool] = Setting(
    name="one_per_agent",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.VOLUMES,
    help="At most one on each agent.",
)
RESOURCES: Setting[Resources | None] = Setting(
    name="resources",
    kind=Kind("resources", "cpus:N;mem:MB;...", _parse_plain_resources),
    default=None,
    from_env=False,
    group=Group.VOLUMES,
    help="What, in the text form of Mesos: cpus:2;mem:64;ports:[31000-31001].",
)
OF_RUN: Setting[str | None] = Setting(
    name="run",
    kind=replace(STRING, placeholder="RUN"),
    default=None,
    from_env=False,
    group=Group.VOLUMES,
    help="Everything that this run reserved and created and that is still there. Unless given, "
    "--master and --principal are those of the run.",
)
KEEP_RESERVATIONS: Setting[bool] = Setting(
    name="keep_reservations",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.VOLUMES,
    help="Destroy the volumes only: their disk stays reserved.",
)
FORGET_AGENT: Setting[str | None] = Setting(
    name="forget_agent",
    kind=replace(STRING, placeholder="AGENT_ID"),
    default=None,
    from_env=False,
    group=Group.VOLUMES,
    help="Write off what was on an agent that is gone for good: only the ledger is changed.",
)
YES: Setting[bool] = Setting(
    name="yes",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.VOLUMES,
    help="Do not ask first.",
)

_WHO: tuple[Setting[Any], ...] = (
    MASTER,
    *WHO,
)
_LOOKS: tuple[Setting[Any], ...] = (OF_ROLE, run.STATE_DIR, run.JSON, run.COLOR, run.HELP)
_ACTS: tuple[Setting[Any], ...] = (
    VOLUME_TIMEOUT,
    run.CONTENT_TYPE,
    run.STATE_DIR,
    PROGRESS,
    EVENTS,
    run.JSON,
    run.COLOR,
    run.QUIET,
    run.VERBOSE,
    run.HELP,
)
_PLACE: tuple[Setting[Any], ...] = (COUNT, AGENT, AGENT_ATTRIBUTES, ONE_PER_AGENT)

LIST = (*_WHO, *_LOOKS)
AUDIT = LIST
CREATE = (
    *_WHO,
    ROLE,
    SIZE,
    *_PLACE,
    ID,
    CONTAINER_PATH,
    SHARED,
    DISK,
    DISK_ROOT,
    RESOURCE,
    *_ACTS,
)
DESTROY = (
    *_WHO,
    replace(OF_ROLE, help="The volume of this role, when several roles have one of that id."),
    OF_RUN,
    AGENT,
    KEEP_RESERVATIONS,
    FORGET_AGENT,
    YES,
    *_ACTS,
)
RESERVE = (*_WHO, ROLE, RESOURCES, *_PLACE, *_ACTS)
UNRESERVE = (*_WHO, ROLE, RESOURCES, AGENT, YES, *_ACTS)
