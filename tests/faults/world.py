"""Everything of one simulated run: time, cluster, scheduler, journal, and the truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from faults.clock import Clock
from faults.disk_journal import DiskJournal
from faults.messages import Process
from faults.oracle import Oracle
from faults.plan import START, Fault, Machine, Plan, PlannedTask, Try
from faults.scheduler_process import SchedulerProcess
from faults.sim_agent import Agent
from faults.sim_executors import is_anchor
from faults.sim_journal import Journal
from faults.sim_master import Master, Registry
from faults.sim_offers import resources

from mesos_batch.engine import events as ev
from mesos_batch.engine.policy import ExecutorUse, Policy
from mesos_batch.errors import ExitCode
from mesos_batch.model.limit import Limit
from mesos_batch.model.resource import Disk, Resource, Volume
from mesos_batch.model.resources import DISK, Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.model.scheduling import Scheduling
from mesos_batch.model.task import TaskSpec

if TYPE_CHECKING:
    from faults.stream import Stream

    from mesos_batch.model.saved import EndEntry

# A user looks again at a run that stopped after so many seconds.
USER_COMES_BACK = 20.0
# Whoever has resumed a run so often in vain cancels it.
PATIENCE_OF_USER = 8


class Armed:
    """Faults that wait for the next commit or call; ``target`` of them go unharmed first."""

    def __init__(self) -> None:
        self._calls: list[Fault] = []
        self._crashes: dict[str, list[Fault]] = {}
        self._passed: Counter[int] = Counter()

    def add(self, fault: Fault) -> None:
        if fault.kind.startswith("call_"):
            self._calls.append(fault)
        else:
            self._crashes.setdefault(fault.kind, []).append(fault)

    def take(self, kind: str) -> bool:
        waiting = self._crashes.get(kind)
        return bool(waiting) and self._first(waiting or []) is not None

    def take_call(self) -> Fault | None:
        return self._first(self._calls) if self._calls else None

    def _first(self, waiting: list[Fault]) -> Fault | None:
        first = waiting[0]
        if self._passed[id(first)] < first.target:
            self._passed[id(first)] += 1
            return None
        return waiting.pop(0)


class World:
    """One run of one plan; with a ``state_dir`` the real journal is kept as well."""

    def __init__(
        self,
        plan: Plan,
        trace: list[tuple[float, str, str]] | None = None,
        state_dir: Path | None = None,
    ) -> None:
        self.plan = plan
        self.rng = Random(f"{plan.seed} {plan.delays}")
        self.clock = Clock(START)
        self.trace = trace
        self.counts: Counter[str] = Counter()
        self.processes: dict[str, Process] = {}
        self.anchors: dict[str, Process] = {}
        # How many attempts of each task ended with the executor they shared.
        self.casualties: Counter[str] = Counter()
        self.registry = Registry()
        self.agents: dict[str, Agent] = {}
        self.master: Master | None = None
        self.process: SchedulerProcess | None = None
        self.torn_down: tuple[Master, str] | None = None
        self.over = False
        self.disturbed_at = START
        self.armed = Armed()
        self.oracle = Oracle(self)
        self.specs = tuple(
            TaskSpec(
                task.task_id,
                task.name or task.task_id,
                _resources_of(task),
                b"",
                task.pinned,
                scheduling=Scheduling(max_attempts=task.max_attempts),
                poolable=task.volume is None,
                depends_on=task.depends_on,
                always=task.always,
            )
            for task in plan.tasks
        )
        self.journal = (
            Journal(self.oracle.written.entry)
            if state_dir is None
            else DiskJournal(self.oracle.written.entry, state_dir, self.specs, plan.changes)
        )
        self.policy = Policy(
            role=plan.role,
            volume_timeout=plan.volume_timeout,
            max_attempts=plan.max_attempts,
            max_losses=plan.max_losses,
            max_failures=None if plan.max_failures is None else Limit(plan.max_failures),
            keep_going=plan.keep_going,
            staging_timeout=plan.staging_timeout,
            unreachable_timeout=plan.unreachable_timeout,
            unplaceable_timeout=plan.unplaceable_timeout,
            kill_after=plan.kill_after,
            failover_timeout=plan.failover_timeout,
            checkpoint=plan.checkpoint,
            executor=ExecutorUse(plan.executor),
        )
        self._numbers: Counter[str] = Counter()
        self._stops = 0

    # -- names and the truth ------------------------------------------------------------------

    def number(self, of: str) -> int:
        self._numbers[of] += 1
        return self._numbers[of]

    def uuid(self) -> bytes:
        return self.number("uuid").to_bytes(16, "big")

    def framework_id(self, master: str) -> str:
        return f"{master}-F{self.number('framework')}"

    def attempt(self, attempt_id: str) -> Try:
        """How the plan wants this attempt to go."""
        if is_anchor(attempt_id):
            return Try(900.0, 0)
        position, number = self.oracle.attempts[attempt_id]
        return self.plan.tasks[position].attempt(number)

    def fork(self, attempt_id: str, framework_id: str, agent_id: str) -> Process:
        """A process begins; no attempt may have two."""
        if is_anchor(attempt_id):
            process = self.anchors[attempt_id] = Process(attempt_id, framework_id, agent_id)
            return process
        self.oracle.forks(attempt_id, agent_id)
        process = self.processes[attempt_id] = Process(attempt_id, framework_id, agent_id)
        return process

    def exited(self, process: Process, exit_status: int | None) -> None:
        self.oracle.exits(process, exit_status)
        process.alive = False
        process.exit_status = exit_status
        process.ended_at = self.clock.now
        self.log(process.agent_id, "process of %s ends: %s", process.attempt_id, exit_status)

    def casualty(self, attempt_id: str) -> None:
        """An attempt ends with the executor it shared."""
        self.casualties[attempt_id.partition("~")[0]] += 1

    # -- what is told -------------------------------------------------------------------------

    def log(self, who: str, what: str, *values: Any) -> None:
        if self.trace is not None:
            self.trace.append((self.clock.now, who, what % values if values else what))

    def happened(self, kind: str, text: str) -> None:
        """Count something that went wrong as planned."""
        self.counts[kind] += 1
        self.disturbed_at = self.clock.now
        if self.trace is not None:
            self.trace.append((self.clock.now, "*fault*", f"{kind}: {text}"))

    # -- masters and agents -------------------------------------------------------------------

    def begin(self) -> None:
        self.new_master()
        for machine in self.plan.agents:
            self.new_agent(machine)
        self.process = SchedulerProcess(self, resumed=False)
        self.clock.after(0.0, self.process.start)

    def new_agent(self, machine: Machine) -> None:
        agent_id = f"S{self.number('agent') - 1}"
        agent = self.agents[agent_id] = Agent(self, agent_id, machine)
        agent.register_soon(self.rng.random())

    def replace(self, agent: Agent) -> None:
        """Somebody brings a new machine of the same size, under a new id."""
        machine = replace(agent.machine, holds=Resources())
        self.clock.after(30.0 + self.rng.random() * 60.0, self.new_agent, machine)

    def new_master(self) -> None:
        self.master = Master(self, self.number("master"), self.registry)
        self.log(self.master.name, "leads")
        for agent in self.agents.values():
            if agent.up:
                agent.register_soon(self.rng.random() * self.rng.choice((1.0, 5.0, 30.0)))

    def fail_master(self, downtime: float) -> None:
        """The leader dies: connections break, and another one leads later."""
        old, self.master = self.master, None
        if old is None:
            return
        for agent in self.agents.values():
            agent.break_socket()
            agent.registered = False
        self.break_stream("the master died", 0.0)
        self.clock.after(downtime, self.new_master)

    # -- the scheduler ------------------------------------------------------------------------

    @property
    def stream(self) -> Stream | None:
        """The present subscription."""
        return self.process.subscription.stream if self.process is not None else None

    def break_stream(self, reason: str, noticed_after: float) -> None:
        """What is under way is lost; we notice at once, the master later."""
        if self.process is not None and self.stream is not None:
            self.stream.pipe.cut()
            self.process.subscription.lose(reason, noticed_after)

    def process_crashed(self, process: SchedulerProcess, back_in: float | None = None) -> None:
        """The scheduler was killed; somebody resumes it."""
        self.happened("scheduler_crash", "killed")
        process.die()
        self.oracle.life_ended()
        if back_in is None:
            back_in = self.rng.choice((0.0, 1.0, 30.0, 400.0))
        self.clock.after(back_in, self._resume)

    def process_ended(self, end: EndEntry) -> None:
        self.log("scheduler", "ends with %d: %s", end.exit_code, end.message)
        self.oracle.life_ended()
        if end.final:
            self.over = True
        else:
            self.happened("resumed_after_stop", f"{end.message}")
            self._stops += 1
            self.clock.after(USER_COMES_BACK, self._resume)

    def _resume(self) -> None:
        self.process = SchedulerProcess(self, resumed=True)
        self.log("scheduler", "resumes")
        self.process.start()
        impatient = self.plan.changes and self._stops > PATIENCE_OF_USER
        if impatient and self.process.alive:
            self.happened("user_gives_up", f"after {self._stops} stops")
            self.process.post(ev.CancelAsked(ExitCode.INTERRUPTED))


def _resources_of(task: PlannedTask) -> Resources:
    """What a task asks for: a volume by its id alone, as it may have come out larger."""
    wanted = resources(task.cpus, task.mem)
    if task.volume is None:
        return wanted
    disk = Disk(task.volume, volume=Volume("here"))
    return wanted + Resources([Resource(DISK, Scalar(1), disk=disk)])
