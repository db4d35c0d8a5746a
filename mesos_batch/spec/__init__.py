"""From the bytes of a task list to tasks, or to everything that is wrong with it; pure."""
