"""Listing over plain HTTP: what is asked for, where S3 sends us, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from runtime.scripted_master import Request, ScriptedMaster, status

from mesos_batch.errors import ListingError
from mesos_batch.transport import s3_anonymous

EMPTY = "<ListBucketResult/>"


def page(key: str, token: str | None = None) -> str:
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"
    inside = f"<Contents><Key>{key}</Key></Contents>{more if token else ''}"
    return f"<ListBucketResult>{inside}</ListBucketResult>"


def keys(master: ScriptedMaster, bucket: str = "b", prefix: str = "") -> list[str]:
    found = s3_anonymous.list_objects(bucket, prefix, None, f"http://{master.address}/")
    return [item.key for item in found]


def asked(request: Request) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.path).query)


def test_pages_are_asked_for_one_after_the_other() -> None:
    def script(request: Request, _: int) -> bytes:
        token = asked(request).get("continuation-token")
        return status(200, page("a", "t+/=") if token is None else page("b"))

    with ScriptedMaster(script) as server:
        assert keys(server, "my.bucket", "tiles/33 é") == ["a", "b"]
    first, second = server.requests
    assert urlsplit(first.path).path == "/my.bucket"
    assert asked(first) == {
        "list-type": ["2"],
        "encoding-type": ["url"],
        "prefix": ["tiles/33 é"],
    }
    assert asked(second)["continuation-token"] == ["t+/="]
    assert "Authorization" not in first.headers


def test_an_object_is_there_before_the_next_page_is_asked_for() -> None:
    with ScriptedMaster(lambda *_: status(200, page("a", "more"))) as server:
        found = s3_anonymous.list_objects("b", "", None, f"http://{server.address}")
        assert next(found).key == "a"
        assert len(server.requests) == 1


def test_s3_is_asked_again_when_it_has_its_hands_full(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = s3_anonymous._RETRY.new(backoff_factor=0)
    monkeypatch.setattr(s3_anonymous, "_RETRY", quick)
    answers = iter([status(503, "SlowDown"), status(500), status(200, page("a"))])
    with ScriptedMaster(lambda *_: next(answers)) as server:
        assert keys(server) == ["a"]
    busy = refusal(lambda *_: status(503, "<Error><Code>SlowDown</Code></Error>"))
    assert busy.message == "bucket 'b' cannot be listed: SlowDown"


def refusal(answer: Callable[..., bytes]) -> ListingError:
    with ScriptedMaster(answer) as server, pytest.raises(ListingError) as told:
        keys(server)
    return told.value


def test_what_s3_refuses_is_told_in_its_words() -> None:
    said = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    error = refusal(lambda *_: status(403, said))
    assert error.message == "bucket 'b' cannot be listed: AccessDenied: Access Denied"
    assert "asked anonymously" in (error.hint or "")
    assert refusal(lambda *_: status(404)).message == "bucket 'b' cannot be listed: HTTP 404"
    assert refusal(lambda *_: status(404)).hint is None


def test_what_is_no_s3_is_told() -> None:
    said = refusal(lambda *_: status(200, "<html></html>")).message
    assert (
        said == "what answers for bucket 'b' is no S3: the answer is no list of objects but <html>"
    )


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_anonymous, "_RETRY", s3_anonymous._RETRY.new(total=0))
    with pytest.raises(ListingError, match=r"http://127\.0\.0\.1:1/b does not answer: "):
        list(s3_anonymous.list_objects("b", "", None, "http://127.0.0.1:1"))


def test_a_bucket_of_another_region_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The global endpoint answers 301 with the region, and no address of it."""

    def script(request: Request, _: int) -> bytes:
        if request.path.startswith("/global/"):
            return status(301, "", **{"x-amz-bucket-region": "eu-west-1"})
        return status(200, page(urlsplit(request.path).path))

    with ScriptedMaster(script) as server:

        def url(bucket: str, region: str | None, _endpoint: str | None) -> str:
            return f"http://{server.address}/{region or 'global'}/{bucket}"

        monkeypatch.setattr(s3_anonymous, "_url", url)
        (found,) = s3_anonymous.list_objects("b", "", None, None)
        assert found.key == "/eu-west-1/b"


@pytest.mark.parametrize(
    ("region", "endpoint", "url"),
    [
        (None, None, "https://s3.amazonaws.com/b.c"),
        ("eu-west-1", None, "https://s3.eu-west-1.amazonaws.com/b.c"),
        ("eu-west-1", "http://minio:9000/", "http://minio:9000/b.c"),
    ],
)
def test_where_a_bucket_is(region: str | None, endpoint: str | None, url: str) -> None:
    assert s3_anonymous._url("b.c", region, endpoint) == url
