#!/bin/sh
# install.sh CHECKOUT EXTRAS TORCH: into the environment that `pip` belongs to. sentence-transformers would bring torch;
# where none is asked for, it is left out: only models other than the bundled one and e5-small need either.
set -eu
checkout=$1 extras=$2 torch=$3
if [ -n "$torch" ]; then
    pip install --index-url https://download.pytorch.org/whl/cpu "torch==$torch"
    pip install "$checkout${extras:+[$extras]}"
else
    pip install --no-deps "$checkout"
    python "$checkout/scripts/deploy/needed.py" "$checkout/pyproject.toml" "$extras" > /tmp/needed.txt
    pip install -r /tmp/needed.txt
fi
