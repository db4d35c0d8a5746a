"""Pages of S3: keys as they are, more pages, errors, and what must not be read."""

from __future__ import annotations

from urllib.parse import quote_plus
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.protocol.s3 import S3Object, error_from, page_from

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def page(inside: str, namespace: str = NAMESPACE) -> bytes:
    return (
        f"<?xml version='1.0'?><ListBucketResult {namespace}>{inside}</ListBucketResult>".encode()
    )


def contents(key: str) -> str:
    return f"<Contents><Key>{escape(key)}</Key><Size>7</Size><Owner><ID>x</ID></Owner></Contents>"


@pytest.mark.parametrize("namespace", [NAMESPACE, ""])
def test_objects_and_the_way_to_the_next(namespace: str) -> None:
    head = "<Name>b</Name><IsTruncated>true</IsTruncated>"
    token = "<NextContinuationToken>t/0=</NextContinuationToken>"
    found = page_from(page(head + contents("a/b & c") + contents("d") + token, namespace))
    assert found.objects == (S3Object("a/b & c", 7), S3Object("d", 7))
    assert found.next_token == "t/0="


def test_a_last_page_has_no_next() -> None:
    inside = "<IsTruncated>false</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
    assert page_from(page(inside)).next_token is None
    assert page_from(page("")).objects == ()


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_key_comes_through_encoded(key: str) -> None:
    inside = f"<EncodingType>url</EncodingType>{contents(quote_plus(key))}"
    assert page_from(page(inside)).objects == (S3Object(key, 7),)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no XML"),
        (b"<html></html>", "no list of objects but <html>"),
        (page("<Contents><Size>1</Size></Contents>"), "has no key"),
        (page("<IsTruncated>true</IsTruncated>"), "does not say how"),
        (b'<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>', "has a document type"),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x><x/>'.encode("utf-16"), "document"),
    ],
)
def test_what_is_no_page_is_told(body: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        page_from(body)


def test_errors_of_s3() -> None:
    body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    assert error_from(body) == "AccessDenied: Access Denied"
    assert error_from(b"<Error><Code>SlowDown</Code></Error>") == "SlowDown"
    assert error_from(b"<Error/>") is None
    assert error_from(b"busy") is None
    assert error_from(b'<!DOCTYPE x [<!ENTITY a "b">]><Error><Code>&a;</Code></Error>') is None
