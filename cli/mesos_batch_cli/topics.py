"""What 'mesos-batch help' tells offline beside the commands: the pages of ``docs`` for users."""

from __future__ import annotations

from pathlib import Path

TOPICS = {
    "flags": "every flag, its default and its variable",
    "settings": "files and profiles, and which of them counts",
    "credentials": "secrets, tokens and certificates, and the keyring",
    "exit-codes": "what the exit codes mean, and which states are failures",
    "job-files": "short files that stand for many tasks: rows, templates, defaults",
    "generators": "task lists made of lines, CSV, S3 objects and agents",
    "dependencies": "tasks that wait for others, and what always runs",
    "logs": "what tasks wrote: found, followed, collected",
    "seeing": "the live view, and how a run is told to logs and programs",
    "events": "the lines of --events and --progress=json",
    "runs": "leaving a run, coming back, trying again",
    "scheduling": "which task goes where and when, and how to say otherwise",
    "task-states": "the way of a task from waiting to its end",
    "reports": "what a run was like: HTML, JUnit, CSV, JSON, joblog, trace",
    "cluster": "looking at agents, frameworks, tasks and offers",
    "volumes": "keeping data on persistent volumes",
    "local-cluster": "the cluster of --master=local and mesos-batch local",
}
# In a wheel and in a frozen program the pages are beside this module, else in the repository.
_FOLDERS = (Path(__file__).parent / "docs", Path(__file__).parents[2] / "docs")


def page(topic: str) -> str:
    """The page of a topic, in Markdown."""
    folder = next(folder for folder in _FOLDERS if folder.is_dir())
    return (folder / f"{topic}.md").read_text(encoding="utf-8")
