#!/bin/sh
# Finds a Python and hands over to packaging/build.py, where all the logic is.
root=$(cd "$(dirname "$0")" && pwd)
for name in python3.11 python3.12 python3.13 python3; do
    # The interpreter behind a pyenv shim starts faster than the shim.
    python=$("$name" -IS -c 'import sys; print(sys.executable * (sys.version_info >= (3, 11)))' 2>/dev/null)
    [ -n "$python" ] && exec "$python" "$root/packaging/build.py" "$@"
done
echo "build.sh: no Python 3.11 or newer found." >&2
echo "On Debian: apt-get install python3 python3-venv. Elsewhere: https://www.python.org/downloads/" >&2
exit 1
