"""YAML 1.2 as plain values, with the place of each."""

from __future__ import annotations

import math
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from mesos_batch.jobs.syntax_error import DEEPEST, TOO_DEEP, JobSyntaxError
from mesos_batch.jobs.written import as_written
from mesos_batch.spec.positions import Places
from mesos_batch.spec.problems import Path

_TAG = "tag:yaml.org,2002:"
_TAGS = ("null", "bool", "int", "float", "str", "timestamp", "map", "seq")
_MOST_VALUES = 200_000  # with what aliases repeat
_MOST_DIGITS = 1000  # Python makes no number of some thousands
_INFINITE = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}
_NUMBER = re.compile(r"[-+]?(0o[0-7]+|0x[0-9a-fA-F]+|[0-9]+)")
_QUOTED = 'write it in quotes: "{{ name }}"'
_NO_TAG = "remove it, or put a text that begins with ! in quotes"
_NOT_CLOSED = re.compile(r"expected ',' or '([\]}])', but got")
# What people get wrong, as the parser says it, as we say it, and what to do.
_COMMON = tuple(
    (re.compile(pattern), message, hint)
    for pattern, message, hint in (
        (r".*'\\t'", "a tab cannot indent in YAML", "use spaces"),
        (
            r".*another document",
            "a job file is one document, and here a second one begins",
            "",
        ),
        (
            r"mapping values are not allowed",
            "a ':' stands where none can be",
            "a text with ': ' in it must stand in quotes; or is the line indented wrongly?",
        ),
        (
            r"found character '(.)' that cannot start any token",
            r"a text cannot begin with \1 in YAML",
            "put it in quotes",
        ),
        (
            r"found undefined alias '(.*)'",
            r"there is no anchor &\1 for *\1",
            "a text that begins with * must stand in quotes",
        ),
        (
            r"expected <block end>, but found '(-|\?|<block .*>)'",
            "the line is indented otherwise than those around it",
            "what belongs together begins in the same column",
        ),
        (
            r"expected <block end>, but found",
            "the value has ended in front of this",
            "put all of it in quotes",
        ),
        (
            r"sequence entries are not allowed here",
            "a '-' stands where no list can begin",
            "begin the list in a line of its own, or put a text in quotes",
        ),
        (
            r"found unknown escape character '(.)'",
            r"\\\1 means nothing in double quotes",
            r"write \\\\, or single quotes",
        ),
    )
)


def parse_yaml(text: str) -> tuple[object, Places]:
    """The one document of a text; ``None`` where there is none.

    Raises:
        JobSyntaxError: it is not YAML, or more than plain values.
    """
    try:
        yaml = YAML(typ="safe", pure=True)
        # A second anchor of one name counts from there on; the library would print a warning.
        yaml.composer.warn_double_anchors = False
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        raise _fault(error) from None
    except ReaderError as error:
        what = f"the character {error.character:#06x} is not allowed in YAML"
        raise JobSyntaxError(error.position, what) from None
    except YAMLError as error:
        raise JobSyntaxError(0, f"this is not YAML: {error}") from None
    except RecursionError:
        raise JobSyntaxError(0, TOO_DEEP) from None
    walk = _Walk()
    return (None if root is None else walk.value(root, (), None)), walk.places


def _fault(error: MarkedYAMLError) -> JobSyntaxError:
    mark = error.problem_mark or error.context_mark
    offset = mark.index if mark is not None else 0
    problem = error.problem or error.context or "this is not YAML"
    for pattern, message, hint in _COMMON:
        found = pattern.match(problem)
        if found is not None:
            return JobSyntaxError(offset, found.expand(message), found.expand(hint) or None)
    begin = error.context_mark
    if begin is not None and problem == "found unexpected end of stream":
        return JobSyntaxError(begin.index, "the text that begins here has no quote at its end")
    found = _NOT_CLOSED.match(problem)
    if begin is not None and found is not None:
        hint = f"of what begins in line {begin.line + 1}"
        return JobSyntaxError(offset, f"a ',' or '{found[1]}' is missing in front of this", hint)
    context = f" {error.context}" if error.context else ""
    return JobSyntaxError(offset, f"this is not YAML: {problem}{context}")


class _Walk:
    """Makes plain values of nodes and notes where they stand."""

    def __init__(self) -> None:
        self.places = Places()
        self._count = 0

    def value(self, node: Node, path: Path, name: int | None) -> object:
        """The value of a node that is at ``path``; ``name`` is the offset of its name."""
        offset = node.start_mark.index
        if name is not None and offset == node.end_mark.index:
            offset = name  # of nothing at all, which the parser puts at what follows
        self._count += 1
        if self._count > _MOST_VALUES:
            raise JobSyntaxError(
                offset,
                f"the file comes to more than {_MOST_VALUES:,} values",
                "aliases (*name) repeat all they stand for; rows belong into a file of their own",
            )
        if len(path) > DEEPEST:
            raise JobSyntaxError(offset, TOO_DEEP)
        self.places.add(path, name, offset)
        if str(node.tag).removeprefix(_TAG) not in _TAGS:
            raise JobSyntaxError(offset, f"the tag {node.tag} means nothing here", _NO_TAG)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, at), None) for at, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, object]:
        made: dict[str, object] = {}
        for key, item in node.value:
            offset = key.start_mark.index
            if not isinstance(key, ScalarNode):
                if isinstance(key, MappingNode):
                    raise JobSyntaxError(
                        node.start_mark.index, "a text cannot begin with {{ in YAML", _QUOTED
                    )
                raise JobSyntaxError(offset, "a name must be a text")
            if key.tag == f"{_TAG}merge":
                raise JobSyntaxError(
                    offset, "YAML 1.2 has no merge key <<", "what tasks have in common is defaults"
                )
            if key.value in made:
                raise JobSyntaxError(offset, f"'{key.value}' is given twice", "remove one of them")
            made[key.value] = self.value(item, (*path, key.value), offset)
        return made


def _scalar(node: Any) -> object:
    tag, text = str(node.tag).removeprefix(_TAG), node.value
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() in ("true", "yes", "on")
    if tag == "int":
        return _whole(text)
    if tag == "float":
        number = _INFINITE[text.lower()] if text.lower() in _INFINITE else float(text)
        return as_written(number, text)
    return text


def _whole(text: str) -> float | str:
    """A number; what looks like none in YAML 1.2 (``1_000``, ``1:30``) is text."""
    if not _NUMBER.fullmatch(text):
        return text
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    if len(digits) > _MOST_DIGITS:
        return text
    return as_written(sign * int(digits, {"0o": 8, "0x": 16}.get(digits[:2], 10)), text)
