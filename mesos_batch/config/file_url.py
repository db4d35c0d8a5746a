"""``file:///path`` as a value: the file it names."""

from __future__ import annotations

from pathlib import Path

from mesos_batch.spec.source import File, classify


def file_of(url: str) -> Path:
    """The path in a ``file://`` URL, read by the rules of ``--task_list``."""
    source = classify(url)
    assert isinstance(source, File)
    return Path(source.path)
