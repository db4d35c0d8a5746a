"""Job files: a short description in YAML, TOML or JSON that expands to a ``TaskGroupInfo``.

``recognise`` tells a job file from a task list, ``document`` reads values and where they stand,
``schema`` is what may be in one, ``build`` makes a form of each entry, ``sources`` and ``rows``
fill it, and ``load`` checks what comes out as it checks a task list. Modules are imported when
there is a job file: a plain task list needs neither Jinja nor pydantic.
"""
