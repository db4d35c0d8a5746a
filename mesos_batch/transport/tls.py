"""TLS to masters and agents: whom we trust, what we show of ourselves, and what went wrong.

Certificates are always verified, as is the name of the host. There is no switch for it.
"""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mesos_batch.errors import UsageError

# As requests, curl and OpenSSL name a file of certificate authorities.
BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")

# What each verifier calls it: OpenSSL, Windows (CERT_E_...), macOS (errSec...).
_EXPIRED = (10, 0x800B0101, -67818)
_NOT_YET_VALID = (9,)
_OTHER_NAME = (62, 64, 0x800B010F, -67602)
# For OpenSSL: no issuer found, self-signed, self-signed in the chain, unverifiable leaf.
_UNKNOWN_ISSUER = (20, 18, 19, 21, 0x800B0109, 0x800B010A, -67843)


@dataclass(frozen=True, slots=True)
class Tls:
    """Whom we trust, and who we are.

    ``cacert`` has the only authorities to trust, in PEM; ``None`` is those the system trusts.
    ``client_cert`` is shown to a server that asks for one; its key is in ``client_key``, or in
    the same file.
    """

    cacert: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None


SYSTEM_TRUST = Tls()


def context_of(tls: Tls) -> ssl.SSLContext:
    """How TLS is spoken; the same object for equal values, as it takes long to make.

    Raises:
        UsageError: a file cannot be read or has not what it should.
    """
    if tls.client_key is not None and tls.client_cert is None:
        raise UsageError("--client_key is given without --client_cert", "Add --client_cert=FILE.")
    return _context(tls.cacert or _bundle_of_environment(), tls.client_cert, tls.client_key)


@lru_cache(maxsize=8)
def _context(
    authorities: Path | None, certificate: Path | None, key: Path | None
) -> ssl.SSLContext:
    context = _trusting(authorities)
    if certificate is not None:
        _show(context, certificate, key)
    return context


def _bundle_of_environment() -> Path | None:
    found = next((os.environ[name] for name in BUNDLE_VARIABLES if os.environ.get(name)), None)
    return None if found is None else Path(found)


def _trusting(authorities: Path | None) -> ssl.SSLContext:
    if authorities is None:
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if authorities.is_dir():
            context.load_verify_locations(capath=authorities)
        else:
            context.load_verify_locations(cafile=authorities)
    except ssl.SSLError:
        raise UsageError(f"{authorities} has no certificates in PEM form") from None
    except OSError as error:
        raise UsageError(f"cannot read certificates in {authorities}: {error.strerror}") from None
    return context


def _show(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    def no_passphrase() -> str:
        raise UsageError(
            f"the key in {key or certificate} has a passphrase, and nobody could type it mid-run",
            "Give a key without one that only you can read (chmod 600).",
        )

    for path in filter(None, (certificate, key)):
        try:
            path.open("rb").close()
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from None
    try:
        context.load_cert_chain(certificate, key, no_passphrase)
    except ssl.SSLError:
        where = certificate if key is None else f"{certificate} with {key}"
        raise UsageError(
            f"{where} is no certificate with its key, in PEM form",
            "Give both with --client_cert=FILE and --client_key=FILE.",
        ) from None


def tls_fault(error: ssl.SSLError) -> str | None:
    """What is wrong, where another try would fail the same way; ``None`` for other errors."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_fault(error)
    reason = error.reason or ""
    if "CERTIFICATE_REQUIRED" in reason or reason == "SSLV3_ALERT_HANDSHAKE_FAILURE":
        return "the server wants a certificate of ours (--client_cert, --client_key)"
    if reason in ("TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_BAD_CERTIFICATE"):
        return "the server does not accept our certificate (--client_cert)"
    if reason == "SSLV3_ALERT_CERTIFICATE_EXPIRED":
        return "our certificate has expired (--client_cert)"
    if is_no_tls(error):
        return "the server speaks no TLS (is it http:// instead of https://?)"
    return None


def is_no_tls(error: ssl.SSLError) -> bool:
    """Whether what was answered is no TLS."""
    return error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")


def _certificate_fault(error: ssl.SSLCertVerificationError) -> str:
    code: int = getattr(error, "verify_code", 0)
    said: str = getattr(error, "verify_message", "") or str(error)
    if code in _EXPIRED:
        return "its certificate has expired"
    if code in _NOT_YET_VALID:
        return "its certificate is not valid yet (is our clock right?)"
    if code in _OTHER_NAME:
        return f"its certificate is for another name ({said.rstrip('.')})"
    if code in _UNKNOWN_ISSUER:
        return (
            "its certificate is by no authority we trust: give the file of the one that signed it"
            " with --cacert"
        )
    return f"its certificate is not accepted ({said.rstrip('.')})"
