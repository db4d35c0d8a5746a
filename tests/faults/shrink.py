"""Make a failing plan as small as it stays failing, and tell what happens in it."""

from __future__ import annotations

from dataclasses import replace

from faults.plan import START, Plan
from faults.run import Outcome, run

# What is left of a plan meets other delays; a few of them are tried.
OTHER_DELAYS = 5


def shrink(plan: Plan, rule: str) -> Plan:
    """Take away faults, then tasks, then agents, for as long as the same rule is broken."""
    while (smaller := _smaller(plan, rule)) is not None:
        plan = smaller
    return plan


def _smaller(plan: Plan, rule: str) -> Plan | None:
    for name, at_least in (("faults", 0), ("tasks", 1), ("changes", 0), ("agents", 1)):
        items = getattr(plan, name)
        if len(items) == at_least:
            continue
        for index in reversed(range(len(items))):
            rest = items[:index] + items[index + 1 :]
            for delays in range(OTHER_DELAYS):
                smaller = replace(plan, delays=delays, **{name: rest})
                if run(smaller).rule == rule:
                    return smaller
    return None


def explain(plan: Plan, rule: str) -> str:
    """The smallest plan like this one, and its trace."""
    small = shrink(plan, rule)
    return f"{small.describe()}\n\n{traced(small)[1]}"


def traced(plan: Plan) -> tuple[Outcome, str]:
    """Run a plan and tell everything that happened, a line each."""
    trace: list[tuple[float, str, str]] = []
    outcome = run(plan, trace)
    lines = [f"{at - START:10.3f}  {who:10} {what}" for at, who, what in trace]
    return outcome, "\n".join([*lines, "", outcome.text or "everything held"])
