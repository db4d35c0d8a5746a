"""``mesos-batch generate csv``: a task for each row of a CSV file."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mesos_batch.config import generate_settings as the
from mesos_batch.errors import ExitCode
from mesos_batch_cli.generating import print_list, text_of, wish_of
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch generate csv [FILE|-] --command=TEMPLATE [flags]",)
ABOUT = (
    "Prints a task list with a task for each row of a CSV file, or of standard input. The first "
    "row names the columns; templates know the fields of a row by these names, or as "
    "{{ row['any name'] }}, and its number, from 0, as {{ index }}. The list goes straight into "
    "'mesos-batch run -'."
)
SETTINGS = the.CSV
CLOSING = "No flag of this command comes from the environment."


def run(arguments: Sequence[str]) -> int:
    """Print the list.

    Raises:
        UsageError: a flag is wrong.
        TaskListError: the file cannot be read, is no CSV, or a row makes no valid task.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)

    from mesos_batch.generating import csv_rows, generate

    wish = wish_of(values, the.CSV_NAME, values[the.TASK_ID])
    text, name = text_of(values.word)
    print_list(generate(wish, csv_rows(text, name, values[the.DELIMITER])))
    return ExitCode.FINISHED
