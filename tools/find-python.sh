#!/bin/sh
# Prints the first python of version 3.11 or later, or says what to install.
for python in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14; do
    if command -v "$python" >/dev/null &&
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        command -v "$python"
        exit 0
    fi
done
echo "voile: Python 3.11 or later is needed: sudo apt-get install -y python3 python3-venv" >&2
exit 1
