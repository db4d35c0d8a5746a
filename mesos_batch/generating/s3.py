"""The objects of an S3 bucket as rows, one for each whose key has a given file name in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from mesos_batch.errors import UsageError
from mesos_batch.generating.rows import Row
from mesos_batch.protocol.s3 import S3Object
from mesos_batch.transport import s3_anonymous, s3_signed

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


class Credentials(Enum):
    """Who lists: anybody, whom ``boto3`` has credentials of, or (auto) the latter if any."""

    AUTO = "auto"
    ANONYMOUS = "anonymous"
    BOTO3 = "boto3"


@dataclass(frozen=True, slots=True)
class ObjectSource:
    """Which objects: those under ``prefix`` with ``unique_file`` in their keys.

    ``endpoint`` is the URL of an S3 server, ``None`` that of Amazon's ``region``.
    """

    bucket: str
    prefix: str = ""
    unique_file: str = ""
    region: str | None = None
    endpoint: str | None = None
    credentials: Credentials = Credentials.AUTO


def object_rows(
    source: ObjectSource, listed: Callable[[int, int], None] = lambda _all, _chosen: None
) -> Iterator[Row]:
    """A row for each object that is meant, as soon as the page with it is there.

    ``listed`` is told in the end how many objects there were, and how many of them were meant.

    Raises:
        UsageError: there is no ``boto3``, and it was asked for.
        ListingError: the server is away, or refuses to list.
    """
    total = chosen = 0
    for item in _objects(source):
        total += 1
        if source.unique_file in item.key:
            yield Row(_names(item, source, chosen), f"object {item.key}")
            chosen += 1
    listed(total, chosen)


def _objects(source: ObjectSource) -> Iterator[S3Object]:
    if source.credentials is not Credentials.ANONYMOUS:
        session = s3_signed.find_session(source.region)
        if session is not None:
            return s3_signed.list_objects(session, source.bucket, source.prefix, source.endpoint)
        if source.credentials is Credentials.BOTO3:
            raise UsageError(*_no_credentials())
    return s3_anonymous.list_objects(source.bucket, source.prefix, source.region, source.endpoint)


def _no_credentials() -> tuple[str, str]:
    if not s3_signed.is_installed():
        return "boto3 is not installed, and only it can sign", "pip install 'mesos-batch[s3]'"
    return (
        "boto3 finds no credentials",
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
    )


def _names(item: S3Object, source: ObjectSource, index: int) -> dict[str, object]:
    """``folder`` is the key without the unique file, where that is its end, as in the original."""
    folder = item.key.removesuffix(source.unique_file)
    return {
        "bucket": source.bucket,
        "key": item.key,
        "folder": folder,
        "file": item.key.rpartition("/")[2],
        "parts": item.key.split("/"),
        "slug": _NOT_IN_NAMES.sub("_", folder).strip("_"),
        "size": item.size,
        "modified": item.modified,
        "index": index,
    }
