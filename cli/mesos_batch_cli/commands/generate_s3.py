"""``mesos-batch generate s3``: a task for each object of a bucket that is meant."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mesos_batch.config import generate_settings as the
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.generating import print_list, wish_of
from mesos_batch_cli.output.streams import say_warning
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch generate s3 --bucket=BUCKET --unique_file=NAME --command=TEMPLATE [flags]",)
ABOUT = (
    "Prints a task list with a task for each object of an S3 bucket, or only for those with a "
    "file name in their keys. A task sees the folder of its object as inputId. Templates know "
    "{{ key }}, {{ folder }}, {{ file }}, {{ parts[0] }} and so on, {{ slug }} (the folder as an "
    "id), {{ bucket }}, {{ size }}, {{ modified }} and {{ index }}. The list goes straight into "
    "'mesos-batch run -'."
)
SETTINGS = the.S3
CLOSING = (
    "No flag of this command comes from the environment, but boto3 takes AWS credentials from "
    "where it always does."
)


def run(arguments: Sequence[str]) -> int:
    """Print the list.

    Raises:
        UsageError: a flag is wrong, or there are no credentials and they were asked for.
        ListingError: the S3 server is away, or refuses to list.
        TaskListError: an object makes no valid task.
    """
    values = Values(arguments, os.environ, SETTINGS)
    bucket = values[the.BUCKET]
    if bucket is None:
        raise UsageError("no bucket is given", "Add --bucket=BUCKET.")

    from mesos_batch.generating import Credentials, ObjectSource, generate, object_rows

    wish = wish_of(values, the.S3_NAME, values[the.S3_TASK_ID], _environment(values))
    source = ObjectSource(
        bucket=bucket,
        prefix=values[the.PREFIX],
        unique_file=values[the.UNIQUE_FILE],
        region=values[the.REGION],
        endpoint=values[the.ENDPOINT],
        credentials=Credentials(values[the.CREDENTIALS]),
    )

    def listed(total: int, chosen: int) -> None:
        if not chosen:
            where = f"s3://{bucket}/{source.prefix}"
            about = f"; none has '{source.unique_file}' in its key" if total else ""
            say_warning(f"the list is empty: {total:,} objects under {where}{about}")

    print_list(generate(wish, object_rows(source, listed)))
    return ExitCode.FINISHED


def _environment(values: Values) -> dict[str, str]:
    """What the tasks of the original found in their environment."""
    environment = {"inputId": "s3://{{ bucket }}/{{ folder }}"}
    target, region = values[the.TARGET_BUCKET], values[the.REGION]
    if target is not None:
        environment["outputId"] = f"s3://{target}/{{{{ folder }}}}"
    if region is not None:
        environment["AWS_DEFAULT_REGION"] = region
    return environment
