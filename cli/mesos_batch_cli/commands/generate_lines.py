"""``mesos-batch generate lines``: a task for each line of a text."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mesos_batch.config import generate_settings as the
from mesos_batch.errors import ExitCode
from mesos_batch_cli.generating import print_list, text_of, wish_of
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch generate lines [FILE|-] --command=TEMPLATE [flags]",)
ABOUT = (
    "Prints a task list with a task for each line of a file, or of standard input, that is not "
    "blank. Templates know the line as {{ line }} and its number, from 0, as {{ index }}. The "
    "list goes straight into 'mesos-batch run -'."
)
SETTINGS = the.LINES
CLOSING = "No flag of this command comes from the environment."


def run(arguments: Sequence[str]) -> int:
    """Print the list.

    Raises:
        UsageError: a flag is wrong.
        TaskListError: the text cannot be read, or a line makes no valid task.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)

    from mesos_batch.generating import generate, line_rows

    wish = wish_of(values, the.NAME, values[the.TASK_ID])
    text, name = text_of(values.word)
    print_list(generate(wish, line_rows(text, name)))
    return ExitCode.FINISHED
