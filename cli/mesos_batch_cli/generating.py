"""What the commands of ``mesos-batch generate`` share: the wish of flags, and the list printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from mesos_batch.config import generate_settings as the
from mesos_batch.config.setting import Setting
from mesos_batch.errors import UsageError
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.generating import Json, TaskWish

_STDIN = "-"
# What Windows programs write may begin with a byte order mark.
_ENCODING = "utf-8-sig"


def wish_of(
    values: Values,
    name: Setting[str],
    task_id: str | None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> TaskWish:
    """What each task is to be; ``environment`` comes before that of the flags.

    Raises:
        UsageError: there is no command, or a flag is for containers and there is none.
    """
    from mesos_batch.generating import TaskWish

    command, image = values[the.COMMAND], values[the.IMAGE]
    if command is None:
        raise UsageError("no command is given", "Add --command=TEMPLATE.")
    parameters, own = values[the.DOCKER_PARAMETER], values[the.ENVIRONMENT]
    if parameters and image is None:
        raise UsageError("--docker_parameter needs a container", "Add --image=IMAGE.")
    return TaskWish(
        command=command,
        name=values[name],
        task_id=task_id,
        cpus=values[the.CPUS],
        mem=values[the.MEM],
        disk=values[the.DISK],
        environment={**environment, **own},
        container=None if image is None else _container(image, parameters),
    )


def _container(image: str, parameters: Mapping[str, str]) -> Json:
    docker: Json = {"image": image}
    if parameters:
        docker["parameters"] = [{"key": key, "value": text} for key, text in parameters.items()]
    return {"type": "DOCKER", "docker": docker}


def print_list(tasks: Iterable[Json]) -> None:
    """Print a ``TaskGroupInfo`` while its tasks come, until nobody reads any more."""
    for line in _lines(tasks):
        if not emit(sys.stdout, line):
            return


def _lines(tasks: Iterable[Json]) -> Iterator[str]:
    """A task a line, each once the next one is there: JSON has no comma after the last."""
    line = None
    for task in tasks:
        yield '{"tasks": [' if line is None else f"{line},"
        line = json.dumps(task)
    yield '{"tasks": []}' if line is None else f"{line}\n]}}"


def text_of(word: str | None) -> tuple[Iterator[str], str]:
    """The lines of what a word names, with their ends, and what it is called.

    ``-`` or no word is standard input. Nothing is opened before a line is asked for.
    """
    word = _STDIN if word is None else word
    return _lines_of(word), "<stdin>" if word == _STDIN else f"'{word}'"


def _lines_of(word: str) -> Iterator[str]:
    ours = word != _STDIN
    place = word if ours else sys.stdin.fileno()
    with open(place, encoding=_ENCODING, newline="", closefd=ours) as stream:
        yield from stream
