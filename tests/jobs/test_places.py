"""Values of YAML and TOML, and where they stand, against JSON, whose reader is another one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mesos_batch.jobs.toml_text import parse_toml
from mesos_batch.jobs.yaml_text import parse_yaml
from mesos_batch.spec import json_positions
from mesos_batch.spec.positions import Places
from mesos_batch.spec.problems import Path

texts = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=8)
names = st.from_regex(r"[a-z]{1,4}", fullmatch=True)
scalars = st.booleans() | st.integers(-999, 999) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)
objects = st.dictionaries(names, values, max_size=4)


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(value, dict | list):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(item, (*path, step))


def offsets(places: Places, value: Any) -> list[tuple[int | None, int | None]]:
    return [(places.name(path), places.value(path)) for path in paths(value)]


@settings(max_examples=50)
@given(objects)
def test_json_is_yaml_with_the_same_values_in_the_same_places(value: dict[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1)

    read, places = parse_yaml(text)

    assert read == value
    assert offsets(places, value) == offsets(json_positions.locate(text, paths(value)), value)


@settings(max_examples=50)
@given(objects)
def test_toml_has_its_values_where_they_were_written(value: dict[str, Any]) -> None:
    writer = TomlWriter()
    writer.table(value)

    read, places = parse_toml(writer.text)

    assert read == value
    assert {path: places.value(path) for path in writer.values} == writer.values
    assert {path: places.name(path) for path in writer.names} == writer.names


class TomlWriter:
    """Writes TOML and notes where."""

    def __init__(self) -> None:
        self.text = ""
        self.values: dict[Path, int] = {}
        self.names: dict[Path, int] = {}

    def table(self, value: dict[str, Any], path: Path = ()) -> None:
        tables = {key: item for key, item in value.items() if self._is_table(item)}
        for key, item in value.items():
            if key not in tables:
                self.text += "\n# a comment = [\n  "
                self._pair(key, item, (*path, key))
        for key, item in tables.items():
            header = ".".join(str(step) for step in (*path, key) if isinstance(step, str))
            for number, one in enumerate(item if isinstance(item, list) else [item]):
                self.text += f"\n[[{header}]]\n" if isinstance(item, list) else f"\n[{header}]\n"
                inner = (*path, key, number) if isinstance(item, list) else (*path, key)
                self.table(one, inner)

    def _is_table(self, item: Any) -> bool:
        if isinstance(item, list):
            return bool(item) and all(isinstance(one, dict) for one in item)
        return isinstance(item, dict)

    def _pair(self, key: str, item: Any, path: Path) -> None:
        self.names[path] = len(self.text)
        self.text += f"'{key}'  =  " if len(key) > 2 else f"{key}="
        self._value(item, path)

    def _value(self, item: Any, path: Path) -> None:
        self.values[path] = len(self.text)
        if isinstance(item, list):
            self.text += "[ # ]\n"
            for number, one in enumerate(item):
                self._value(one, (*path, number))
                self.text += " ,\n"
            self.text += "]"
        elif isinstance(item, dict):
            self.text += "{"
            for number, (key, one) in enumerate(item.items()):
                self.text += ", " if number else " "
                self._pair(key, one, (*path, key))
            self.text += "}"
        else:
            self.text += json.dumps(item, ensure_ascii=False)
