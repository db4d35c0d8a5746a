"""The settings of a run that are about placement: on which agents, how many at once, how fast."""

from __future__ import annotations

from typing import Any

from mesos_batch.config.setting import DURATION, Group, Kind, Setting, choice, integer
from mesos_batch.model.constraint_text import parse_constraint
from mesos_batch.model.scheduling import Constraint

SEPARATOR = ";"


def _parse_constraints(text: str) -> tuple[Constraint, ...]:
    """One or several with semicolons between them, as a variable has them."""
    pieces = (piece for piece in text.split(SEPARATOR) if piece.strip())
    return tuple(dict.fromkeys(parse_constraint(piece) for piece in pieces))


def _show_constraints(constraints: tuple[Constraint, ...]) -> str:
    return SEPARATOR.join(map(str, constraints)) or "none"


CONSTRAINT: Setting[tuple[Constraint, ...]] = Setting(
    name="constraint",
    kind=Kind("constraints", "FIELD:OPERATOR:VALUE", _parse_constraints, _show_constraints),
    default=(),
    joined_by=SEPARATOR,
    group=Group.PLACEMENT,
    help="On which agents every task may run, by hostname or the name of an attribute; operators "
    "are equals, not, like, unlike, in, unique, group_by and max_per. The flag may be given "
    "several times, and several stand with semicolons between them.",
)
MAX_RUNNING: Setting[int | None] = Setting(
    name="max_running",
    kind=integer(minimum=1),
    default=None,
    group=Group.PLACEMENT,
    help="Have at most this many tasks of the run running at one time.",
)
EXECUTOR: Setting[str] = Setting(
    name="executor",
    kind=choice("auto", "command", "pool"),
    default="auto",
    group=Group.PLACEMENT,
    help="How plain commands are run: each by an executor of its own (command), those of an agent "
    "as containers inside one executor (pool), or in the second way once starting executors has "
    "cost a good part of the time (auto).",
)
REVIVE_INTERVAL: Setting[float] = Setting(
    name="revive_interval",
    kind=DURATION,
    default=0.02,
    group=Group.PLACEMENT,
    help="The least time between two requests for offers (REVIVE).",
)

PLACEMENT: tuple[Setting[Any], ...] = (CONSTRAINT, MAX_RUNNING, EXECUTOR, REVIVE_INTERVAL)
