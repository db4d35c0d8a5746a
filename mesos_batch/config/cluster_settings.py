"""Every setting of ``mesos-batch agents``, ``frameworks``, ``tasks`` and ``offers``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import Any, TypeVar

from mesos_batch.config import placement_settings as placement
from mesos_batch.config import settings as run
from mesos_batch.config import volume_settings as volumes
from mesos_batch.config.connection_settings import WHO
from mesos_batch.config.setting import (
    BOOLEAN,
    POSITIVE_DURATION,
    SET,
    STRING,
    Group,
    Kind,
    Setting,
    integer,
)
from mesos_batch.model.constraint_match import COUNTED
from mesos_batch.model.inventory import AgentStatus, FrameworkStatus
from mesos_batch.model.scheduling import Constraint
from mesos_batch.model.selecting import NOT_OVER
from mesos_batch.model.state import TaskState

T = TypeVar("T", bound=Enum)
_ALL = "all"
_PREFIX = "task_"


def _words_of(states: Mapping[str, T]) -> Kind[frozenset[T]]:
    """Some of these words with commas between them, or ``all``; also as ``TASK_RUNNING``."""

    def parse(text: str) -> frozenset[T]:
        found: set[T] = set()
        for word in SET.parse(text.lower()):
            word = word.removeprefix(_PREFIX)
            if word == _ALL:
                found.update(states.values())
            elif word in states:
                found.add(states[word])
            else:
                raise ValueError(f"'{word}' is not one of {', '.join((*states, _ALL))}")
        if not found:
            raise ValueError("it is empty; give a state or leave the flag out")
        return frozenset(found)

    def show(chosen: frozenset[T]) -> str:
        return ",".join(word for word, state in states.items() if state in chosen)

    return Kind("set", "STATE,...", parse, show, choices=(*states, _ALL))


def _parse_static(text: str) -> tuple[Constraint, ...]:
    constraints = placement.CONSTRAINT.kind.parse(text)
    for constraint in constraints:
        if constraint.operator in COUNTED:
            raise ValueError(f"'{constraint}' counts tasks, and there are none to count here")
    return constraints


_AGENT_STATES = {status.value: status for status in AgentStatus}
_FRAMEWORK_STATES = {status.value: status for status in FrameworkStatus}
_TASK_STATES = {state.name.lower().removeprefix(_PREFIX): state for state in TaskState}

MASTER = replace(volumes.MASTER, group=Group.CLUSTER)

AGENT: Setting[tuple[str, ...]] = replace(
    volumes.AGENT,
    group=Group.SELECT,
    help="Only these agents: host names, ids, or ends of ids such as S1.",
)
HOST: Setting[str | None] = Setting(
    name="host",
    kind=replace(STRING, placeholder="PATTERN"),
    default=None,
    shown_default="any",
    from_env=False,
    group=Group.SELECT,
    help="Only agents whose host name is like this, such as node-*.example.org.",
)
ATTRIBUTES: Setting[tuple[str, ...]] = replace(
    volumes.AGENT_ATTRIBUTES,
    group=Group.SELECT,
    help="Only agents with all of these attributes.",
)
CONSTRAINT: Setting[tuple[Constraint, ...]] = replace(
    placement.CONSTRAINT,
    kind=replace(placement.CONSTRAINT.kind, parse=_parse_static),
    from_env=False,
    group=Group.SELECT,
    help="Only agents that a task with this constraint may run on, such as rack:like:a.*; may be "
    "given several times.",
)
FREE = replace(
    volumes.RESOURCES,
    name="free",
    group=Group.SELECT,
    shown_default="any",
    help="Only agents with this much that no task holds and that is reserved for nobody.",
)
AGENT_STATE: Setting[frozenset[AgentStatus]] = Setting(
    name="state",
    kind=_words_of(_AGENT_STATES),
    default=frozenset(AgentStatus),
    shown_default=_ALL,
    from_env=False,
    group=Group.SELECT,
    help="Only agents in one of these states: active, disconnected, deactivated, draining, "
    "drained, recovering.",
)
AGENT_SELECTORS: tuple[Setting[Any], ...] = (AGENT, HOST, ATTRIBUTES, CONSTRAINT, FREE)

NAME: Setting[str | None] = Setting(
    name="name",
    kind=replace(STRING, placeholder="PATTERN"),
    default=None,
    shown_default="any",
    from_env=False,
    group=Group.SELECT,
    help="Only frameworks with a name like this, such as spark-*.",
)
OF_ROLE: Setting[str | None] = replace(
    volumes.OF_ROLE,
    group=Group.SELECT,
    help="Only frameworks of this role.",
)
FRAMEWORK_STATE: Setting[frozenset[FrameworkStatus]] = Setting(
    name="state",
    kind=_words_of(_FRAMEWORK_STATES),
    default=frozenset(FrameworkStatus) - {FrameworkStatus.COMPLETED},
    shown_default="all but completed",
    from_env=False,
    group=Group.SELECT,
    help="Only frameworks in one of these states: active, inactive, disconnected, recovered, "
    "completed, all.",
)

TASK_NAME = replace(NAME, help="Only tasks with an id or a name like this, such as fmask-*.")
FRAMEWORK: Setting[str | None] = Setting(
    name="framework",
    kind=replace(STRING, placeholder="FRAMEWORK"),
    default=None,
    shown_default="any",
    from_env=False,
    group=Group.SELECT,
    help="Only tasks of this framework: its id, the end of it such as 0003, or a pattern of its "
    "name.",
)
TASK_STATE: Setting[frozenset[TaskState]] = Setting(
    name="state",
    kind=_words_of(_TASK_STATES),
    default=NOT_OVER,
    shown_default="those that are not over",
    from_env=False,
    group=Group.SELECT,
    help="Only tasks in one of these states, such as running,failed, or all. Of tasks that are "
    "over a master knows the last ones only.",
)
LIMIT: Setting[int | None] = Setting(
    name="limit",
    kind=integer(minimum=1),
    default=None,
    shown_default="1000 in a table, all with --json",
    from_env=False,
    group=Group.OUTPUT,
    help="Show at most so many; how many more there are is said.",
)

ROLE = replace(run.ROLE, help="Register for this role: what is reserved for others is not offered.")
WAIT: Setting[float] = Setting(
    name="wait",
    kind=POSITIVE_DURATION,
    default=5.0,
    from_env=False,
    group=Group.LIMITS,
    help="How long to wait for offers, unless all agents that have something have made one before.",
)
OUTSTANDING: Setting[bool] = Setting(
    name="outstanding",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.SELECT,
    help="Show the offers that other frameworks think about now; then nothing is registered.",
)

ASKED: tuple[Setting[Any], ...] = (
    MASTER,
    *WHO,
)
_SHOWS: tuple[Setting[Any], ...] = (run.JSON, run.COLOR, run.HELP)

AGENTS: tuple[Setting[Any], ...] = (*ASKED, *AGENT_SELECTORS, AGENT_STATE, *_SHOWS)
FRAMEWORKS: tuple[Setting[Any], ...] = (*ASKED, NAME, OF_ROLE, FRAMEWORK_STATE, *_SHOWS)
TASKS: tuple[Setting[Any], ...] = (
    *ASKED,
    TASK_NAME,
    FRAMEWORK,
    replace(AGENT, help="Only tasks on these agents: host names, ids, or ends of ids such as S1."),
    replace(OF_ROLE, help="Only tasks with resources of this role."),
    TASK_STATE,
    LIMIT,
    *_SHOWS,
)
OFFERS: tuple[Setting[Any], ...] = (*ASKED, ROLE, OUTSTANDING, AGENT, HOST, WAIT, *_SHOWS)
