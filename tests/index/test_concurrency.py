"""Readers in other processes while a writer commits, merges and compacts: every answer is that of one commit."""

import json
import os
import subprocess
import sys

import numpy as np

from index.models import Article
from tests.conftest import PLAIN, ROOT, HashEncoder, open_writer, prepared

READERS = 4
COMMITS = 50
QUERIES = 20_000 if os.environ.get("WENSOU_LONG") else 400  # by all readers together
ARTICLES = 12

# Each reader follows the index as the API does: it opens the current commit, asks, moves on to the next. Every
# article of commit N says that it is of version N, so an answer that mixes two commits betrays itself.
READER = """
import json, sys, time
from pathlib import Path
import numpy as np
from index.models import LexicalQuery, article_of, ordinal_of
from index.embedded.reader import EmbeddedIndex
from index.storage.layout import read_manifest
from index.models import Filters

root, wanted = Path(sys.argv[1]), int(sys.argv[2])
vector = np.frombuffer(bytes.fromhex(sys.argv[3]), np.float32)
commits, asked, index = set(), 0, None
print("ready", flush=True)
while asked < wanted or not (root / "done").exists():
    if index is None or read_manifest(root).commit != index.commit:
        index = EmbeddedIndex.open(root)
        commits.add(index.commit)
    versions = set()
    for hits in (index.lexical(LexicalQuery({"灯塔": 1.0}), k=50, filters=Filters()),
                 index.dense(vector, k=50, filters=Filters())):
        names = [hit.chunk_id for hit in hits]
        assert len(names) == len(set(names)) == ARTICLES, (index.commit, names)
        stored = index.articles([article_of(name) for name in names])
        said = [one.chunk(ordinal_of(name)).text for one, name in zip(stored, names)]
        versions |= {text.rpartition("第")[2] for text in said}
        evidence = index.evidence(LexicalQuery({"灯塔": 1.0}), vector, names)
        assert all(item.bm25 > 0 for item in evidence)
    assert len(versions) == 1, (index.commit, versions)
    asked += 1
    if asked >= wanted:
        time.sleep(0.05)
print(json.dumps({"asked": asked, "commits": len(commits)}))
""".replace("ARTICLES", str(ARTICLES))


def version(number):
    return [Article(f"a{n}", f"题目{n}", f"海岛上的灯塔亮了{n}次。第{number}版。") for n in range(ARTICLES)]


def test_readers_in_four_processes_see_one_commit_each_while_fifty_are_made(tmp_path):
    root = tmp_path / "index"
    writer = open_writer(root)
    writer.upsert(*prepared(version(0)))
    writer.commit()
    vector = HashEncoder().queries(["海岛上的灯塔"])[0].astype(np.float32).tobytes().hex()
    command = [sys.executable, "-c", READER, str(root), str(QUERIES // READERS), vector]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    readers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(READERS)
    ]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n", reader.communicate()[1]
        rng = np.random.default_rng(0)
        for number in range(1, COMMITS + 1):
            made = version(number)
            first = int(rng.integers(1, ARTICLES))
            writer.upsert(*prepared(made[:first]))  # one commit out of two segments
            writer.upsert(*prepared(made[first:]))
            if number % 10 == 0:
                writer.compact()
            writer.commit()
        assert writer.manifest.commit >= COMMITS + 1
    finally:
        (root / "done").touch()
        ends = [reader.communicate() for reader in readers]
    assert [error for _, error in ends] == [""] * READERS
    said = [json.loads(out) for out, _ in ends]
    assert sum(one["asked"] for one in said) >= QUERIES
    assert all(one["commits"] >= 2 for one in said)
    assert PLAIN.chunk_chars >= 40  # each article is one chunk, or the readers would count wrongly
