"""The settings of a run about what its tasks write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mesos_batch.config.setting import BOOLEAN, PATH, Group, Setting

STREAM_LOGS: Setting[bool] = Setting(
    name="stream_logs",
    kind=BOOLEAN,
    default=False,
    group=Group.LOGS,
    help="Print what the tasks write, each line with the task it is from, while they run.",
)
OUTPUT_DIR: Setting[Path | None] = Setting(
    name="output_dir",
    kind=PATH,
    default=None,
    group=Group.LOGS,
    help="Copy what each task wrote to TASK/stdout and TASK/stderr in this directory when it "
    "ends, since agents remove sandboxes after a while.",
)
TASK_OUTPUT: tuple[Setting[Any], ...] = (STREAM_LOGS, OUTPUT_DIR)
