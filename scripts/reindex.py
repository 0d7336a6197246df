#!/usr/bin/env python3
"""`wensou index` for cron: the same arguments and flags.

Exit codes: 0 done, 2 bad usage or no index there, 3 some files skipped, 4 index damaged or built otherwise, 5 another
writer is at work, 6 the system refused (disk full, no permission), 130 stopped by Ctrl-C; 1 is a fault of ours.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from search.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["index"]
    main()
