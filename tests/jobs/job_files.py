"""Job files for tests, and short ways to ask what comes out of one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.jobs.document import Syntax
from mesos_batch.jobs.load import Expansion, open_job
from mesos_batch.jobs.sources import Inputs
from mesos_batch.protocol.json_dialect import to_value
from mesos_batch.spec.problems import InvalidTaskListError

NOWHERE = Path("no such directory")
DEFAULTS = "defaults: {cpus: 1, mem: 32, command: run}\n"


def expansion(
    text: str,
    directory: Path = NOWHERE,
    stdin: Iterable[str] | None = None,
    syntax: Syntax = Syntax.YAML,
) -> Expansion:
    """The tasks of a job file named ``job``, not made yet."""
    return Expansion(open_job(text.encode(), "job", syntax), Inputs(directory, stdin))


def tasks(text: str, directory: Path = NOWHERE, **more: Any) -> list[dict[str, Any]]:
    """Each ``TaskInfo`` as JSON."""
    made = expansion(text, directory, **more).task_list().tasks
    return [to_value(pb.TaskInfo.FromString(spec.payload)) for spec in made]


def entry(
    text: str, directory: Path = NOWHERE, *, others: Iterable[str] = (), **more: Any
) -> list[dict[str, Any]]:
    """The tasks of one entry that has ``cpus``, ``mem`` and ``command``, and these lines.

    ``others`` are names of tasks besides.
    """
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    rest = "".join(f"  - name: {name}\n" for name in others)
    return tasks(f"{DEFAULTS}tasks:\n  - name: t\n{lines}{rest}", directory, **more)


def problems(text: str, directory: Path = NOWHERE, **more: Any) -> list[str]:
    """What is wrong with a job file, as it is printed."""
    try:
        found = expansion(text, directory, **more).task_list().warnings
    except InvalidTaskListError as error:
        found = error.problems
    return [problem.format() for problem in found]
