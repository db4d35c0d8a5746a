"""The public door to task lists that are made of something: agents, S3 objects, lines, CSV rows.

wish = TaskWish(command="process {{ line | quote }}")
for task in generate(wish, line_rows(sys.stdin, "<stdin>")):
    print(json.dumps(task))
"""

from mesos_batch.generating.prefetch import agent_rows, prefetch_wish
from mesos_batch.generating.rows import Row, csv_rows, line_rows
from mesos_batch.generating.s3 import Credentials, ObjectSource, object_rows
from mesos_batch.generating.tasks import Json, TaskWish, generate

__all__ = [
    "Credentials",
    "Json",
    "ObjectSource",
    "Row",
    "TaskWish",
    "agent_rows",
    "csv_rows",
    "generate",
    "line_rows",
    "object_rows",
    "prefetch_wish",
]
