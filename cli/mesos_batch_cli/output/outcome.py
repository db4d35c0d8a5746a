"""What a command has done, in one sentence or as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch_cli.output.as_json import as_json
from mesos_batch_cli.output.streams import emit

if TYPE_CHECKING:
    from mesos_batch_cli.values import Values


def tell_done(sentence: str, values: Values, **fields: object) -> None:
    """Say on stdout what was done; ``fields`` say the same to programs."""
    if values[the.JSON]:
        emit(sys.stdout, as_json("outcome", {"done": True, "message": sentence, **fields}))
    else:
        emit(sys.stdout, sentence)


def tell_nothing_done(sentence: str, values: Values) -> None:
    """Say on stderr why nothing was done; a program that waits for JSON gets it too."""
    emit(sys.stderr, sentence)
    if values[the.JSON]:
        emit(sys.stdout, as_json("outcome", {"done": False, "message": sentence}))
