"""Facts as plain lines, one each, for pipes and log files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum

from mesos_batch.messages import explain
from mesos_batch.model import facts as fact
from mesos_batch.model.change import ChangePhase
from mesos_batch.model.facts import Fact, Phase
from mesos_batch.model.operation import OperationState
from mesos_batch.model.task import TaskSpec
from mesos_batch_cli.output.change_text import ending, operation_text
from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.text import agent_name, counted, elapsed, one_line

# What follows from a refusal is told with the change it belongs to.
_TOLD_BY_THE_CHANGE = (
    OperationState.OPERATION_PENDING,
    OperationState.OPERATION_FINISHED,
    OperationState.OPERATION_ERROR,
    OperationState.OPERATION_FAILED,
)


_OfChange = fact.OperationsSent | fact.OperationUpdated | fact.ChangeWaits | fact.ChangeEnded


class Level(IntEnum):
    """How much is printed."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


class Lines:
    """Writes facts as lines; remembers where tasks are, because facts name the agent once.

    ``run_id`` is how the run is called, ``None`` when it is not kept.
    """

    def __init__(
        self, paint: Paint, level: Level, specs: Sequence[TaskSpec], run_id: str | None = None
    ) -> None:
        self._run = "the run" if run_id is None else f"run {run_id}"
        self._paint = paint
        self._level = level
        self._agents: dict[str, str] = {}
        self._phases: dict[str, Phase] = {}
        told = specs if level >= Level.VERBOSE else ()
        self._commands = {spec.task_id: spec.command for spec in told}

    def line(self, happened: Fact) -> str | None:
        """The line of a fact, ``None`` when it is not worth one at this level."""
        level, text = self._text(happened)
        if text is None or level > self._level:
            return None
        return f"{self._paint.dim(clock(happened.at))} {text}"

    def _text(self, happened: Fact) -> tuple[Level, str | None]:
        match happened:
            case fact.RunResumed():
                counts = _resumed(happened)
                return Level.NORMAL, f"resuming {self._run}: {counts}"
            case fact.Subscribed(master=master, framework_id=framework, again=again):
                word = "subscribed again" if again else "subscribed"
                return Level.NORMAL, f"{word} to {master} as framework {framework}"
            case fact.Disconnected(reason=reason, retry_in=seconds):
                text = f"not connected: {one_line(reason)}; trying again in {elapsed(seconds)}"
                return Level.NORMAL, self._paint.doubtful(text)
            case fact.OffersSeen(offers=offers, launched=launched, declined=declined):
                counts = f"offers: {offers} came, {launched} tasks launched, {declined} declined"
                return Level.VERBOSE, counts
            case fact.AgentRested(agent_id=agent_id, hostname=hostname, seconds=seconds):
                agent = agent_name(agent_id, hostname)
                text = f"agent {agent} gets no task for {elapsed(seconds)}: "
                text += f"{happened.failures} attempts failed there"
                return Level.NORMAL, self._paint.doubtful(text)
            case fact.Warned(message=message):
                return Level.QUIET, self._paint.doubtful(f"warning: {one_line(message)}")
            case fact.RunEnded():
                return Level.VERBOSE, None
            case (
                fact.OperationsSent()
                | fact.OperationUpdated()
                | fact.ChangeWaits()
                | fact.ChangeEnded()
            ):
                return self._change_text(happened)
            case _:
                return self._task_text(happened)

    def _change_text(self, happened: _OfChange) -> tuple[Level, str]:
        match happened:
            case fact.OperationsSent(operations=operations):
                agent = agent_name(happened.agent_id, happened.hostname)
                sent = ", ".join(operation_text(operation) for operation in operations)
                return Level.VERBOSE, f"sent to agent {agent}: {one_line(sent)}"
            case fact.OperationUpdated(operation=operation):
                agent = agent_name(happened.agent_id, happened.hostname)
                text = f"{operation_text(operation)} on agent {agent}: {operation.state.name}"
                if operation.message is not None:
                    text += f" ({operation.message})"
                if operation.state in _TOLD_BY_THE_CHANGE:
                    return Level.VERBOSE, one_line(text)
                return Level.NORMAL, self._paint.doubtful(one_line(text))
            case fact.ChangeEnded(view=view):
                good = view.phase is ChangePhase.DONE
                paint = self._paint.good if good else self._paint.bad
                return Level.NORMAL, paint(one_line(ending(view)))
            case fact.ChangeWaits(why=why):
                return Level.NORMAL, self._paint.doubtful(f"waiting: {one_line(why)}")

    def _task_text(self, happened: Fact) -> tuple[Level, str | None]:
        match happened:
            case fact.TaskLaunched(task_id=task_id, agent_id=agent_id, hostname=hostname):
                self._agents[task_id] = agent_name(agent_id, hostname)
                self._phases[task_id] = Phase.LAUNCHED
                text = f"{_task(task_id)} launched{self._on_agent(task_id)}"
                command = self._commands.get(task_id)
                return Level.VERBOSE, f"{text}: {one_line(command)}" if command else text
            case fact.TaskUpdated():
                return self._updated(happened)
            case fact.TaskRequeued():
                return Level.NORMAL, self._requeued(happened)
            case fact.AttemptSuperseded(task_id=task_id, attempt=attempt):
                text = f"{_task(task_id)}: attempt {attempt} was given up, came back and is killed"
                return Level.NORMAL, self._paint.doubtful(text)
            case fact.TaskEnded():
                return Level.NORMAL, self._ended(happened)
            case fact.TaskUnplaceable(task_id=task_id, explanation=why, deadline=deadline):
                text = f"{_task(task_id)} fits no agent: {one_line(why)}"
                if deadline > happened.at:
                    text += f"; given up in {elapsed(deadline - happened.at)}"
                return Level.NORMAL, self._paint.doubtful(text)
            case fact.TaskPlaceable(task_id=task_id):
                return Level.NORMAL, f"{_task(task_id)} fits an agent that came"
            case fact.KillSent(task_id=task_id, why=why):
                return Level.NORMAL, f"{_task(task_id)} is being killed: {one_line(why)}"
        return Level.VERBOSE, None

    def _updated(self, update: fact.TaskUpdated) -> tuple[Level, str]:
        news = self._phases.get(update.task_id) is not update.phase
        self._phases[update.task_id] = update.phase
        text = f"{_task(update.task_id)} {update.phase.value}{self._on_agent(update.task_id)}"
        if update.phase is Phase.UNREACHABLE:
            text = self._paint.doubtful(text)
        # The same phase again tells a changed health check or a state in between.
        shown = Level.NORMAL if news and update.phase is not Phase.LAUNCHED else Level.VERBOSE
        if shown is Level.VERBOSE:
            text += f" ({update.state.name})"
        return shown, text

    def _requeued(self, requeued: fact.TaskRequeued) -> str:
        task_id, state = requeued.task_id, requeued.state
        why = explain(state.name if state is not None else None, None, requeued.message).sentence
        text = f"{_task(task_id)}: attempt {requeued.attempt} {requeued.phase.value}"
        text += f"{self._on_agent(task_id)}: {one_line(why)}; trying again"
        if requeued.delay > 0:
            text += f" in {elapsed(requeued.delay)}"
        if not requeued.counted:
            text += ", not counted"
        self._agents.pop(task_id, None)
        self._phases.pop(task_id, None)
        return self._paint.doubtful(text)

    def _ended(self, end: fact.TaskEnded) -> str:
        text = f"{_task(end.task_id)} {end.phase.value}{self._on_agent(end.task_id)}"
        if end.phase is Phase.FINISHED:
            return self._paint.good(text)
        if end.phase is Phase.CANCELLED:
            return text
        if end.phase is Phase.SKIPPED:
            return self._paint.doubtful(f"{text}: {one_line(end.message or '')}")
        state = end.state.name if end.state is not None else None
        why = explain(state, end.reason, end.message).sentence
        return self._paint.bad(f"{text}: {one_line(why)}")

    def _on_agent(self, task_id: str) -> str:
        agent = self._agents.get(task_id)
        return f" on agent {agent}" if agent else ""


def clock(at: float) -> str:
    """Local time of day."""
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")


def _task(task_id: str) -> str:
    return f"task {one_line(task_id)}"


def _resumed(run: fact.RunResumed) -> str:
    counts = f"{run.ended:,} ended, {run.active:,} active, {run.waiting:,} waiting"
    if run.changes:
        counts += f", {counted(run.changes, 'change')} to be made first"
    return counts
