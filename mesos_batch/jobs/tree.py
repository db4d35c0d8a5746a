"""A value of JSON with places in it that templates fill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mesos_batch.jobs.templates import TemplateError, compile_template, is_template
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.problems import Path

Names = Mapping[str, Any]
Faults = list[Finding]


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Slot:
    """A place a template fills; ``path`` is where the template stands in the job file.

    ``read`` makes the value of the text and raises ValueError with a sentence for the user.
    """

    render: Callable[[Names], str]
    read: Callable[[str], Any]
    path: Path


@dataclass(frozen=True, slots=True)
class Computed:
    """A place that follows from the names of a row, and has no template."""

    value: Callable[[Names], Any]


def slot(text: str, path: Path, read: Callable[[str], Any] = _same) -> Slot:
    """The place of a template."""
    return Slot(compile_template(text), read, path)


def with_slots(value: object, path: Path) -> object:
    """A value of the job file, with a slot for each text in it that is a template."""
    if is_template(value):
        return slot(value, path)
    if isinstance(value, dict):
        return {key: with_slots(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [with_slots(item, (*path, at)) for at, item in enumerate(value)]
    return value


def slots_in(node: object) -> list[Slot]:
    """All slots of a value."""
    if isinstance(node, Slot):
        return [node]
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [found for item in inner for found in slots_in(item)]


def is_constant(node: object) -> bool:
    """Whether nothing in a value has to be filled."""
    if isinstance(node, Slot | Computed):
        return False
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return all(map(is_constant, inner))


def filler(node: object) -> Callable[[Names, Faults], Any]:
    """What gives the value for the names of a row; what cannot be goes to the faults."""
    if isinstance(node, Slot):
        return _slot_filler(node)
    if isinstance(node, Computed):
        computed = node.value
        return lambda names, _: computed(names)
    if is_constant(node):
        return lambda _names, _faults: node
    if isinstance(node, list):
        parts = [filler(item) for item in node]
        return lambda names, faults: [part(names, faults) for part in parts]
    assert isinstance(node, dict), "nothing else has slots in it"
    constant = {key: item for key, item in node.items() if is_constant(item)}
    changing = [(key, filler(item)) for key, item in node.items() if key not in constant]
    return lambda names, faults: {
        **constant,
        **{key: part(names, faults) for key, part in changing},
    }


def _slot_filler(place: Slot) -> Callable[[Names, Faults], Any]:
    render, read, path = place.render, place.read, place.path

    def fill(names: Names, faults: Faults) -> Any:
        try:
            return read(render(names))
        except TemplateError as fault:
            faults.append(Finding(path, str(fault), fault.hint))
        except ValueError as error:
            faults.append(Finding(path, str(error)))
        return None

    return fill
