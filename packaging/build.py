"""Everything ./build.sh and ./build.ps1 do: set up .venv, run the main job, run the tests.

Standard library only, because it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

WINDOWS = sys.platform == "win32"
OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
SAMPLE = ROOT / "examples" / f"quickstart{'-windows' if WINDOWS else ''}.json"
VENV = ROOT / ".venv"
UNFINISHED = VENV / "unfinished"
LOCK = ROOT / "build" / "set-up.lock"

USAGE = """\
usage: {program} run [FLAG ...]    run the sample task list on the local cluster; flags go to
                                mesos-batch, --master and --task_list replace the sample's
       {program} test [ARG ...]    run all gates and tests; arguments go to pytest
       {program} lock              renew packaging/constraints.txt
"""


@dataclass(frozen=True)
class SystemPackage:
    """A Debian package, the program by which we know it is there, and who needs it."""

    name: str
    program: str
    needed_by: str


TEST_PACKAGES = (
    SystemPackage("docker.io", "dockerd", "the tests marked docker"),
    SystemPackage("busybox-static", "busybox", "the images of the tests marked docker"),
    # Its programs are in no PATH, and it brings the Java it runs on.
    SystemPackage(
        "zookeeper", "/usr/share/zookeeper/bin/zkServer.sh", "the tests marked zookeeper"
    ),
    SystemPackage("gnome-keyring", "gnome-keyring-daemon", "the tests marked secret_service"),
    SystemPackage("dbus-daemon", "dbus-run-session", "the tests marked secret_service"),
)

GATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("format", ("ruff", "format", "--check")),
    ("lint", ("ruff", "check")),
    ("types", ("mypy",)),
    ("layers", ("lint-imports",)),
    ("generated code", ("python", "proto/generate.py", "--check")),
)

# Needed on Windows only, so no resolution on Linux finds them.
WINDOWS_ONLY = ("colorama", "pywin32", "pywin32-ctypes")

NETWORK_TROUBLE = (
    "failed to establish a new connection",
    "name resolution",
    "network is unreachable",
    "connection refused",
    "connection aborted",
    "connection reset",
    "connection broken",
    "timed out",
    "cannot connect to proxy",
    "max retries exceeded",
    "connection error",
    "sslerror",
    "temporary failure resolving",
    "could not resolve",
    "could not connect",
    "failed to fetch",
)


class BuildError(Exception):
    """Something a user can understand and do something about."""


def main(arguments: Sequence[str]) -> int:
    """Do what the verb says and give the exit code."""
    verbs = {"run": run, "test": test, "lock": lock}
    program = "build.ps1" if WINDOWS else "./build.sh"
    usage = USAGE.format(program=program)
    if arguments[:1] in (["-h"], ["--help"]):
        print(usage, end="")
        return 0
    verb = verbs.get(arguments[0]) if arguments else None
    if verb is None:
        wrong = f"unknown verb '{arguments[0]}'" if arguments else "a verb is missing"
        print(f"{program}: {wrong}\n{usage}", end="", file=sys.stderr)
        return 2
    try:
        return verb(arguments[1:])
    except (BuildError, OSError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


# --- verbs ---------------------------------------------------------------------------------


def run(arguments: Sequence[str]) -> int:
    """Run mesos-batch, by default with the sample task list on the local cluster."""
    set_up("run")
    command = [str(script("mesos-batch")), *with_sample(arguments)]
    if not WINDOWS:
        os.execv(command[0], command)
    # Ctrl-C reaches both of us, and mesos-batch needs its time to kill the tasks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.run(command, check=False).returncode


def with_sample(arguments: Sequence[str]) -> list[str]:
    """Add the flags of the sample run, as far as the user did not give them or a subcommand."""
    if arguments and not arguments[0].startswith("-"):
        return list(arguments)
    given = {argument.split("=", 1)[0].replace("-", "_") for argument in arguments}
    sample = {"master": "local", "task_list": str(SAMPLE)}
    added = [f"--{flag}={value}" for flag, value in sample.items() if f"__{flag}" not in given]
    return [*added, *arguments]


def test(arguments: Sequence[str]) -> int:
    """Run each gate and then pytest; stop at the first that fails."""
    ensure_system_packages(TEST_PACKAGES)
    set_up("test")
    workers = ("-n", str(os.cpu_count() or 1), "--dist", "loadgroup")
    for name, command in (*GATES, ("tests", ("pytest", *workers, *arguments))):
        print(f"\n=== {name}: {shlex.join(command)}", flush=True)
        status = subprocess.run([script(command[0]), *command[1:]], cwd=ROOT, check=False)
        if status.returncode != 0:
            raise BuildError(f"{name} failed")
    return 0


def lock(arguments: Sequence[str]) -> int:
    """Resolve all requirements afresh and write the versions to constraints.txt."""
    if arguments:
        raise BuildError("lock takes no arguments")
    if sys.version_info[:2] != OLDEST_PYTHON:
        raise BuildError("lock needs Python 3.11, the oldest we support: it needs every backport")
    ensure_venv_module()
    with tempfile.TemporaryDirectory() as folder:
        create_venv(Path(folder))
        python = program_in(Path(folder), "python")
        pip(python, "install", *requirements("test"))
        pins = pip(python, "freeze", "--all").splitlines()
        options = ("--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", "-")
        windows = ("--platform=win_amd64", "--only-binary=:all:", f"--target={folder}")
        report = json.loads(pip(python, "install", *options, *windows, *WINDOWS_ONLY))
    for item in report["install"]:
        pins.append(f"{item['metadata']['name']}=={item['metadata']['version']}")
    kept = sorted((pin for pin in pins if not pin.startswith("pip==")), key=str.lower)
    header = "# Every version we install, on Linux and Windows. Renew with: packaging/build.py lock"
    CONSTRAINTS.write_text("\n".join([header, *kept, ""]), encoding="utf-8", newline="\n")
    print(f"wrote {CONSTRAINTS}")
    return 0


# --- set-up --------------------------------------------------------------------------------


def program_in(venv: Path, name: str) -> Path:
    """Where a virtual environment keeps a program."""
    return venv / "Scripts" / f"{name}.exe" if WINDOWS else venv / "bin" / name


def script(name: str) -> Path:
    """A program of our .venv."""
    return program_in(VENV, name)


def requirements(level: str) -> list[str]:
    """What pyproject.toml asks for: to ``run``, or also to ``test``."""
    pyproject = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    wanted: list[str] = [
        *pyproject["build-system"]["requires"],
        *pyproject["project"]["dependencies"],
    ]
    if level == "test":
        wanted += pyproject["dependency-groups"]["dev"]
    return wanted


def fingerprint() -> str:
    """What an installation depends on; the path is in it because scripts in .venv hold it."""
    parts = [PYPROJECT.read_bytes(), CONSTRAINTS.read_bytes(), os.fsencode(ROOT)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_ready(level: str, wanted: str) -> bool:
    """Whether .venv holds what ``level`` needs and nothing cut the last set-up off."""
    stamp = VENV / f"ready-{level}"
    return (
        stamp.exists()
        and stamp.read_text(encoding="ascii") == wanted
        and script("python").exists()
        and not UNFINISHED.exists()
    )


def set_up(level: str) -> None:
    """Bring .venv to what ``level`` needs; quick when it is there already.

    Raises:
        BuildError: something is missing that we cannot install.
    """
    wanted = fingerprint()
    if is_ready(level, wanted):
        return
    with alone():
        if is_ready(level, wanted):
            return
        if UNFINISHED.exists() or not script("python").exists():
            ensure_venv_module()
            print("Creating .venv", file=sys.stderr, flush=True)
            remove(VENV)
            VENV.mkdir()
            UNFINISHED.touch()
            create_venv(VENV)
        install(level)
        for done in ("run", "test") if level == "test" else ("run",):
            (VENV / f"ready-{done}").write_text(wanted, encoding="ascii")


def install(level: str) -> None:
    """Install the pinned dependencies and, editable, this project."""
    print("Installing dependencies into .venv", file=sys.stderr, flush=True)
    python = script("python")
    UNFINISHED.touch()
    try:
        pip(python, "install", "--constraint", str(CONSTRAINTS), *requirements(level))
        # The build backend is installed and pinned by now, so no second environment is needed.
        pip(python, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    except BuildError:
        # pip undoes what fails; only a set-up that is cut off leaves the mark behind.
        UNFINISHED.unlink()
        raise
    UNFINISHED.unlink()


@contextmanager
def alone() -> Iterator[None]:
    """Hold a lock, so that two terminals can type ./build.sh at once."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as handle:
        if sys.platform == "win32":
            import msvcrt

            while True:
                # It gives up after ten seconds; an installation takes longer.
                with suppress(OSError):
                    msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
                    break
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def remove(folder: Path) -> None:
    """Delete a folder with all it holds."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise BuildError(f"cannot remove {folder} ({error.strerror}); remove it by hand") from None


def create_venv(folder: Path) -> None:
    """Make a virtual environment with pip."""
    status, output, errors = captured([sys.executable, "-m", "venv", str(folder)])
    if status != 0:
        raise BuildError(f"cannot create {folder}: {(output + errors).strip()}")


def pip(python: Path, *arguments: str) -> str:
    """Run pip and give its output; the PIP_* variables and pip.conf of the machine count.

    Raises:
        BuildError: pip failed; a network failure is told in one sentence.
    """
    options = ("--disable-pip-version-check", "--no-input")
    status, output, errors = captured([str(python), "-m", "pip", *options, *arguments])
    if status == 0:
        return output
    said = output + errors
    if is_network_trouble(said):
        raise BuildError(
            "the Python package index cannot be reached; check the network (or PIP_INDEX_URL and "
            "the proxy settings) and run this again"
        )
    raise BuildError(f"pip {arguments[0]} failed:\n{said.strip()}")


def captured(command: Sequence[str]) -> tuple[int, str, str]:
    """Run a program and give its exit code, stdout and stderr."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout, done.stderr


def is_network_trouble(said: str) -> bool:
    """Whether the output of pip or apt-get tells of a network that does not answer."""
    lowered = said.lower()
    return any(phrase in lowered for phrase in NETWORK_TROUBLE)


# --- system packages -----------------------------------------------------------------------


def ensure_venv_module() -> None:
    """Make sure this Python can create virtual environments; Debian packages that apart."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not install_with_apt([package]):
        raise BuildError(f"this Python cannot create virtual environments; {apt_hint([package])}")


def ensure_system_packages(packages: Sequence[SystemPackage]) -> None:
    """Install what is missing where we may; else name the command and go on."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    missing = [item for item in packages if shutil.which(item.program, path=path) is None]
    if WINDOWS or not missing or install_with_apt([item.name for item in missing]):
        return
    for item in missing:
        print(f"Not installed: {item.name}, needed by {item.needed_by}.", file=sys.stderr)
    if shutil.which("apt-get"):
        print(apt_hint([item.name for item in missing]), file=sys.stderr, flush=True)


def apt_hint(names: Sequence[str]) -> str:
    """The exact command that installs the packages."""
    return (
        "Install with: sudo apt-get update && "
        f"sudo apt-get install --yes --no-install-recommends {' '.join(names)}"
    )


def install_with_apt(names: Sequence[str]) -> bool:
    """Install Debian packages; false when this is no Debian, we are not root, or apt failed."""
    if shutil.which("apt-get") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    print(f"Installing {', '.join(names)} with apt-get", file=sys.stderr, flush=True)
    # A machine that has just started may still be updating itself.
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
    # Its failure shows in the installation, and a broken list of somebody else's does no harm.
    captured([*apt, "update"])
    status, output, errors = captured([*apt, "install", "--yes", "--no-install-recommends", *names])
    if status == 0:
        return True
    said = output + errors
    reason = "the Debian archive cannot be reached" if is_network_trouble(said) else said.strip()
    print(f"apt-get failed: {reason}", file=sys.stderr)
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
