"""A task of a batch, as the task list describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.model.scheduling import ORDINARY, Scheduling
from mesos_batch.model.sharing import unpack

if TYPE_CHECKING:
    from mesos_batch.model.resources import Resources


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """What placement and accounting need to know of a task; the rest stays in ``payload``.

    ``resources`` are in post-refinement form without allocation. ``agent_id`` pins the task to
    one agent. ``kept`` is the payload, or the little that is left of it when it is ``like`` others
    (:class:`~mesos_batch.model.sharing.Payloads`). ``command`` is for reports only.
    ``poolable`` says whether the task may share an executor with others. It ``depends_on`` tasks of
    these ids or names; an ``always`` task runs however they end
    (:class:`~mesos_batch.model.dependencies.Dependencies`).
    """

    task_id: str
    name: str
    resources: Resources
    kept: bytes = field(repr=False)
    agent_id: str | None = None
    command: str = ""
    executor_id: str | None = None
    executor_resources: Resources | None = None
    scheduling: Scheduling = ORDINARY
    poolable: bool = False
    depends_on: tuple[str, ...] = ()
    always: bool = False
    like: bytes | None = field(default=None, repr=False)

    @property
    def payload(self) -> bytes:
        """The serialised ``TaskInfo``."""
        return unpack(self.kept, self.like)
