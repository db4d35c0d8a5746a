"""All tasks of a list against all rules, whatever format they came in."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resources import Resources
from mesos_batch.model.task import TaskSpec
from mesos_batch.spec.dependency_rules import Refused, dependency_findings
from mesos_batch.spec.findings import Blocked, Finding
from mesos_batch.spec.label_rules import LabelReader, Said
from mesos_batch.spec.pooling import is_poolable
from mesos_batch.spec.problems import Severity
from mesos_batch.spec.required_fields import missing_fields
from mesos_batch.spec.resource_rules import resource_findings
from mesos_batch.spec.sharing import Shared
from mesos_batch.spec.task_rules import task_findings
from mesos_batch.spec.volume_rules import Purpose, task_resources

_COMMAND_SHOWN = 120  # characters

ResourcesKey = tuple[bytes, ...]


class TaskChecker:
    """Judges tasks one after the other and makes a ``TaskSpec`` of each good one.

    ``findings`` is complete after :meth:`finish`. Tasks of a batch ask for the same resources
    over and over, so what was found for a list of resources is kept.
    """

    def __init__(self, blocked: Blocked) -> None:
        self.findings: list[Finding] = []
        self.specs: list[TaskSpec] = []
        self._blocked = blocked
        self._resources: dict[ResourcesKey, tuple[tuple[Finding, ...], Resources | None]] = {}
        self._labels = LabelReader()
        self._ids: dict[str, int] = {}
        self._executors: dict[str, tuple[int, bytes, str]] = {}
        self._shared = Shared()
        self._samples: dict[tuple[int, int], int] = {}
        self._refused: list[Refused] = []

    def check(self, index: int, task: pb.TaskInfo) -> None:
        """Judge ``tasks[index]``; an absent ``agent_id`` is set to the empty one."""
        if not task.agent_id.value:
            # Required on the wire; the scheduler fills it in when it knows the agent.
            task.agent_id.value = ""
        missing = missing_fields(task)
        found = bool(missing) and self._take(index, missing)
        resource_problems, resources = self._judge(task.resources)
        said = self._labels.read(task)
        findings = [*task_findings(task), *resource_problems, *said.findings]
        if findings:
            found = self._take(index, findings) or found
        task_id = task.task_id.value
        across = list(self._across(index, task, task_id))
        if across:
            found = self._take(index, across) or found
        if found or resources is None:
            self._refused.append(Refused(index, task))
        else:
            spec = _spec(task, task_id, resources, said, self._shared)
            # Objects of specs that are kept, so no id comes twice.
            alike = id(spec.resources), id(spec.executor_resources)
            self._samples.setdefault(alike, len(self.specs))
            self.specs.append(spec)

    def finish(self) -> None:
        """Judge what tasks say of each other, after the last one."""
        found = dependency_findings(self.specs, self._refused)
        self.findings += self._blocked.take(item.under("tasks") for item in found)

    @property
    def samples(self) -> tuple[int, ...]:
        """The first in ``specs`` of those that say the same of resources, executors' too."""
        return tuple(self._samples.values())

    def _take(self, index: int, findings: Iterable[Finding]) -> bool:
        """Keep findings about ``tasks[index]``; whether one of them, kept or not, is an error."""
        all_of_them = [finding.under("tasks", index) for finding in findings]
        self.findings += self._blocked.take(all_of_them)
        return any(finding.severity is Severity.ERROR for finding in all_of_them)

    def _judge(self, messages: Sequence[pb.Resource]) -> tuple[Sequence[Finding], Resources | None]:
        key = tuple([message.SerializePartialToString() for message in messages])
        known = self._resources.get(key)
        if known is None:
            found = resource_findings(messages, Purpose.TASK)
            findings = tuple(item.under("resources") for item in found)
            bad = any(item.severity is Severity.ERROR for item in findings)
            value = None if bad else task_resources(messages)
            known = self._resources[key] = findings, value
        return known

    def _across(self, index: int, task: pb.TaskInfo, task_id: str) -> Iterable[Finding]:
        """What is wrong between this task and earlier ones."""
        first = self._ids.setdefault(task_id, index)
        if first != index:
            yield Finding(
                ("task_id", "value"),
                f"'{task_id}' is already the id of tasks[{first}]",
                "every task needs an id of its own",
                refers_to=("tasks", first, "task_id", "value"),
            )
        if not task.HasField("executor"):
            return
        executor = task.executor.SerializePartialToString()
        name, agent = task.executor.executor_id.value, task.agent_id.value
        first, other, pinned = self._executors.setdefault(name, (index, executor, agent))
        if other != executor and (not agent or not pinned or agent == pinned):
            yield Finding(
                ("executor",),
                f"differs from the executor '{name}' of tasks[{first}]",
                "executors with one id must be equal; give this one another executor_id",
                refers_to=("tasks", first, "executor"),
            )


def _spec(
    task: pb.TaskInfo,
    task_id: str,
    resources: Resources,
    said: Said,
    shared: Shared,
) -> TaskSpec:
    executor = task.executor if task.HasField("executor") else None
    name = task.name
    kept, like = shared.payload(task.SerializeToString())
    return TaskSpec(
        task_id=task_id,
        name=task_id if name == task_id else name,
        resources=resources,
        kept=kept,
        like=like,
        agent_id=shared.text(task.agent_id.value) or None,
        command=shared.text(_command_text(task)),
        executor_id=shared.text(executor.executor_id.value) if executor is not None else None,
        executor_resources=shared.executor_resources(executor) if executor is not None else None,
        scheduling=said.scheduling,
        poolable=is_poolable(task),
        depends_on=said.depends_on,
        always=said.always,
    )


def _command_text(task: pb.TaskInfo) -> str:
    """The command in one short line."""
    command = task.command if task.HasField("command") else task.executor.command
    if command.shell:
        text = command.value
    elif task.container.type == pb.ContainerInfo.DOCKER and task.HasField("container"):
        text = shlex.join(
            [command.value, *command.arguments] if command.value else command.arguments
        )
    else:
        # Here arguments is all of argv, its first element only the name the program sees.
        text = shlex.join([command.value, *command.arguments[1:]])
    text = " ".join(text.split())
    return text if len(text) <= _COMMAND_SHOWN else text[: _COMMAND_SHOWN - 3] + "..."
