"""The directory of a task in an output directory: a name that every file system takes.

Two tasks never have the same, and what stands for what can be told: ``%`` and two digits are a
byte of the id, as in a URL.
"""

from __future__ import annotations

import re
from hashlib import sha256
from urllib.parse import quote

LONGEST = 200
_DIGITS = 16
# Names of devices on Windows, with any extension.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
# Upper case is kept where file systems tell it from lower case; see directory_name.
_SAFE = "+,=@#"


def directory_name(task_id: str, *, folds_case: bool) -> str:
    """The name of the directory for a task.

    Where the file system ``folds_case``, as on Windows, an id with capitals gets the beginning of
    its digest as well, so that ``A`` and ``a`` differ; so does an id that is too long.
    """
    name = quote(task_id, safe=_SAFE).replace("~", "%7E")
    if _RESERVED.match(name) or name.startswith("."):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if name.endswith("."):
        name = f"{name[:-1]}%2E"
    ambiguous = folds_case and task_id != task_id.lower()
    if len(name) <= LONGEST and not ambiguous:
        return name
    digest = sha256(task_id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{name[:LONGEST]}~{digest}"
