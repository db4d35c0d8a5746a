"""Where the secret of a principal comes from, and that it shows itself nowhere."""

import copy
import pickle
import sys
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from mesos_batch.config import keyring_store
from mesos_batch.config.keyring_entry import Entry
from mesos_batch.config.secret import Secret
from mesos_batch.config.secrets import Credentials, Given, Offered, find_credentials
from mesos_batch.errors import UsageError

TWO_CREDENTIALS = (
    '{"credentials": [{"principal": "alice", "secret": "a"}, {"principal": "bob", "secret": "b"}]}'
)
MASTER = "m.example.org:5050"


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError("no such entry")


class LockedKeyring(MemoryKeyring):
    """A keyring that lets nobody in."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("it is locked")


@pytest.fixture
def use_keyring(monkeypatch: pytest.MonkeyPatch):
    def use(backend: KeyringBackend) -> None:
        monkeypatch.setattr(keyring.core, "_keyring_backend", backend)

    return use


@pytest.fixture(autouse=True)
def no_keyring(use_keyring) -> None:
    from keyring.backends.fail import Keyring

    use_keyring(Keyring())


@pytest.fixture
def secret_file(tmp_path: Path):
    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / "secret"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return write


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("hunter2")

    assert secret.reveal() == "hunter2"
    assert "hunter2" not in f"{secret} {secret!r} {[secret]} {Credentials('alice', secret)}"
    assert secret == Secret("hunter2") != Secret("hunter3")
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(secret)
    with pytest.raises(TypeError, match="not written"):
        copy.deepcopy(secret)


def test_a_secret_on_the_command_line_works_and_warns() -> None:
    found = find_credentials(Given(principal="alice", flags=Offered(secret=Secret("s"))), MASTER)

    assert (found.principal, found.secret) == ("alice", Secret("s"))
    assert "process list" in found.warnings[0]


def test_a_file_url_as_secret_is_read_and_does_not_warn(secret_file) -> None:
    given = Given(
        principal="alice", flags=Offered(secret=Secret(f"file://{secret_file('s3cret')}"))
    )

    assert find_credentials(given, MASTER) == Credentials("alice", Secret("s3cret"))


@pytest.mark.parametrize(
    ("text", "principal", "found"),
    [
        ("s3cret", "alice", ("alice", "s3cret")),
        ("s3cret\n", "alice", ("alice", "s3cret")),
        ("alice s3cret\n", None, ("alice", "s3cret")),
        ("alice s3cret\nbob other\n", "bob", ("bob", "other")),
        ('{"principal": "alice", "secret": "with space"}', None, ("alice", "with space")),
        (TWO_CREDENTIALS, "bob", ("bob", "b")),
    ],
)  # fmt: skip
def test_secret_files_hold_a_secret_or_mesos_credentials(
    secret_file, text: str, principal: str | None, found: tuple[str, str]
) -> None:
    given = Given(principal=principal, flags=Offered(secret_file=secret_file(text)))

    credentials = find_credentials(given, MASTER)

    assert (credentials.principal, credentials.secret) == (found[0], Secret(found[1]))
    assert credentials.warnings == ()


@pytest.mark.parametrize(
    ("text", "principal", "said"),
    [
        ("s3cret", None, "no principal"),
        ("", "alice", "neither a secret alone nor"),
        ("three words s3cret", "alice", "neither a secret alone nor"),
        ("{s3cret", "alice", "neither a secret alone nor"),
        ('{"credentials": "s3cret"}', "alice", "neither a secret alone nor"),
        ('{"principal": "alice", "secret": 17}', "alice", "neither a secret alone nor"),
        ("bob s3cret", "alice", "no secret for the principal 'alice'"),
        ("bob s3cret\ncarol s3cret", None, "several principals"),
        ("s3:cret", "alice", "secret contains a colon"),
        ("al:ice s3cret", None, "principal contains a colon"),
    ],
)
def test_secret_files_that_do_not_help_are_refused_without_telling_the_secret(
    secret_file, text: str, principal: str | None, said: str
) -> None:
    with pytest.raises(UsageError) as refused:
        find_credentials(
            Given(principal=principal, flags=Offered(secret_file=secret_file(text))), MASTER
        )

    told = f"{refused.value.message} {refused.value.hint} {refused.value!r}"
    assert said in told
    assert "cret" not in told.replace("secret", "")


def test_a_missing_secret_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        find_credentials(
            Given(principal="a", flags=Offered(secret_file=tmp_path / "missing")), MASTER
        )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permission bits")
@pytest.mark.parametrize(("mode", "warns"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_secret_file_others_can_read_warns(secret_file, mode: int, warns: bool) -> None:
    found = find_credentials(
        Given(principal="a", flags=Offered(secret_file=secret_file("s", mode))), MASTER
    )

    assert ["can be read by others" in warning for warning in found.warnings] == [True] * warns


def test_two_secrets_on_the_command_line_contradict_each_other(secret_file) -> None:
    given = Given(principal="a", flags=Offered(secret=Secret("s"), secret_file=secret_file("s")))
    with pytest.raises(UsageError, match="both given"):
        find_credentials(given, MASTER)


def test_flags_win_over_the_environment_and_that_over_the_keyring(secret_file, use_keyring) -> None:
    backend = MemoryKeyring()
    backend.entries["mesos-batch", f"a@{MASTER}"] = "from keyring"
    use_keyring(backend)
    variable = Offered(secret=Secret("from variable"), secret_file=secret_file("from_file"))
    by_flag = Given(
        principal="a", environment=variable, flags=Offered(secret_file=secret_file("from_file"))
    )
    by_variable = Given(principal="a", environment=variable)
    by_keyring = Given(principal="a")

    assert find_credentials(by_flag, MASTER).secret == Secret("from_file")
    assert find_credentials(by_variable, MASTER).secret == Secret("from variable")
    assert find_credentials(by_keyring, MASTER).secret == Secret("from keyring")


def test_the_keyring_is_left_alone_without_a_master_to_ask_for(use_keyring) -> None:
    use_keyring(LockedKeyring())

    assert find_credentials(Given(principal="a"), None) == Credentials("a")
    assert find_credentials(Given(), MASTER) == Credentials()


def test_no_keyring_is_no_secret() -> None:
    assert find_credentials(Given(principal="a"), MASTER) == Credentials("a")


def test_a_locked_keyring_warns(use_keyring) -> None:
    use_keyring(LockedKeyring())

    found = find_credentials(Given(principal="a"), MASTER)

    assert found == Credentials(
        "a", None, ("the keyring could not be read: it is locked, and was not unlocked",)
    )


def test_a_secret_in_the_environment_without_a_principal_is_not_used_in_silence() -> None:
    found = find_credentials(Given(environment=Offered(secret=Secret("s"))), MASTER)

    assert (found.principal, found.secret) == (None, None)
    assert "no principal" in found.warnings[0]


def test_a_principal_with_a_colon_is_fine_as_long_as_nothing_is_authenticated() -> None:
    assert find_credentials(Given(principal="a:b"), MASTER) == Credentials("a:b")
    with pytest.raises(UsageError, match="principal contains a colon"):
        find_credentials(Given(principal="a:b", environment=Offered(secret=Secret("s"))), MASTER)


def test_secrets_are_saved_per_principal_and_master(use_keyring) -> None:
    backend = MemoryKeyring()
    use_keyring(backend)

    keyring_store.save(Entry("secret", "a", MASTER), Secret("s"))

    assert backend.entries == {("mesos-batch", f"a@{MASTER}"): "s"}
    assert keyring_store.load(Entry("secret", "a", MASTER)) == Secret("s")
    assert keyring_store.load(Entry("secret", "b", MASTER)) is None
    assert keyring_store.delete(Entry("secret", "a", MASTER))
    assert not keyring_store.delete(Entry("secret", "a", MASTER))


def test_saving_without_a_keyring_says_so() -> None:
    with pytest.raises(keyring_store.KeyringUnusableError, match="this machine has none"):
        keyring_store.save(Entry("secret", "a", MASTER), Secret("s"))


@pytest.mark.parametrize("text", ["", "two words", "Bearer x", "\u00fc", "a\nb"])
def test_what_is_no_token_is_refused_without_telling_it(secret_file, text: str) -> None:
    for flags in (
        Offered(token_file=secret_file(text)),
        Offered(token=Secret(f"file://{secret_file(text)}")),
    ):
        with pytest.raises(UsageError) as refused:
            find_credentials(Given(flags=flags), MASTER)
        told = f"{refused.value.message}"
        assert "is no token" in told
        assert not text or text not in told


def test_a_token_needs_no_principal_and_comes_after_a_secret(secret_file) -> None:
    environment = Offered(token=Secret("t0ken"))
    both = Offered(token=Secret("t0ken"), secret=Secret("s"))

    assert find_credentials(Given(environment=environment), MASTER).token == Secret("t0ken")
    with_both = find_credentials(Given(principal="a", environment=both), MASTER)
    assert (with_both.secret, with_both.token) == (Secret("s"), None)
    from_file = Given(files=Offered(token_file=secret_file("t0ken\n")))
    assert find_credentials(from_file, MASTER).token == Secret("t0ken")


def test_a_keyring_that_is_chained_is_asked_but_for_one_in_plain_text(
    use_keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyring.backends.chainer import ChainerBackend

    plain, safe = MemoryKeyring(), MemoryKeyring()
    plain.__class__ = type(
        "PlaintextKeyring", (MemoryKeyring,), {"__module__": "keyrings.alt.file"}
    )
    monkeypatch.setattr(ChainerBackend, "backends", [plain, safe])
    use_keyring(ChainerBackend())

    keyring_store.save(Entry("secret", "a", MASTER), Secret("s"))

    assert plain.entries == {}
    assert safe.entries == {("mesos-batch", f"a@{MASTER}"): "s"}
