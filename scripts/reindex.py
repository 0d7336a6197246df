#!/usr/bin/env python3
"""`wensou index` for cron: the same arguments and flags.

Exit codes: 0 done, 2 bad usage, 3 some files skipped, 4 index damaged, 5 another writer is at work.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from search.cli.main import main

if __name__ == "__main__":
    sys.argv[1:1] = ["index"]
    main()
