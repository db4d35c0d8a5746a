"""``mesos-batch credentials``: into the keyring, out of it, and never into a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import psutil
import pytest
from front import Front
from keyrings import keyring_in
from program import Outcome, Program, announcement_of, facts_of, running, task, write

WHO = ("--master=h.example.org:5050", "--principal=alice")
AT = "at h.example.org:5050"
POSIX = pytest.mark.skipif(os.name != "posix", reason="the task is for a POSIX shell")
PLAIN_TEXT = """
import keyring.backend
class PlaintextKeyring(keyring.backend.KeyringBackend):
    priority = 1
    def get_password(self, service, username): return None
    def set_password(self, service, username, password): open("leaked", "w").write(password)
    def delete_password(self, service, username): pass
"""


def test_a_secret_goes_from_standard_input_to_the_keyring_and_out_again(
    mesos_batch: Program, tmp_path: Path
) -> None:
    env = keyring_in(tmp_path)

    kept = mesos_batch("credentials", "set", *WHO, env=env, stdin="hunter2\nrest\n")
    stored = (tmp_path / "keyring.json").read_text(encoding="utf-8")
    listed = mesos_batch("credentials", "list", env=env)
    gone = mesos_batch("credentials", "delete", *WHO, env=env)
    again = mesos_batch("credentials", "delete", *WHO, env=env)

    assert stored == '{"mesos-batch alice@h.example.org:5050": "hunter2"}'
    assert kept.stdout == f"the secret of alice {AT} is in the keyring\n"
    assert listed.stdout.splitlines()[1].split() == [
        *("h.example.org:5050", "alice", "secret", "in", "the", "keyring")
    ]
    assert gone.stdout == f"the secret of alice {AT} is forgotten\n"
    assert (again.returncode, again.stdout) == (2, "")
    assert "hunter2" not in kept.stdout + kept.stderr + listed.stdout
    config = (tmp_path / "config").rglob("*")
    assert not [path for path in config if path.is_file() and "hunter2" in path.read_text()]


def test_what_others_took_out_of_the_keyring_is_told(mesos_batch: Program, tmp_path: Path) -> None:
    env = keyring_in(tmp_path)
    mesos_batch("credentials", "set", *WHO, env=env, stdin="hunter2\n")
    mesos_batch("credentials", "set", WHO[0], "--token", env=env, stdin="t0ken\n")
    (tmp_path / "keyring.json").unlink()

    listed = json.loads(mesos_batch("credentials", "list", "--json", env=env).stdout)
    mesos_batch("credentials", "delete", *WHO, env=env)
    left = mesos_batch("credentials", "list", env=env)

    assert listed["schema"] == "mesos-batch.credentials/1"
    assert [(it["kind"], it["in_keyring"]) for it in listed["credentials"]] == [
        ("token", False),
        ("secret", False),
    ]
    assert left.stdout.splitlines()[1].split() == ["h.example.org:5050", "token", "gone"]


@pytest.mark.parametrize(("text", "said"), [("", "empty"), ("a:b\n", "colon")])
def test_a_secret_that_mesos_could_not_accept_is_refused(
    mesos_batch: Program, tmp_path: Path, text: str, said: str
) -> None:
    done = mesos_batch("credentials", "set", *WHO, stdin=text, env=keyring_in(tmp_path))

    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "keyring.json").exists()


@pytest.mark.parametrize(
    "backend",
    [
        "keyring.backends.fail.Keyring",
        "keyring.backends.null.Keyring",
        "keyrings.alt.file.PlaintextKeyring",
    ],
)
def test_without_a_keyring_nothing_is_written_and_what_to_use_instead_is_told(
    mesos_batch: Program, tmp_path: Path, backend: str
) -> None:
    package = tmp_path / "keyrings" / "alt"
    package.mkdir(parents=True)
    (package / "file.py").write_text(PLAIN_TEXT)
    env = {**keyring_in(tmp_path), "PYTHON_KEYRING_BACKEND": backend}

    done = mesos_batch("credentials", "set", *WHO, stdin="hunter2\n", env=env)
    token = mesos_batch("credentials", "set", *WHO, "--token", stdin="hunter2\n", env=env)

    assert (done.returncode, done.stdout) == (2, "")
    assert "this machine has none that keeps secrets from others" in done.stderr
    assert "Nothing was written." in done.stderr
    assert "MESOS_BATCH_SECRET" in done.stderr
    assert "--secret_file=FILE" in done.stderr
    assert "MESOS_BATCH_TOKEN" in token.stderr
    assert not (tmp_path / "leaked").exists()
    assert not (tmp_path / "config").exists()


@POSIX
def test_a_token_in_the_keyring_is_shown_to_its_master_alone(
    mesos_batch: Program, tmp_path: Path, master: str
) -> None:
    env = keyring_in(tmp_path)
    listed = write(tmp_path / "list.json", task("t", "true"))
    with Front(master) as mine, Front(master) as other:
        at = f"--master={mine.url}"
        kept = mesos_batch("credentials", "set", at, "--token", env=env, stdin="t0ken\n")
        ran = mesos_batch("run", str(listed), at, "--quiet", env=env)
        mesos_batch("run", str(listed), f"--master={other.url}", "--quiet", env=env)

        assert kept.stdout == f"the token at {mine.url} is in the keyring\n"
        assert (ran.returncode, ran.stderr) == (0, "")
        assert set(mine.seen) == {"token=t0ken"}
        assert set(other.seen) == {None}


@POSIX
def test_a_secret_for_any_master_is_not_sent_where_a_project_says(
    mesos_batch: Program, tmp_path: Path, master: str
) -> None:
    env = {**keyring_in(tmp_path), "MESOS_BATCH_SECRET": "hunter2"}
    listed = write(tmp_path / "list.json", task("t", "true"))
    with Front(master) as trap:
        (tmp_path / "mesos-batch.toml").write_text(
            f'master = "{trap.url}"\nprincipal = "alice"\n', encoding="utf-8"
        )
        refused = mesos_batch("run", str(listed), env=env)
        sent_nothing = not trap.seen
        meant = mesos_batch("run", str(listed), f"--master={trap.url}", "--quiet", env=env)

    assert refused.returncode == 2
    assert "a file of this project, names the master" in refused.stderr
    assert f"--master={trap.url}" in refused.stderr
    assert sent_nothing
    assert meant.returncode == 0, meant.stderr


@POSIX
def test_a_project_that_chooses_a_profile_gets_its_secret_and_no_other(
    mesos_batch: Program, tmp_path: Path, master: str
) -> None:
    (tmp_path / "token").write_text("t0ken")
    (tmp_path / "token").chmod(0o600)
    env = keyring_in(tmp_path)
    user = tmp_path / "config" / "mesos-batch" / "config.toml"
    user.parent.mkdir(parents=True)
    listed = write(tmp_path / "list.json", task("t", "true"))
    (tmp_path / "mesos-batch.toml").write_text('profile = "prod"\n', encoding="utf-8")

    def run(text: str, **more: str) -> Outcome:
        user.write_text(text, encoding="utf-8")
        return mesos_batch("run", str(listed), "--quiet", env={**env, **more})

    token = f'token_file = "{tmp_path / "token"}"\n'
    with Front(master) as prod:
        profile = f'[profiles.prod]\nmaster = "{prod.url}"\n'
        refused = [
            run(profile, MESOS_BATCH_TOKEN="t0ken"),
            run(token + profile),
            run(profile + token, MESOS_BATCH_TOKEN="another"),
        ]
        sent_nothing = not prod.seen
        meant = run(profile + token)
        sent = set(prod.seen)

    for done in refused:
        assert done.returncode == 2
        assert "mesos-batch.toml:1, a file of this project, names the master" in done.stderr
    assert sent_nothing
    assert (meant.returncode, meant.stderr) == (0, "")
    assert sent == {"token=t0ken"}


@POSIX
def test_a_secret_is_in_nothing_that_a_run_leaves_or_starts(
    mesos_batch: Program, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    command = f"env; while [ ! -e {go} ]; do sleep 0.05; done; exit 3"
    listed = write(tmp_path / "list.json", task("t", command))
    elsewhere = tmp_path / "cluster"
    elsewhere.mkdir()
    with running("local", "--agents=1", cwd=elsewhere) as cluster:
        facts = facts_of(announcement_of(cluster))
        secret = Path(facts["secret in"]).read_text(encoding="utf-8").strip()
        env = {"MESOS_BATCH_SECRET": secret, "MESOS_BATCH_PRINCIPAL": facts["principal"]}
        env["MESOS_MASTER"] = facts["master"]
        files = ("--events=events.jsonl", "--output_dir=output")
        reports = [f"--report={kind}:{kind}.report" for kind in ("html", "json", "csv", "junit")]
        done = [mesos_batch("run", str(listed), "--detach", "--verbose", *files, *reports, env=env)]
        pid = json.loads(mesos_batch("status", "--json").stdout)["pid"]
        background = [*psutil.Process(pid).cmdline(), *psutil.Process(pid).environ().values()]
        go.touch()
        done += [
            mesos_batch(*words, env=env)
            for words in (["wait"], ["status"], ["logs"], ["config", "show"], ["doctor", "--json"])
        ]

    assert [each.returncode for each in done] == [0, 1, 0, 0, 0, 0]
    told = [text for each in done for text in (each.stdout, each.stderr)]
    assert not [text for text in told + background if secret in text]
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"journal.sqlite", "log.txt", "html.report", "events.jsonl", "stdout"} <= {
        path.name for path in left
    }
    assert not [path for path in left if secret.encode() in path.read_bytes()]
