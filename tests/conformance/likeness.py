"""Compares what a real cluster said with what ours says, ids and times aside.

Ids differ from run to run, so it learns which of ours stands for which recorded one: each pair
is learned where it is first met, and from then on one stands for the other everywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Ids Mesos makes, status uuids in JSON, addresses, and where the agent keeps its files.
TOKEN = re.compile(
    rf"{_UUID}(?:-[SO]?[0-9]+)?|(?<![\w+/])[\w+/]{{22}}==|127\.0\.0\.1:[0-9]+|{{AGENT}}"
)
# Times differ from run to run; what counts is that they are there, and zero or not.
TIMES = {
    "mtime",
    "nanoseconds",
    "registered_time",
    "reregistered_time",
    "timestamp",
    "unregistered_time",
}
# Values that differ from machine to machine.
CHANGING = {
    "build_date",
    "build_time",
    "build_user",
    "executor_pid",
    "gid",
    "nlink",
    "port",
    "size",
    "uid",
    # What `docker inspect` prints.
    "data",
    # Every agent of a local cluster has the same attributes.
    "attributes",
}
# How much a process used is nobody's to repeat.
MEASURED = re.compile(r"^(cpus|mem)_.*(secs|bytes)$")
# What is offered at one moment depends on when the allocator came by last.
OFFERED = {"offered", "offered_resources", "offered_resources_full", "offers"}


class Likeness:
    """The roots are patterns of the agents' work directories, recorded and ours.

    ``may_lack`` names fields that are there by chance, ``aside`` is a pattern of words that are
    those of the machine.
    """

    def __init__(
        self, recorded_root: str, our_root: str, may_lack: frozenset[str], aside: str | None
    ) -> None:
        self._roots = re.compile(recorded_root), re.compile(our_root)
        self._may_lack = may_lack
        self._aside = re.compile(aside, re.DOTALL) if aside is not None else None
        self._ours: dict[str, str] = {}
        self._recorded: dict[str, str] = {}

    def learn(self, recorded: str, ours: str) -> None:
        """Let ``ours`` stand for ``recorded``, unless one of them already has its other."""
        if recorded not in self._ours and ours not in self._recorded:
            self._ours[recorded] = ours
            self._recorded[ours] = recorded

    def ours(self, recorded: str) -> str:
        """A recorded text with our ids."""
        return TOKEN.sub(lambda token: self._ours.get(token[0], token[0]), recorded)

    def knows(self, recorded: str) -> bool:
        """Whether one of ours stands for this recorded id."""
        return recorded in self._ours

    def is_taken(self, ours: str) -> bool:
        """Whether one of ours stands for some recorded id."""
        return ours in self._recorded

    def differences(self, recorded: Any, ours: Any, where: str = "") -> Iterator[str]:
        """What is different, each with its place."""
        key = where.rpartition(".")[2].partition("[")[0]
        if key in TIMES | CHANGING | OFFERED or MEASURED.search(key):
            is_like = key not in TIMES or bool(recorded) == bool(ours)
            if type(recorded) is not type(ours) or not is_like:
                yield _difference(recorded, ours, where)
        elif isinstance(recorded, dict) and isinstance(ours, dict):
            yield from self._objects(recorded, ours, where)
        elif isinstance(recorded, list) and isinstance(ours, list):
            yield from self._lists(recorded, ours, where)
        elif isinstance(recorded, str) and isinstance(ours, str):
            yield from self.text_differences(recorded, ours, where)
        elif recorded != ours:
            yield _difference(recorded, ours, where)

    def text_differences(self, recorded: str, ours: str, where: str) -> Iterator[str]:
        """Compare two texts; ids in the same place are the same, resources have no order."""
        recorded_text = self._roots[0].sub("{AGENT}", recorded)
        our_text = self._roots[1].sub("{AGENT}", ours)
        if self._aside is not None:
            recorded_text = self._aside.sub("{ASIDE}", recorded_text)
            our_text = self._aside.sub("{ASIDE}", our_text)
        pairs = list(zip(TOKEN.findall(recorded_text), TOKEN.findall(our_text), strict=False))
        for recorded_token, our_token in pairs:
            self.learn(recorded_token, our_token)
        if _parts(self.ours(recorded_text)) != _parts(our_text):
            yield _difference(recorded, ours, where)

    def _objects(self, recorded: Json, ours: Json, where: str) -> Iterator[str]:
        for name in sorted({*recorded, *ours}):
            if name in recorded and name in ours:
                yield from self.differences(recorded[name], ours[name], f"{where}.{name}")
            elif name not in self._may_lack:
                yield _difference(recorded.get(name), ours.get(name), f"{where}.{name}")

    def _lists(self, recorded: list[Any], ours: list[Any], where: str) -> Iterator[str]:
        if len(recorded) != len(ours):
            yield f"{where}: {len(recorded)} were recorded, ours are {len(ours)}: {ours!r}"
            return
        for index, (one, other) in enumerate(zip(*self._paired(recorded, ours), strict=True)):
            yield from self.differences(one, other, f"{where}[{index}]")

    def _paired(self, recorded: list[Any], ours: list[Any]) -> tuple[list[Any], list[Any]]:
        """Both lists in an order that does not depend on chance."""
        if not all(isinstance(item, dict) for item in recorded + ours):
            return recorded, ours
        if all("id" in item and isinstance(item["id"], str) for item in recorded + ours):
            places = {item["id"]: index for index, item in enumerate(ours)}
            order = [places.get(self.ours(item["id"]), -1) for item in recorded]
            if sorted(order) == list(range(len(ours))):
                return recorded, [ours[index] for index in order]
        if all("scalar" in item or "ranges" in item or "set" in item for item in recorded + ours):
            return sorted(recorded, key=json.dumps), sorted(ours, key=json.dumps)
        return recorded, ours


def _difference(recorded: object, ours: object, where: str) -> str:
    return f"{where}: {recorded!r} was recorded, ours is {ours!r}"


def _parts(text: str) -> list[str]:
    """A text cut where a list of resources may be in another order, sorted."""
    return sorted(re.split(r"; | (?=required by|does not contain)|(?<=Total resources )", text))
