"""The public door to what tasks write: find it, read it, follow it, copy it.

sources = Sources(options)
source = sources.open(task.sandbox)
for piece in pieces(source, "stderr"):
    sys.stdout.buffer.write(piece)
"""

from mesos_batch.model.sandbox import STDERR, STDOUT, STREAMS, Sandbox, SandboxFile
from mesos_batch.sandboxes.collect import Collector, copy_of
from mesos_batch.sandboxes.cutting import LineCutter
from mesos_batch.sandboxes.download import (
    checked_name,
    download_file,
    download_tree,
    make_directory,
)
from mesos_batch.sandboxes.executor_lines import ExecutorLines
from mesos_batch.sandboxes.find import asked_for, attempt_of, sandbox_of_attempt
from mesos_batch.sandboxes.follow import Follower
from mesos_batch.sandboxes.reading import (
    last_own_lines,
    pieces,
    start_of_last,
    start_of_last_own,
)
from mesos_batch.sandboxes.source import Source, Sources

__all__ = [
    "STDERR",
    "STDOUT",
    "STREAMS",
    "Collector",
    "ExecutorLines",
    "Follower",
    "LineCutter",
    "Sandbox",
    "SandboxFile",
    "Source",
    "Sources",
    "asked_for",
    "attempt_of",
    "checked_name",
    "copy_of",
    "download_file",
    "download_tree",
    "last_own_lines",
    "make_directory",
    "pieces",
    "sandbox_of_attempt",
    "start_of_last",
    "start_of_last_own",
]
