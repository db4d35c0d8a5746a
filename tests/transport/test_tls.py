"""Files of certificates: what is wrong with them is told by name, and nobody is asked for a key."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from certificates import Authority

from mesos_batch.errors import UsageError
from mesos_batch.transport.http import new_session
from mesos_batch.transport.tls import BUNDLE_VARIABLES, Tls, context_of, tls_fault


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Authority(tmp_path).issue("locked", passphrase="hunter2")
    Path("text").write_text("no certificate")
    return tmp_path


@pytest.mark.parametrize(
    ("cacert", "client_cert", "client_key", "said"),
    [
        ("missing", None, None, "cannot read certificates in missing: No such file"),
        ("text", None, None, "text has no certificates in PEM form"),
        (None, None, "text", "--client_key is given without --client_cert"),
        (None, "missing", None, "cannot read missing: No such file"),
        (None, "locked.pem", "missing", "cannot read missing: No such file"),
        (None, "text", None, "text is no certificate with its key, in PEM form"),
        (None, "locked.pem", "text", "locked.pem with text is no certificate with its key"),
        (None, "locked.pem", "locked.key", "the key in locked.key has a passphrase"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(
    files: Path, cacert: str | None, client_cert: str | None, client_key: str | None, said: str
) -> None:
    given = (None if name is None else Path(name) for name in (cacert, client_cert, client_key))

    with pytest.raises(UsageError) as refused:
        context_of(Tls(*given))

    assert refused.value.message.startswith(said)


def test_verification_is_on_whatever_is_given(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in BUNDLE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for tls in (Tls(), Tls(cacert=Path("authority.pem"))):
        context = context_of(tls)
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    # Only the authority that was given is trusted, also once requests has had its hands on it.
    with new_session(None, "https://127.0.0.1:1") as session:
        adapter = session.get_adapter("https://127.0.0.1:1")
        connection = type("Connection", (), {})()
        adapter.cert_verify(connection, "https://127.0.0.1:1", True, None)
        assert vars(connection) == {}
    assert len(context_of(Tls(cacert=Path("authority.pem"))).get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "wants a certificate of ours"),
        ("TLSV1_ALERT_UNKNOWN_CA", "does not accept our certificate"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "our certificate has expired"),
        ("WRONG_VERSION_NUMBER", "speaks no TLS"),
    ],
)
def test_what_the_other_side_says_becomes_a_sentence(reason: str, said: str) -> None:
    error = ssl.SSLError(1, "whatever")
    error.reason = reason
    assert said in str(tls_fault(error))
    error.reason = "UNEXPECTED_EOF_WHILE_READING"
    assert tls_fault(error) is None
