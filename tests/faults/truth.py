"""The books at the end of a run against what the simulated cluster really did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from faults.change_plan import is_possible
from faults.dependency_plan import parents
from faults.dependency_rules import BAD, cancels, stopped

from mesos_batch.errors import ExitCode
from mesos_batch.model.facts import Phase

if TYPE_CHECKING:
    from faults.messages import Process
    from faults.plan import Plan, PlannedTask
    from faults.sim_journal import Journal
    from faults.world import World

    from mesos_batch.model.saved import AttemptEntry, TaskEntry

Finding = tuple[str, str]
# Messages take up to 3 s each way, and the engine may be slow.
_UNSURE = 15.0
# The master repeats that an attempt failed without saying why; the agent, who could have told
# that it was not the task's fault, was too slow.
_HEARSAY = ("REASON_RECONCILIATION", "REASON_AGENT_REREGISTERED")
_COUNTED = (Phase.FAILED, Phase.KILLED)


def check_attempts(
    journal: Journal,
    plan: Plan,
    attempts: Mapping[str, tuple[int, int]],
    processes: Mapping[str, Process],
    casualties: Mapping[str, int],
) -> Iterator[Finding]:
    """Each task's end follows from its attempts, and each attempt from its process."""
    ran = {attempts[name]: process for name, process in processes.items()}
    for position, planned in enumerate(plan.tasks):
        task = journal.tasks[position]
        name = planned.task_id
        own = [journal.attempts.get((position, n)) for n in range(1, task.launches + 1)]
        if (position, task.launches + 1) in journal.attempts or None in own:
            yield "attempts numbered", f"{name}: {task.launches} launches, {own}"
            continue
        known = [entry for entry in own if entry is not None]
        for entry in known:
            yield from _check_attempt(name, entry, ran.get((position, entry.number)))
        cut = _Cut(cancels(journal, planned), not planned.always and stopped(plan, journal))
        allowed = planned.max_attempts or plan.max_attempts
        yield from _check_counts(planned, (allowed, plan.max_losses), task, known, casualties, cut)


def _check_attempt(name: str, entry: AttemptEntry, process: Process | None) -> Iterator[Finding]:
    status = None if process is None else process.exit_status
    text = f"{name} attempt {entry.number} is {entry.phase}, its process: {process}"
    if not entry.phase.is_end:
        yield "attempts end", text
    elif entry.phase is Phase.FINISHED and status != 0:
        yield "finished is true", text
    elif entry.phase is Phase.FAILED and status is None and entry.reason in _HEARSAY:
        pass
    elif entry.phase is Phase.FAILED and status in (None, 0):
        yield "failed is true", text
    elif entry.phase is Phase.KILLED and status is not None:
        yield "killed is true", text


@dataclass(frozen=True, slots=True)
class _Cut:
    """Whether a task was kept from its attempts: cancelled, or because another one failed."""

    cancelled: bool
    stopped: bool


def _check_counts(
    planned: PlannedTask,
    allowed: tuple[int, int],
    task: TaskEntry,
    own: list[AttemptEntry],
    casualties: Mapping[str, int],
    cut: _Cut,
) -> Iterator[Finding]:
    name = planned.task_id
    attempts, losses = allowed
    phases = [entry.phase for entry in own]
    text = f"{name}: {task}, attempts {[phase.name for phase in phases]}"
    failed = sum(phase in _COUNTED for phase in phases)
    finished = phases.count(Phase.FINISHED)
    if finished > 1 or (finished == 1) != (task.phase is Phase.FINISHED):
        yield "one attempt counts", text
    if finished and phases[-1] is not Phase.FINISHED:
        yield "nothing after the end", text
    if task.failures != failed or task.failures > attempts:
        yield "failures counted", text
    whole = not cut.cancelled and not cut.stopped
    if whole and task.phase in _COUNTED and failed != attempts:
        yield "every attempt made", text
    if whole and task.phase is Phase.LOST and task.losses != losses + 1:
        yield "losses retried", text
    lost = phases.count(Phase.LOST)
    # What ended with an executor it shared counts for nothing.
    if not cut.cancelled and not lost - casualties[name] <= task.losses <= lost:
        yield "losses counted", text
    if task.phase is Phase.CANCELLED and not cut.cancelled:
        yield "cancelled is true", text


def check_exit_code(journal: Journal, plan: Plan) -> Iterator[Finding]:
    """The exit code says how the tasks ended."""
    if journal.end is None:
        return
    # What was skipped was so for what another task did.
    phases = [it.phase for it in journal.tasks.values() if it.phase is not Phase.SKIPPED]
    bad = sum(phase in BAD for phase in phases)
    if journal.cancelled is not None:
        expected = journal.cancelled.exit_code
        stopped = expected is ExitCode.TASK_FAILED
        if stopped and (plan.max_failures is None or bad <= plan.max_failures):
            yield "stopped for a reason", f"{bad} tasks failed of {plan.max_failures} allowed"
    elif all(phase is Phase.FINISHED for phase in phases):
        expected = ExitCode.FINISHED
    elif all(phase in (Phase.FINISHED, Phase.UNPLACEABLE) for phase in phases):
        expected = ExitCode.UNPLACEABLE
    else:
        expected = ExitCode.TASK_FAILED
    if journal.end.exit_code is not expected:
        yield "exit code is true", f"{journal.end} instead of {expected.name}: {phases}"


def check_as_planned(
    journal: Journal, plan: Plan, casualties: Mapping[str, int]
) -> Iterator[Finding]:
    """Where nothing goes wrong each task goes exactly as its tries say."""
    if (
        plan.faults
        or not is_possible(plan)
        or plan.max_failures is not None
        or not plan.keep_going
        or plan.unplaceable_timeout < _UNSURE
    ):
        return
    for position, planned in enumerate(plan.tasks):
        phases: list[Phase] = []
        ends = {journal.tasks[parent].phase for parent in parents(plan, position)}
        skipped = not planned.always and bool(ends - {Phase.FINISHED})
        attempts = 0 if skipped else planned.max_attempts or plan.max_attempts
        for number in range(1, attempts + 1):
            planned_try = planned.attempt(number)
            ends_after = planned_try.seconds + 0.5
            limit = plan.kill_after
            if limit is not None and abs(ends_after - limit) < _UNSURE:
                return
            if limit is not None and ends_after > limit:
                phases.append(Phase.KILLED)
            else:
                phases.append(Phase.FAILED if planned_try.exit_status else Phase.FINISHED)
            if phases[-1] is Phase.FINISHED:
                break
        launches = journal.tasks[position].launches
        went = [journal.attempts[position, number].phase for number in range(1, launches + 1)]
        if casualties[planned.task_id]:
            went = [phase for phase in went if phase is not Phase.LOST]
        if went != phases:
            yield "as planned", f"{planned.task_id}: {went} instead of {phases}"


def check_processes(world: World) -> Iterator[Finding]:
    """After TEARDOWN reached the master nothing of ours runs where it could be stopped."""
    master, framework_id = world.torn_down or (None, "")
    if master is None or master is not world.master:
        return
    for process in (*world.processes.values(), *world.anchors.values()):
        if not process.alive or process.framework_id != framework_id:
            continue
        agent = world.agents[process.agent_id]
        told = world.clock.now - agent.registered_at > _UNSURE
        if told and agent.registered and agent.agent_id in master.agents:
            yield "nothing left running", f"{process} on {agent.agent_id}"
