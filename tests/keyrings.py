"""A keyring in a file beside the test, for processes that are to have one."""

from pathlib import Path

FILE_KEYRING = """
import json, pathlib
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

class Keyring(KeyringBackend):
    priority = 1
    name = "a file"
    file = pathlib.Path(__file__).with_name("keyring.json")
    def _all(self):
        return json.loads(self.file.read_text()) if self.file.exists() else {}
    def get_password(self, service, username):
        return self._all().get(f"{service} {username}")
    def set_password(self, service, username, password):
        self.file.write_text(json.dumps({**self._all(), f"{service} {username}": password}))
    def delete_password(self, service, username):
        entries = self._all()
        if entries.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError("none")
        self.file.write_text(json.dumps(entries))
"""


def keyring_in(directory: Path) -> dict[str, str]:
    """The environment of a program that is to use a keyring in ``keyring.json`` there."""
    (directory / "file_keyring.py").write_text(FILE_KEYRING, encoding="utf-8")
    return {
        "PYTHON_KEYRING_BACKEND": "file_keyring.Keyring",
        "PYTHONPATH": str(directory),
        "XDG_CONFIG_HOME": str(directory / "config"),
    }
