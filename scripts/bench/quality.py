#!/usr/bin/env python3
"""nDCG@10, R@100 and RR@10 of each mode on every BEIR folder below --data, at the defaults.

    python scripts/bench/quality.py --data ../shared/data/eval

The fusion weight and the weights of the fields were chosen looking at all of these sets (cmrc2018, xwlb_headline,
bustm_dup, domainrag, pawsx_dup, stard_rebuilt), so for the mix these are tuned figures, not unseen ones.
"""

import argparse
import json
import platform
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from search.evaluation import evaluate_folder  # noqa: E402
from search.models import MODES  # noqa: E402


def main() -> None:
    """Run every set and write the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/eval")
    parser.add_argument("--only", nargs="*", help="names of sets")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/quality.json")
    args = parser.parse_args()
    results: dict[str, dict[str, dict[str, float]]] = {}
    for folder in sorted(path for path in args.data.iterdir() if (path / "qrels.tsv").exists()):
        if args.only and folder.name not in args.only:
            continue
        began = time.perf_counter()
        results[folder.name] = evaluate_folder(folder, MODES)
        row = "  ".join(f"{mode} {scores['nDCG@10']:.4f}" for mode, scores in results[folder.name].items())
        print(f"{folder.name:16} {row}   ({time.perf_counter() - began:.0f} s)", flush=True)
    args.out.parent.mkdir(exist_ok=True)
    args.out.write_text(json.dumps({"python": platform.python_version(), "sets": results}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
