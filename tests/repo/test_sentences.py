"""Messages and hints as one hand would have written them, wherever they stand in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from mesos_batch import errors

ROOT = Path(__file__).parents[2]
RAISED = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.MesosBatchError)
}
# A sentence may begin with a name, whatever a message begins with.
NAMES = ("S3 ", "ZooKeeper ", "Mesos ", "AWS ")


def told() -> Iterator[tuple[str, str, str | None]]:
    """Place, message and hint of each error; of a text with values in it, what is around them."""
    for folder in ("mesos_batch", "cli"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and node.args and name_of(node) in RAISED):
                    continue
                message, hint = (*map(text_of, node.args), None)[:2]
                if message is not None:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", message, hint


def name_of(call: ast.Call) -> str | None:
    return getattr(call.func, "id", getattr(call.func, "attr", None))


def text_of(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    return None


def test_a_message_is_no_sentence_and_a_hint_is_one() -> None:
    found = list(told())
    wrong = [
        f"{place}: {message!r}"
        for place, message, _ in found
        if message.endswith(".") or (message[0].isupper() and not message.startswith(NAMES))
    ]
    wrong += [
        f"{place}: hint {hint!r}"
        for place, _, hint in found
        if hint is not None and (hint[0].islower() or not hint.endswith((".", "?", "{}")))
    ]

    assert len(found) > 200
    assert wrong == []
