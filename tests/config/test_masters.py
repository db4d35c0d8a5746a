"""Addresses of masters: what is taken, in which form, and what is said of what is not."""

from __future__ import annotations

import pytest

from mesos_batch.config.masters import parse_master
from mesos_batch.config.secret import Secret


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("local", "local"),
        ("Host:5050", "host:5050"),
        ("host:05050/", "host:5050"),
        ("master@10.0.0.1:5050", "10.0.0.1:5050"),
        ("[::1]:5050", "[::1]:5050"),
        ("http://host", "http://host"),
        ("https://Host:8443/", "https://host:8443"),
        ("https://host/Mesos/east/", "https://host/Mesos/east"),
        ("a:1,b:2, master@c:3", "a:1,b:2,c:3"),
        ("a:1,A:1", "a:1"),
        ("http://a/x,https://b", "http://a/x,https://b"),
        ("zk://h/mesos", "zk://h:2181/mesos"),
        ("zk://H1:2182,[::1], h3/a/b/", "zk://h1:2182,[::1]:2181,h3:2181/a/b"),
    ],
)
def test_each_form_is_taken(text: str, address: str) -> None:
    assert parse_master(text) == address
    assert parse_master(address) == address


@pytest.mark.parametrize("login", ["me:s3cret", "me:s3@cret", "me:s3:cret,x"])
def test_credentials_of_zookeeper_ride_along_unseen(login: str) -> None:
    master = parse_master(f"zk://{login}@h/mesos")

    assert master.zk_login == Secret(login)
    assert parse_master(master).zk_login == Secret(login)
    assert f"{master} {master!r} {master.zk_login!r}" == (
        "zk://h:2181/mesos 'zk://h:2181/mesos' Secret(***)"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("host", "did you mean host:5050?"),
        ("a:1,host", "did you mean host:5050?"),
        ("host:5050/mesos", "did you mean http://host:5050/mesos?"),
        ("host:65536", "has the port 65536, which does not exist"),
        ("ftp://host:1", "write local, HOST:PORT"),
        ("http://h:5050/#/frameworks", "write local, HOST:PORT"),
        ("", "write local, HOST:PORT"),
        ("a:1,", "write local, HOST:PORT"),
        ("a:1,local", "'local' stands alone"),
        ("a:1,zk://h/m", "stands alone"),
        ("zk://h", "did you mean zk://h/mesos?"),
        ("zk://h:2181/", "did you mean zk://h:2181/mesos?"),
        ("zk://h/a//b", "did you mean"),
        ("zk:///mesos", "are written HOST:PORT"),
        ("zk://h:0/mesos", "has the port 0"),
        ("zk://me@h/mesos", "zk://USER:PASSWORD@HOST:PORT"),
        ("zk://:pw@h/mesos", "zk://USER:PASSWORD@HOST:PORT"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_right(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        parse_master(text)

    assert said in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "http://me:s3cret@h:5050",
        "http://me:s3cret,more@h:5050",
        "me:s3cret@h:5050",
        "zk://me:s3cret@h:2181",
        "zk://me:s3cret@h:99999/m",
        "zk://me:s3cret@h:x/m",
        "zk://me:s3cret",
        "zk://me:s3cret/mesos",
        "zk://me:s3cret/more@h/m",
        "a:1,zk://me:s3cret@h/m",
    ],
)
def test_a_password_is_never_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        parse_master(text)

    assert "s3cret" not in str(error.value)
