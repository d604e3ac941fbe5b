#!/usr/bin/env bash
# Makes the Python environment of the stores that are driven from Python. Quick when it is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
venv=.venv
if ! [ -x $venv/bin/python ]; then
    if ! command -v python3 >/dev/null; then
        echo "setup: no python3 on the path: install Python 3.11 or newer with its venv module" >&2
        exit 1
    fi
    python3 -m venv $venv
fi
if ! cmp -s python/requirements.txt $venv/installed.txt; then
    $venv/bin/pip install --quiet --disable-pip-version-check -r python/requirements.txt
    cp python/requirements.txt $venv/installed.txt
fi
