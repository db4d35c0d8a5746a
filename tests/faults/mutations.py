"""Ways to break the engine, each of which the fault search must find.

A mutation is a text of one file and what to put in its place. It is applied to a private copy of
the package, never to the tree; one whose text is no longer there is an error, so that the list
follows the engine.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mutation:
    """Replace ``old`` by ``new`` in ``file`` (below ``mesos_batch``); ``why`` it is a bug."""

    name: str
    file: str
    old: str
    new: str
    why: str


MUTATIONS: tuple[Mutation, ...] = (
    Mutation(
        "forgets to acknowledge",
        "engine/life.py",
        "        if status.uuid is not None and status.agent_id is not None:\n",
        "        if status.uuid is not None and status.state is not TaskState.TASK_STARTING:\n",
        "an agent sends a task's next update only after the one before was acknowledged",
    ),
    Mutation(
        "counts what is heard of an attempt that was given up",
        "engine/life.py",
        "found[1] != found[0].launches or ",
        "",
        "the end of an old attempt ends the task while the new attempt runs",
    ),
    Mutation(
        "leaves superseded attempts alone",
        "engine/life.py",
        "        if status.state not in ALIVE:\n            return\n",
        "        return\n",
        "a task runs twice at the same time",
    ),
    Mutation(
        "does not reconcile after a subscription",
        "engine/scheduler.py",
        "            books.pools.begin_anew()\n            self._reconcile()\n",
        "            books.pools.begin_anew()\n",
        "what a master said while nobody listened is never heard",
    ),
    Mutation(
        "keeps offers that it cannot use",
        "engine/launching.py",
        "        if declined:\n            books.send(",
        "        if len(declined) > 1:\n            books.send(",
        "held resources are lost to everybody",
    ),
    Mutation(
        "forgets to revive",
        "engine/offers_wanted.py",
        "not waiting or not (self._wish or self._suppressed)",
        "not waiting or not self._wish or self._suppressed",
        "who has suppressed offers gets none until it revives them",
    ),
    Mutation(
        "launches before the intent is written",
        "engine/launching.py",
        "            books.changed(record)\n            books.timers.cancel(",
        "            books.timers.cancel(",
        "after a crash the task is launched again while the first attempt runs",
    ),
    Mutation(
        "acknowledges an end that is not written",
        "engine/attempts.py",
        "            ended_at=record.view.ended_at or books.now,\n        )\n"
        "        books.changed(record)\n",
        "            ended_at=record.view.ended_at or books.now,\n        )\n",
        "the cluster forgets an end that a crash then makes us forget too",
    ),
    Mutation(
        "does not write that an attempt runs",
        "engine/life.py",
        "        if changed:\n            books.changed(record)\n"
        "            self._tell_update(record, status)\n        if running:\n",
        "        if changed:\n            self._tell_update(record, status)\n        if running:\n",
        "the update is acknowledged and a resumed run waits for it in vain",
    ),
    Mutation(
        "takes an unreachable task for lost at once",
        "engine/lifecycle.py",
        "    TaskState.TASK_UNREACHABLE: Meaning(\n        Effect.AWAIT, Phase.UNREACHABLE,",
        "    TaskState.TASK_UNREACHABLE: Meaning(\n        Effect.LOSES, Phase.LOST,",
        "--unreachable_timeout is not kept",
    ),
    Mutation(
        "waits for an unreachable task for ever",
        "engine/life.py",
        '        books.timers.set_once(("unreachable", record.position), books.now + patience)\n',
        "",
        "an agent that never comes back keeps the run from ending",
    ),
    Mutation(
        "gives launches up too soon",
        "engine/life.py",
        "        deadline = at + self._books.policy.staging_timeout\n",
        "        deadline = at + self._books.policy.staging_timeout / 2\n",
        "--staging_timeout is not kept",
    ),
    Mutation(
        "takes a failure for success",
        "engine/lifecycle.py",
        "TaskState.TASK_FAILED: Meaning(Effect.FAILS, Phase.FAILED,",
        "TaskState.TASK_FAILED: Meaning(Effect.FINISHES, Phase.FINISHED,",
        "the exit code lies",
    ),
    Mutation(
        "counts a lost attempt as a failure of the task",
        "engine/lifecycle.py",
        "TaskState.TASK_LOST: Meaning(Effect.LOSES, Phase.LOST,",
        "TaskState.TASK_LOST: Meaning(Effect.FAILS, Phase.FAILED,",
        "a task fails by no fault of its own",
    ),
    Mutation(
        "makes one attempt too many",
        "engine/attempts.py",
        "record.failures >= allowed",
        "record.failures > allowed",
        "--max_attempts is not kept",
    ),
    Mutation(
        "launches every attempt under the same task id",
        "engine/tasks.py",
        "        if number <= 1:\n            return own\n",
        "        return own\n",
        "updates of two attempts cannot be told apart",
    ),
    Mutation(
        "forgets its framework id in a crash",
        "engine/restore.py",
        "    books.framework_id = past.framework_id\n",
        "",
        "its tasks run on in a framework nobody looks after",
    ),
    Mutation(
        "forgets in a crash that attempts failed",
        "engine/tasks.py",
        "record.launches, record.failures = saved.launches, saved.failures",
        "record.launches, record.failures = saved.launches, 0",
        "a task that fails is tried for ever, as long as we crash often enough",
    ),
    Mutation(
        "forgets in a crash that the run was cancelled",
        "engine/restore.py",
        "        books.cancel_code = past.cancelled.exit_code\n",
        "",
        "a cancelled run goes on when it is resumed",
    ),
    Mutation(
        "believes in its tasks after the framework was removed",
        "engine/scheduler.py",
        "        self._life.lose_all(why)\n",
        "",
        "they are dead, and nobody will ever say so",
    ),
    Mutation(
        "asks about a silent task only once",
        "engine/reconcile.py",
        "            asked.append(record)\n"
        "            self._ask(record, now + pause, min(2 * pause, LONGEST_PAUSE))\n",
        "            asked.append(record)\n",
        "a question or its answer can be lost",
    ),
    Mutation(
        "launches the next attempt at once",
        "engine/attempts.py",
        "        if delay:\n",
        "        if delay > 1e9:\n",
        "retries do not wait",
    ),
    Mutation(
        "does not stop after too many failures",
        "engine/scheduler.py",
        "limit is not None and limit.exceeded_by(",
        "limit is not None and not limit.exceeded_by(",
        "--max_failures is not kept",
    ),
    Mutation(
        "sends a kill once",
        "engine/life.py",
        '        books.timers.set(("kill_again", record.position), books.now + KILL_AGAIN)\n',
        "",
        "a kill may be lost, and the run waits for its effect",
    ),
    Mutation(
        "sends operations that are not written",
        "engine/change_offers.py",
        "        for operation in operations:\n            books.save(operation.entry())\n",
        "",
        "after a crash nobody knows what may be reserved or created",
    ),
    Mutation(
        "acknowledges an operation that is not written",
        "engine/change_life.py",
        "            books.save(operation.entry())\n            books.save_change(record)\n",
        "            books.save_change(record)\n",
        "the cluster forgets an operation that a crash then makes us forget too",
    ),
    Mutation(
        "forgets to acknowledge operations",
        "engine/change_life.py",
        "        if status.uuid is not None and agent_id is not None:\n",
        "        if status.uuid is not None and agent_id is not None and operation is None:\n",
        "the agent repeats for ever what we know",
    ),
    Mutation(
        "does not ask about operations after a subscription",
        "engine/change_life.py",
        "        if any(True for _ in books.changes.open()):\n            self.ask()\n",
        "",
        "what a master refused while nobody listened is never heard",
    ),
    Mutation(
        "asks about operations only once",
        "engine/change_life.py",
        "books.timers.set(ASK, books.now + (FIRST_QUESTION if doubted else NEXT_QUESTION))",
        "pass",
        "a question or its answer can be lost",
    ),
    Mutation(
        "sends operations again that a new master does not know yet",
        "engine/operation_states.py",
        'Effect.WAIT, "a new master waits',
        'Effect.AGAIN, "a new master waits',
        "the agent registers again and has done it",
    ),
    Mutation(
        "begins the tasks when the first change is done",
        "engine/changes.py",
        "        return all(record.has_ended for record in self.records)\n",
        "        return any(record.has_ended for record in self.records) or not self.records\n",
        "tasks run without the volumes they were promised",
    ),
    Mutation(
        "forgets in a crash what was sent",
        "engine/changes.py",
        "            self.records[item.position].operations.append(operation)\n",
        "",
        "what was reserved is reserved again",
    ),
    Mutation(
        "asks a new framework's master about the operations of the old one",
        "engine/scheduler.py",
        "        self._changes.framework_lost()\n",
        "",
        "the master does not know them, and they are carried out twice",
    ),
    Mutation(
        "does again what is done",
        "engine/changes.py",
        "        reserving = self.finished(OperationType.RESERVE, OperationType.UNRESERVE)\n",
        "        reserving = Resources()\n",
        "what was reserved is reserved again",
    ),
    Mutation(
        "puts onto one agent what is to be apart",
        "engine/change_offers.py",
        "return not others or not any(change.apart for change in (record.change, *others))",
        "return True",
        "one machine that dies takes all volumes along",
    ),
    Mutation(
        "waits for ever when a cancelled run is resumed",
        "engine/change_life.py",
        "        if books.cancelling:\n            self.cancel_all()\n",
        "",
        "an agent that never comes back keeps the run from ending",
    ),
    Mutation(
        "launches in pools that have ended",
        "engine/pools.py",
        "        if self._open.get(pool.agent_id) is pool:\n            del",
        "        if self._open.get(pool.agent_id) is None:\n            del",
        "an agent drops what is launched in an executor that is no more",
    ),
    Mutation(
        "blames a task for what broke its pool",
        "engine/pools.py",
        "case TaskState.TASK_FAILED if reason.startswith(_LIMITATION):",
        "case TaskState.TASK_FAILED if reason == _LIMITATION:",
        "which of the tasks used too much memory cannot be told",
    ),
    Mutation(
        "keeps idle pools",
        "engine/launching.py",
        "            books.pools.close_unused(bundles)",
        "            pass",
        "a task that needs a whole agent waits for ever",
    ),
    Mutation(
        "kills an anchor only once",
        "engine/pools.py",
        "return pool.killed_at + KILL_AGAIN <= self._books.now",
        "return pool.killed_at < 0",
        "the kill is lost when the agent is away, and a quarter of an hour with it",
    ),
    Mutation(
        "launches tasks before their dependencies have ended",
        "engine/restore.py",
        "elif record.phase.is_active or not books.dependencies.blocked(record.position):",
        "else:",
        "what a task needs is not there yet",
    ),
    Mutation(
        "launches tasks although a dependency failed",
        "engine/dependents.py",
        "            well = record.phase is Phase.FINISHED\n",
        "            well = record.phase is not Phase.SKIPPED\n",
        "what a task needs will never be there",
    ),
    Mutation(
        "skips always tasks whose dependency failed",
        "model/dependencies.py",
        "if not self._tasks[position].always and self._unmet",
        "if self._unmet",
        "what is to be tidied up stays",
    ),
    Mutation(
        "forgets in a crash which dependencies have ended",
        "engine/restore.py",
        "            books.note_end(record)\n",
        "            pass\n",
        "those that wait for them never begin, and the run never ends",
    ),
    Mutation(
        "cancels always tasks when too many dependencies failed",
        "engine/books.py",
        "            return not record.spec.always\n",
        "            return True\n",
        "a run that stops by itself tidies up too",
    ),
    Mutation(
        "launches what depends on nothing after a failure",
        "engine/books.py",
        "return self.cancels(record) or (self.stopping and not record.spec.always)",
        "return self.cancels(record)",
        "--no-keep_going is not kept",
    ),
    Mutation(
        "does not skip dependents when it stops",
        "engine/scheduler.py",
        "        self._follow_ends()\n        if books",
        "        if books",
        "what is on disk is not complete",
    ),
)


def mutated(package: Path, mutation: Mutation) -> str:
    """The file of a mutation with the mutation in it.

    Raises:
        ValueError: the text to replace is not there, or more than once.
        SyntaxError: what comes out is no Python.
    """
    text = (package / mutation.file).read_text(encoding="utf-8")
    count = text.count(mutation.old)
    if count != 1:
        raise ValueError(f"{mutation.name}: {mutation.file} has its text {count} times, not once")
    changed = text.replace(mutation.old, mutation.new)
    compile(changed, mutation.file, "exec")
    return changed


def copy_of(package: Path, to: Path, mutation: Mutation | None) -> None:
    """Make a copy of the package, with a mutation in it; raises what :func:`mutated` does."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(package, to / package.name, ignore=ignored)
    if mutation is not None:
        changed = mutated(package, mutation)
        (to / package.name / mutation.file).write_text(changed, encoding="utf-8")
