"""The form of the tasks of one entry: a ``TaskInfo`` as JSON with slots for what rows give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mesos_batch.jobs import values as kinds
from mesos_batch.jobs.schema import Defaults, JobFile, Task, Uri, Volume
from mesos_batch.jobs.templates import is_template
from mesos_batch.jobs.tree import Computed, Names, filler, slot, slots_in, with_slots
from mesos_batch.jobs.values import Kind
from mesos_batch.model.duration import parse_duration
from mesos_batch.model.resource_text import parse_resources
from mesos_batch.protocol.json_dialect import to_value
from mesos_batch.protocol.values import resource_to
from mesos_batch.spec import label_rules as labels
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.problems import Path

_NANOSECONDS = 1_000_000_000
_DIGITS = 4  # of the index in ids, or more: ids stay what they are when rows are added
_AMOUNTS = ("cpus", "mem", "disk", "gpus")

_AS_IS = "task_info"

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """A field of an entry, from itself or from the defaults, with its place in the job file."""

    value: Any
    path: Path


@dataclass(slots=True)
class Entry:
    """One entry of ``tasks``, ready to be filled.

    ``origins`` tell for fields of the ``TaskInfo`` where in the job file they come from. What is
    wrong whatever the rows are is in ``findings``.
    """

    path: Path
    task: Task
    tree: Tree = field(default_factory=dict)
    origins: dict[Path, Path] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    fill: Callable[[Names, list[Finding]], Any] = field(init=False)
    _changing: tuple[Path, ...] = ()

    @property
    def has_rows(self) -> bool:
        """Whether it is many tasks, and their ids have the index of a row."""
        return self.task.foreach is not None or self.task.matrix is not None

    def origin(self, path: Path) -> Path:
        """The place in the job file that a field of a task comes from."""
        for length in range(len(path), 0, -1):
            origin = self.origins.get(path[:length])
            if origin is not None:
                # From there on both are the same.
                return (*origin, *path[length:]) if _AS_IS in origin else origin
        return self.path

    def complete(self) -> None:
        """Get ready to be filled, when the tree is whole."""
        self.fill = filler(self.tree)
        self._changing = tuple(place.path for place in slots_in(self.tree))

    def changes(self, path: Path) -> bool:
        """Whether a field of the job file has templates in it, or is in one."""
        return any(path[: len(one)] == one[: len(path)] for one in self._changing)


def build(job: JobFile, index: int) -> Entry:
    """The form of ``tasks[index]``."""
    builder = _Builder(job, index)
    return builder.run()


def _given(job: JobFile, index: int) -> dict[str, Given]:
    """The fields of an entry with those of the defaults; ``null`` takes a default away."""
    task, path = job.tasks[index], ("tasks", index)
    found = {name: Given(value, ("defaults", name)) for name, value in _set(job.defaults)}
    for name, value in _set(task):
        found[name] = Given(value, (*path, name))
    return {name: item for name, item in found.items() if item.value is not None}


def _set(part: Defaults) -> list[tuple[str, Any]]:
    return [
        (name, getattr(part, name))
        for name in type(part).model_fields
        if name in part.model_fields_set
    ]


class _Builder:
    def __init__(self, job: JobFile, index: int) -> None:
        self._given = _given(job, index)
        self._defaults = job.defaults
        self._entry = Entry(("tasks", index), job.tasks[index])
        self._tree = self._entry.tree

    def run(self) -> Entry:
        self._names()
        self._command()
        self._container()
        self._resources()
        self._times()
        self._labels()
        if _AS_IS in self._given:
            given = self._given[_AS_IS]
            self._merge(self._tree, with_slots(given.value, given.path), (), given.path)
        self._entry.complete()
        return self._entry

    # One value

    def _from(self, place: Path, origin: Path) -> None:
        self._entry.origins[place] = origin

    def _value(self, kind: Kind, value: Any, path: Path, finish: Callable[[Any], Any]) -> Any:
        """A value, or the slot for it; ``finish`` makes what ``TaskInfo`` has of it."""
        if is_template(value):
            return slot(value, path, lambda text: finish(kind.read_text(text)))
        return finish(value)

    def _text(self, value: Any, path: Path) -> Any:
        return self._value(kinds.TEXT, value, path, str)

    def _field(self, name: str, place: Path, kind: Kind, finish: Callable[[Any], Any]) -> Any:
        """The value of a field that is there, which comes to stand at ``place``."""
        given = self._given[name]
        self._from(place, given.path)
        return self._value(kind, given.value, given.path, finish)

    # Fields

    def _names(self) -> None:
        name = self._field("name", ("name",), kinds.TEXT, str)
        self._tree["name"] = name
        if "task_id" in self._given:
            task_id = self._field("task_id", ("task_id",), kinds.TEXT, str)
        else:
            self._from(("task_id",), self._given["name"].path)
            task_id = self._usual_id(name)
        self._tree["task_id"] = {"value": task_id}
        if "agent_id" in self._given:
            agent = self._field("agent_id", ("agent_id",), kinds.TEXT, str)
            self._tree["agent_id"] = {"value": agent}

    def _usual_id(self, name: Any) -> Any:
        """The name, with the index of the row where there are rows."""
        if not self._entry.has_rows:
            return name
        named = filler(name)
        # What is wrong with the name is told of the name.
        return Computed(lambda names: f"{named(names, [])}-{names['index']:0{_DIGITS}d}")

    def _command(self) -> None:
        command: Tree = {}
        if "command" in self._given:
            command |= self._what_to_run(self._given["command"])
        elif "image" in self._given and not self._runs_its_own():
            command["shell"] = False  # what the image says is run
        if "user" in self._given:
            command["user"] = self._field("user", ("command", "user"), kinds.TEXT, str)
        variables = [
            {"name": name, "value": self._text(value, path)}
            for name, (value, path) in self._merged("environment").items()
        ]
        for at, (_, path) in enumerate(self._merged("environment").values()):
            self._from(("command", "environment", "variables", at), path)
        if variables:
            command["environment"] = {"variables": variables}
        if "uris" in self._given:
            command["uris"] = self._uris(self._given["uris"])
        if command:
            self._tree["command"] = command

    def _what_to_run(self, given: Given) -> Tree:
        self._from(("command",), given.path)
        if not isinstance(given.value, list):
            return {"shell": True, "value": self._text(given.value, given.path)}
        words = [self._text(word, (*given.path, at)) for at, word in enumerate(given.value)]
        # Docker gets the program and what follows it, an agent that runs it itself all of argv.
        first = 1 if self._runs_docker() else 0
        for at in range(len(words)):
            self._from(("command", "arguments", at - first), (*given.path, at))
        return {"shell": False, "value": words[0], "arguments": words[first:]}

    def _runs_its_own(self) -> bool:
        """Whether ``task_info`` says what is run."""
        more = self._given.get(_AS_IS, Given({}, ())).value
        return "command" in more or "executor" in more

    def _runs_docker(self) -> bool:
        usual = Given("docker", ())
        return "image" in self._given and (
            self._given.get("containerizer", usual).value == "docker"
        )

    def _uris(self, given: Given) -> list[Tree]:
        made = []
        for at, uri in enumerate(given.value):
            path = (*given.path, at)
            self._from(("command", "uris", at), path)
            made.append(self._uri(uri, path))
        return made

    def _uri(self, uri: Uri, path: Path) -> Tree:
        tree: Tree = {"value": self._text(uri.value, path)}
        if uri.output_file is not None:
            tree["output_file"] = self._text(uri.output_file, (*path, "output_file"))
        for name in ("executable", "extract", "cache"):
            flag = getattr(uri, name)
            if flag is not None:
                tree[name] = self._value(kinds.FLAG, flag, (*path, name), bool)
        return tree

    def _container(self) -> None:
        if "image" not in self._given:
            self._no_image()
            return
        image = self._field("image", ("container",), kinds.TEXT, str)
        kind = "docker"
        if "containerizer" in self._given:
            kind = self._given["containerizer"].value
            self._from(("container", "type"), self._given["containerizer"].path)
        if kind == "docker":
            self._tree["container"] = {"type": "DOCKER", "docker": {"image": image}}
        else:
            docker = {"type": "DOCKER", "docker": {"name": image}}
            self._tree["container"] = {"type": "MESOS", "mesos": {"image": docker}}

    def _no_image(self) -> None:
        if "containerizer" in self._entry.task.model_fields_set:
            path = (*self._entry.path, "containerizer")
            self._entry.findings.append(Finding(path, "there is no image to run in", "add image"))

    def _resources(self) -> None:
        made: list[Any] = []
        for name in _AMOUNTS:
            if name in self._given:
                place = ("resources", len(made))
                amount = self._field(name, place, kinds.AMOUNT, float)
                made.append({"name": name, "type": "SCALAR", "scalar": {"value": amount}})
        if "volumes" in self._given:
            given = self._given["volumes"]
            for at, volume in enumerate(given.value):
                path = (*given.path, at)
                self._from(("resources", len(made)), path)
                made.append(self._volume(volume, path, ("resources", len(made))))
        if "resources" in self._given:
            given = self._given["resources"]
            for at, text in enumerate(given.value):
                path = (*given.path, at)
                self._from(("resources", len(made)), path)
                made.append(self._value(kinds.RESOURCE, text, path, _resource_value))
        if made:
            self._tree["resources"] = made

    def _volume(self, volume: Volume, path: Path, place: Path) -> Tree:
        disk: Tree = {"persistence": {"id": self._text(volume.id, (*path, "id"))}}
        self._from((*place, "disk", "persistence"), (*path, "id"))
        if volume.path is not None:
            self._from((*place, "disk", "volume"), (*path, "path"))
            disk["volume"] = {
                "container_path": self._text(volume.path, (*path, "path")),
                "mode": "RW",
            }
        tree: Tree = {"name": "disk", "type": "SCALAR", "disk": disk}
        if volume.size is not None:
            self._from((*place, "scalar"), (*path, "size"))
            size = self._value(kinds.AMOUNT, volume.size, (*path, "size"), float)
            tree["scalar"] = {"value": size}
        return tree

    def _times(self) -> None:
        if "timeout" in self._given:
            place = ("max_completion_time",)
            limit = self._field("timeout", place, kinds.RUNTIME, _nanoseconds)
            self._tree["max_completion_time"] = {"nanoseconds": limit}
        if "kill_grace" in self._given:
            place = ("kill_policy",)
            grace = self._field("kill_grace", place, kinds.DURATION, _nanoseconds)
            self._tree["kill_policy"] = {"grace_period": {"nanoseconds": grace}}

    def _labels(self) -> None:
        made: list[Tree] = []

        def add(key: str, value: Any, path: Path) -> None:
            self._from(("labels", "labels", len(made)), path)
            made.append({"key": key, "value": value})

        for key, (value, path) in self._merged("labels").items():
            add(key, self._text(value, path), path)
        for name, key, kind, finish in _OURS:
            if name in self._given:
                given = self._given[name]
                add(key, self._value(kind, given.value, given.path, finish), given.path)
        for name, key, kind in _OURS_SEVERAL:
            given = self._given.get(name, Given((), ()))
            for at, value in enumerate(given.value):
                path = (*given.path, at)
                add(key, self._value(kind, value, path, str), path)
        if made:
            self._tree["labels"] = {"labels": made}

    def _merged(self, name: str) -> dict[str, tuple[Any, Path]]:
        """The values of an object of the entry, and those of the defaults it does not name."""
        given = self._given.get(name)
        if given is None:
            return {}
        parts = [given]
        usual = getattr(self._defaults, name)
        if usual is not None:
            parts.insert(0, Given(usual, ("defaults", name)))
        return {
            key: (value, (*part.path, key)) for part in parts for key, value in part.value.items()
        }

    def _merge(self, target: Tree, more: Any, place: Path, path: Path) -> None:
        """Put fields of ``task_info`` into what there is already."""
        for name, item in more.items():
            here, origin = (*place, name), (*path, name)
            there = target.get(name)
            if isinstance(there, dict) and isinstance(item, dict):
                self._merge(there, item, here, origin)
            elif isinstance(there, list) and isinstance(item, list):
                for at in range(len(item)):
                    self._from((*here, len(there) + at), (*origin, at))
                target[name] = [*there, *item]
            else:
                target[name] = item
                self._forget(here)
                self._from(here, origin)

    def _forget(self, place: Path) -> None:
        """Where a field came from that something else has replaced, and all that was in it."""
        origins = self._entry.origins
        for known in [path for path in origins if path[: len(place)] == place]:
            del origins[known]


def _resource_value(text: str) -> Tree:
    (resource,) = parse_resources(text)
    return to_value(resource_to(resource))


def _nanoseconds(duration: str) -> int:
    return round(parse_duration(duration) * _NANOSECONDS)


_OURS: tuple[tuple[str, str, Kind, Callable[[Any], str]], ...] = (
    ("priority", labels.PRIORITY, kinds.WHOLE, str),
    ("expected_runtime", labels.EXPECTED_RUNTIME, kinds.RUNTIME, str),
    ("retries", labels.MAX_ATTEMPTS, kinds.COUNT, lambda retries: str(retries + 1)),
    ("always", labels.ALWAYS, kinds.FLAG, lambda always: "true" if always else "false"),
)
_OURS_SEVERAL = (
    ("constraints", labels.CONSTRAINT, kinds.CONSTRAINT),
    ("depends_on", labels.DEPENDS_ON, kinds.TEXT),
)
