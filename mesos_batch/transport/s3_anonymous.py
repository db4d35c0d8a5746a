"""Lists S3 buckets that anybody may list, over plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from mesos_batch.errors import ListingError
from mesos_batch.protocol.s3 import S3Object, S3Page, error_from, page_from
from mesos_batch.transport.http import CONNECT_SECONDS, new_session, reason

# A page comes within seconds, and is asked for five times.
ANSWER_SECONDS = 15.0
_REGION_HEADER = "x-amz-bucket-region"
# S3 asks to come back later when it is asked a lot.
_RETRY = Retry(
    total=4, backoff_factor=0.3, status_forcelist=(500, 502, 503, 504), raise_on_status=False
)
_ELSEWHERE = (301, 307, 308)
_REFUSED = (401, 403)


def list_objects(
    bucket: str, prefix: str, region: str | None, endpoint: str | None
) -> Iterator[S3Object]:
    """The objects under a prefix, page by page.

    Raises:
        ListingError: the server is away, or refuses to list.
    """
    url = _url(bucket, region, endpoint)
    parameters = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
    with _session(url) as session:
        while True:
            response = _get(session, url, parameters)
            elsewhere = response.headers.get(_REGION_HEADER)
            if response.status_code in _ELSEWHERE and elsewhere and endpoint is None:
                if elsewhere == region:
                    raise ListingError(f"S3 sends from region {region} to itself")
                # The global endpoint knows where a bucket is and does not list it.
                region = elsewhere
                url = _url(bucket, region, None)
                continue
            page = _page(response, bucket)
            yield from page.objects
            if page.next_token is None:
                return
            parameters = {**parameters, "continuation-token": page.next_token}


def _url(bucket: str, region: str | None, endpoint: str | None) -> str:
    """Where a bucket is: by its path, so that a dot in its name does no harm to TLS."""
    if endpoint is None:
        endpoint = f"https://s3.{region}.amazonaws.com" if region else "https://s3.amazonaws.com"
    return f"{endpoint.rstrip('/')}/{quote(bucket, safe='')}"


def _session(url: str) -> requests.Session:
    session = new_session(None, url)
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=_RETRY))
    return session


def _get(session: requests.Session, url: str, parameters: dict[str, str]) -> requests.Response:
    try:
        return session.get(
            url,
            params=parameters,
            allow_redirects=False,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
        )
    except requests.RequestException as error:
        raise ListingError(f"{url} does not answer: {reason(error)}") from None


def _page(response: requests.Response, bucket: str) -> S3Page:
    if response.status_code != 200:
        said = error_from(response.content) or f"HTTP {response.status_code}"
        hint = None
        if response.status_code in _REFUSED:
            hint = (
                "It was asked anonymously. With boto3 (pip install 'mesos-batch[s3]') and AWS"
                " credentials, requests are signed."
            )
        raise ListingError(f"bucket '{bucket}' cannot be listed: {said}", hint)
    try:
        return page_from(response.content)
    except ValueError as error:
        raise ListingError(f"what answers for bucket '{bucket}' is no S3: {error}") from None
