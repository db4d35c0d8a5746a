"""Lists S3 buckets with the credentials that ``boto3`` finds, where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from mesos_batch.errors import ListingError
from mesos_batch.protocol.s3 import S3Object
from mesos_batch.transport.http import CONNECT_SECONDS
from mesos_batch.transport.s3_anonymous import ANSWER_SECONDS


def is_installed() -> bool:
    """Whether ``boto3`` is there."""
    return find_spec("boto3") is not None


def find_session(region: str | None) -> Any | None:
    """A session with credentials; ``None`` where there are none, or no ``boto3``.

    Raises:
        ListingError: what is configured for boto3 is wrong.
    """
    if not is_installed():
        return None
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        session = boto3.Session(region_name=region)
        return session if session.get_credentials() is not None else None
    except BotoCoreError as error:
        raise ListingError(f"AWS credentials cannot be read: {error}") from None


def list_objects(
    session: Any, bucket: str, prefix: str, endpoint: str | None
) -> Iterator[S3Object]:
    """The objects under a prefix, page by page.

    Raises:
        ListingError: the server is away, or refuses to list.
    """
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        patience = Config(connect_timeout=CONNECT_SECONDS, read_timeout=ANSWER_SECONDS)
        client = session.client("s3", endpoint_url=endpoint, config=patience)
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for item in page.get("Contents", ()):
                modified = item["LastModified"].isoformat()
                yield S3Object(item["Key"], item["Size"], modified)
    except ClientError as error:
        said = error.response.get("Error", {})
        what = f"{said.get('Code', 'refused')}: {said.get('Message', '')}".rstrip(": ")
        raise ListingError(f"bucket '{bucket}' cannot be listed: {what}") from None
    except (BotoCoreError, ValueError) as error:
        raise ListingError(f"bucket '{bucket}' cannot be listed: {error}") from None
