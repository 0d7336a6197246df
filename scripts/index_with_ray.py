#!/usr/bin/env python3
"""Index with Ray: one shard of an index on Milvus for each processor of a cluster.

    ray job submit -- python scripts/index_with_ray.py /data/articles --index milvus://host:19530/articles

Every task reads all sources, which must lie where all machines see them, and cleans, encodes and writes the articles
that are its own. A task that fails is run again by Ray and goes on where it was; readers see all once the last is done.
`pip install 'ray[data]' 'wensou[milvus]'`.
"""

import argparse

import ray
import ray.data

from index.backend import Shard
from index.builder import build_index, configure


def main() -> None:
    """Start the shards and say what each has done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--index", required=True, help="milvus://host:19530/name")
    parser.add_argument("--shards", type=int, help="default: the processors of the cluster")
    asked = parser.parse_args()
    ray.init()
    count = asked.shards or int(ray.cluster_resources()["CPU"])
    sources, uri = list(asked.sources), asked.index

    def write(row: dict[str, int]) -> dict[str, object]:
        shard = Shard(int(row["id"]) + 1, count)
        report = build_index(sources, uri, configure(uri), shard=shard)
        return {"shard": str(shard), "added": report.added, "chunks": report.chunks, "commit": report.commit}

    done = ray.data.range(count, override_num_blocks=count).map(write, concurrency=count)
    for row in done.iter_rows():
        print("shard {shard}: {added} articles in {chunks} chunks, commit {commit}".format(**row))


if __name__ == "__main__":
    main()
