"""Generate mesos_batch/_pb from the .proto files beside this script.

``python proto/generate.py`` writes; ``--check`` writes nothing and exits with 1 when the
committed code differs from what the .proto files give.
"""

from __future__ import annotations

import argparse
import filecmp
import re
import shutil
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "mesos_batch" / "_pb"
PACKAGE = "mesos_batch._pb"
INIT = '"""Generated from proto/ by proto/generate.py; never edited."""\n'


def generate(into: Path) -> None:
    """Run protoc over every .proto file and make a Python package of what it writes."""
    sources = sorted(str(path.relative_to(HERE)) for path in HERE.rglob("*.proto"))
    well_known = Path(protoc.__file__).parent / "_proto"
    arguments = [
        "protoc",
        f"-I{HERE}",
        f"-I{well_known}",
        f"--python_out={into}",
        f"--pyi_out={into}",
        *sources,
    ]
    if protoc.main(arguments) != 0:
        sys.exit("protoc failed")
    for path in into.rglob("*_pb2.py*"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"^from mesos\.", f"from {PACKAGE}.mesos.", text, flags=re.MULTILINE)
        path.write_text(text, encoding="utf-8", newline="\n")
    for folder in [into, *(path for path in into.rglob("*") if path.is_dir())]:
        (folder / "__init__.py").write_text(INIT, encoding="utf-8", newline="\n")


def differences(left: Path, right: Path) -> list[str]:
    """Name every generated file that is missing, extra or different."""

    def names(root: Path) -> set[str]:
        files = (path for suffix in ("*.py", "*.pyi") for path in root.rglob(suffix))
        return {path.relative_to(root).as_posix() for path in files}

    changed = [
        name
        for name in names(left) & names(right)
        if not filecmp.cmp(left / name, right / name, shallow=False)
    ]
    return sorted([*changed, *(names(left) ^ names(right))])


def main() -> None:
    """Write the generated code, or compare it with --check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        if arguments.check:
            stale = differences(fresh, TARGET)
            if stale:
                sys.exit(f"mesos_batch/_pb does not match proto/: {', '.join(stale)}")
            print("mesos_batch/_pb matches proto/")
            return
        shutil.rmtree(TARGET, ignore_errors=True)
        shutil.copytree(fresh, TARGET)
        print(f"wrote {TARGET}")


if __name__ == "__main__":
    main()
