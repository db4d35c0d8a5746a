"""``mesos-batch schema``: the JSON Schema of job files."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from mesos_batch.config import job_settings as jobs
from mesos_batch.errors import ExitCode
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch schema",)
ABOUT = (
    "Prints the JSON Schema (2020-12) of job files. Editors complete and check by it: save it, and "
    "write '# yaml-language-server: $schema=PATH' into the first line of a job file in YAML, or "
    "'#:schema PATH' in TOML."
)
SETTINGS = jobs.SCHEMA


def run(arguments: Sequence[str]) -> int:
    """Print the schema.

    Raises:
        UsageError: a flag is wrong.
    """
    Values(arguments, os.environ, SETTINGS)

    from mesos_batch.jobs.schema import json_schema

    emit(sys.stdout, json.dumps(json_schema(), indent=2))
    return ExitCode.FINISHED
