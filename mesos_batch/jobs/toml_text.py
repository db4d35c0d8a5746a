"""TOML as plain values, with the place of each."""

from __future__ import annotations

import re
import tomllib
from datetime import date, time

from mesos_batch.jobs.syntax_error import TOO_DEEP, JobSyntaxError
from mesos_batch.jobs.written import written_float
from mesos_batch.spec import toml_positions
from mesos_batch.spec.positions import Places

_WHERE = re.compile(r" \((?:at line (\d+), column (\d+)|at end of document)\)$")
_IN_QUOTES = "a text must stand in quotes"


def parse_toml(text: str) -> tuple[object, Places]:
    """The values of a text.

    Raises:
        JobSyntaxError: it is not TOML.
    """
    try:
        value = tomllib.loads(text, parse_float=written_float)
    except tomllib.TOMLDecodeError as error:
        raise _fault(str(error), text) from None
    except ValueError as error:
        raise JobSyntaxError(0, f"this is not TOML: {error}") from None
    except RecursionError:
        raise JobSyntaxError(0, TOO_DEEP) from None
    return _plain(value), toml_positions.locate(text)


def _fault(message: str, text: str) -> JobSyntaxError:
    found = _WHERE.search(message)
    offset = len(text)
    if found is not None and found[1] is not None:
        lines = text.split("\n")
        offset = sum(len(line) + 1 for line in lines[: int(found[1]) - 1]) + int(found[2]) - 1
    said = _WHERE.sub("", message)
    hint = _IN_QUOTES if said == "Invalid value" and offset < len(text) else None
    return JobSyntaxError(offset, f"this is not TOML: {said}", hint)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | time) else value
