#!/usr/bin/env python3
"""Bodies that are small to send and dear to read: how long does one hold up everybody else?

    python scripts/bench/bodies.py

Each body is sent to a server of one process, four times in a row, while another client asks it for /healthz again and
again; so is a small body to a bare FastAPI endpoint. The slowest /healthz of the best of three rounds is stored, in
milliseconds, beside the bare server's slowest: by how much it is over is what the body costs others.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402

MIB = 1 << 20
ROUNDS, SENT = 3, 4
HOLD_MS = 100  # beyond the bare server's
BODIES = {
    "numbers": b"[" + b"1," * 300_000 + b"1]",
    "objects": b"[" + b'{"x":1},' * 300_000 + b'{"x":1}]',
    "fewer objects": b"[" + b'{"x":1},' * 100_000 + b'{"x":1}]',
    "sources": json.dumps({"q": "馒头", "source": ["a"] * 200_000}).encode(),
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "long question": json.dumps({"q": "文" * 300_000}).encode(),
    "escapes": b'{"q": "' + b"\\u6587" * 150_000 + b'"}',
    "keys": json.dumps({f"k{n}": n for n in range(60_000)}).encode(),
    "too long": b" " * (MIB + 1),
    "blanks": b" " * MIB,
    "quotes": b'"' * MIB,
    "backslashes": b'"' + b"\\" * (MIB - 2) + b'"',
    "digits": b"9" * 500_000,
    "no JSON": b"\xff" * 600_000,
    "many questions": json.dumps([{"q": "馒头"}] * 3_000).encode(),
}


async def slowest(url: str, body: bytes) -> float:
    """Milliseconds of the slowest /healthz while `body` is sent again and again."""
    took = []

    async def send(client: httpx.AsyncClient) -> None:
        for _ in range(SENT):
            await client.post("search", content=body, headers={"content-type": "application/json"})

    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=300) as client:
        await client.get("healthz")
        sending = asyncio.create_task(send(client))
        while not sending.done():
            began = time.perf_counter()
            await client.get("healthz")
            took.append(1_000 * (time.perf_counter() - began))
            await asyncio.sleep(0.002)
    return max(took)


def main() -> None:
    """Send, measure, store; exit code 1 where a body held others up for too long."""
    from index.builder import build_index
    from scripts.bench.load import bare, serving

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/bodies.json")
    args = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="wensou-bodies-") as folder:
        build_index([ROOT / "scripts" / "samples"], Path(folder) / "index")
        with serving(Path(folder) / "index") as server, bare(1) as (other, _):
            for name, body in BODIES.items():
                ours, theirs = [], []
                for _ in range(ROUNDS):  # by turns, for the machine may be busy with other things
                    ours.append(asyncio.run(slowest(server.url, body)))
                    theirs.append(asyncio.run(slowest(other, b"{}")))
                found[name] = {
                    "bytes": len(body), "healthz_ms": round(min(ours), 1), "bare_ms": round(max(theirs), 1)
                }  # fmt: skip
                print(name, found[name], flush=True)
    over = [name for name, one in found.items() if one["healthz_ms"] > one["bare_ms"] + HOLD_MS]
    result = {"held_up_longer_than_ms": HOLD_MS, "by": over, "bodies": found}
    args.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    sys.exit(bool(over))


if __name__ == "__main__":
    main()
