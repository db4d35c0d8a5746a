"""Templates in the texts of a job file: Jinja in its sandbox.

A text without ``{{`` and ``{%`` is no template and stays as it is. There are no comments: ``{#``
is what a shell calls the length of something (``${#name}``).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeGuard

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

# Names that every template has, which nothing else can have.
RESERVED = ("index", "row")
_MARKS = ("{{", "{%")
_NO_COMMENTS = {"comment_start_string": "\0#", "comment_end_string": "#\0"}
_UNDEFINED = re.compile(r"'(.+)' is undefined")
_NO_FIELD = re.compile(r"'dict object' has no attribute '(.+)'")
_RAW = "{{ stays as it is between {% raw %} and {% endraw %}"
_SIGNS = {"end of print statement": "}}", "end of statement block": "%}"}
_LONGEST = 1_000_000  # characters; no command line comes near
_SHOWN = 12
# What templates do with values that do not suit it.
_FAULTS = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


class TemplateError(ValueError):
    """A template cannot be rendered; ``hint`` is what to do about it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which a text cannot be made larger than memory either."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and not _is_small(left, right):
            raise jinja2.exceptions.SecurityError("the power is too large")
        if operator == "*":
            for one, other in ((left, right), (right, left)):
                if isinstance(other, int) and hasattr(one, "__len__"):
                    _check_length(len(one) * other)
        return super().call_binop(context, operator, left, right)


def _is_small(base: object, exponent: object) -> bool:
    return all(not isinstance(item, int) or abs(item) <= 1000 for item in (base, exponent))


def _check_length(length: int) -> None:
    if length > _LONGEST:
        raise jinja2.exceptions.SecurityError(f"the text is longer than {_LONGEST:,} characters")


def is_template(value: object) -> TypeGuard[str]:
    """Whether a value is a text that has to be rendered."""
    return isinstance(value, str) and any(mark in value for mark in _MARKS)


def check_template(text: str) -> None:
    """See that a text is a template.

    Raises:
        TemplateError: it is not; the message is a sentence for the user.
    """
    try:
        _environment().from_string(text)
    except jinja2.TemplateSyntaxError as error:
        where = f" (line {error.lineno} of the text)" if "\n" in text.strip() else ""
        is_about_names = isinstance(error, jinja2.TemplateAssertionError)
        hint = None if is_about_names else _RAW
        raise TemplateError(f"the template is wrong: {_said(error)}{where}", hint) from None
    except (MemoryError, RecursionError, SyntaxError):
        # The last is that of the Python which Jinja makes of it.
        raise TemplateError("the template is nested too deeply") from None


def _said(error: jinja2.TemplateSyntaxError) -> str:
    """The words of Jinja as the end of a sentence."""
    said = str(error.message).rstrip(".")
    for words, sign in _SIGNS.items():
        said = said.replace(words, sign)
    return said[:1].lower() + said[1:]


def compile_template(text: str) -> Callable[[Mapping[str, Any]], str]:
    """What renders a template with the names that rows give.

    The function raises TemplateError: a name is not there, or what is asked of a value cannot be.
    """
    template = _environment().from_string(text)

    def render(names: Mapping[str, Any]) -> str:
        try:
            made = template.render(names)
            _check_length(len(made))
        except jinja2.UndefinedError as error:
            raise _undefined(str(error.message), names) from None
        except _FAULTS as error:
            said = str(error).rstrip(".") or "it takes too much memory"
            raise TemplateError(f"the template cannot be rendered: {said}") from None
        return made

    return render


def _undefined(message: str, names: Mapping[str, Any]) -> TemplateError:
    found = _UNDEFINED.fullmatch(message)
    field = _NO_FIELD.fullmatch(message)
    if field is not None:
        return TemplateError(f"the object has no field '{field[1]}'")
    if found is None:
        return TemplateError(f"the template cannot be rendered: {message}")
    near = get_close_matches(found[1], names, n=1)
    if near:
        return TemplateError(f"there is no '{found[1]}' here", f"did you mean {near[0]}?")
    there = list(names)
    more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
    return TemplateError(
        f"there is no '{found[1]}' here", f"there are {', '.join(there[:_SHOWN])}{more}"
    )


def _printed(value: object) -> object:
    """What a template prints of a value: words as every syntax of a job file has them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else value


@cache
def _environment() -> _Sandbox:
    made = _Sandbox(
        **_NO_COMMENTS,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        finalize=_printed,
        autoescape=False,
    )
    made.filters["quote"] = lambda value: shlex.quote(str(value))
    return made
