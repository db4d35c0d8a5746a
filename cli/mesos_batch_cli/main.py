"""The way in: imports nothing before an early Ctrl-C would be caught."""


def main() -> int:
    """Run the command line of this process and give the exit code."""
    try:
        from mesos_batch_cli.program import run

        return run()
    except KeyboardInterrupt:
        # Nothing has begun.
        return 130
