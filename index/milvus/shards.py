"""One of several writers of a commit: each writes the articles that are its own by their ids, the last one commits.

Rows of different articles never meet, so shards need each other only at both ends. The first to come notes what they
write on top of and where; each hands in what it has counted; whoever then finds all parts there adds them up, measures
and publishes one record, before which readers see nothing of any. A shard that was killed is run again, alone: in a
fresh index it goes on with the whole articles it has written, on top of another it undoes its own rows first.
"""

import json
import random
import time
from contextlib import ExitStack
from typing import Any

from index.backend import Recipe, Shard
from index.errors import BadOption, IndexCorrupt, WriterBusy
from index.milvus.claims import Claim, Claims
from index.milvus.client import Client, any_of
from index.milvus.commits import undo
from index.milvus.control import Record
from index.milvus.counts import Run
from index.milvus.writer import MilvusWriter

_RUN = "shards"  # the key of what all shards of a run have in common
_PART = "part:"
_IDS_A_CALL = 200


class ShardWriter(MilvusWriter):
    """Writes the articles of one shard. Use inside its lock, and make it while "begin" is claimed."""

    def __init__(
        self, client: Client, claims: Claims, recipe: Recipe, shard: Shard, claim: Claim, *, fresh: bool = False
    ) -> None:
        """BadOption where shards of another run are not done."""
        self._shard, self._claims, self._claim = shard, claims, claim
        self._part = f"-{shard.number}"
        self._ends = ExitStack()
        self._last = False
        super().__init__(client, claims.control, recipe, fresh=fresh)

    def _mine(self, article_id: str) -> bool:
        return self._shard.holds(article_id)

    # ---- beginning

    def _place(self, last: Record | None) -> int:
        fingerprint = self._recipe.fingerprint
        run = {"base": self._base, "of": self._shard.of, "fresh": self._fresh, "fingerprint": fingerprint}
        known = json.loads(self._control.get(_RUN) or "{}")
        if known.get("base") == self._base:
            if {name: known[name] for name in run} != run:
                raise BadOption(
                    f"index {self._control.address.text}: {known['of']} shards have begun, built with fingerprint "
                    f"{known['fingerprint']}, and are not done; got shard {self._shard} with {fingerprint}",
                    hint="end them first, or index once without --shard, which drops what they have written",
                )
            self._control.remove(self._part_key())
            return int(known["version"])
        self._forget_run()
        version = self._begun(self._recipe) if self._fresh or last is None else last.version
        self._control.put(_RUN, json.dumps({**run, "version": version}))
        self._first = True
        return version

    def _clean(self) -> None:
        if self._fresh:
            self._resume()
        elif self._first:
            undo(self._client, self.names, self._base)
        else:
            self._undo_mine()

    _first = False

    def _undo_mine(self) -> None:
        """Take back what a shard of the same number has written: its new rows, and the ends of old ones."""
        for collection in (self.names.chunks, self.names.articles):
            rows = self._client.scan(
                collection, f"born == {self._next} or died == {self._next}", ["article"], consistency="Strong"
            )
            mine = sorted({row["article"] for row in rows if self._mine(row["article"])})
            for begin in range(0, len(mine), _IDS_A_CALL):
                undo(self._client, self.names, self._base, any_of("article", mine[begin : begin + _IDS_A_CALL]))
        self._tally.undo()

    def _forget_run(self) -> None:
        for key in (_RUN, *self._control.keys(_PART)):
            self._control.remove(key)

    def _part_key(self) -> str:
        return f"{_PART}{self._shard.number:04d}"

    # ---- what is there

    def ids(self) -> set[str]:
        """Ids of this shard's articles."""
        return {name for name in super().ids() if self._mine(name)}

    def paths(self, roots: Any) -> dict[str, str]:
        """Paths of this shard's articles; see Writer."""
        return {name: path for name, path in super().paths(roots).items() if self._mine(name)}

    def delete(self, article_ids: Any) -> int:
        """Remove those of the articles that are this shard's; returns how many there were."""
        return super().delete([name for name in article_ids if self._mine(name)])

    def checkpoint(self) -> None:
        """Nothing shows before all shards are done; what is written is taken up again where the index is fresh."""

    # ---- the end

    def whole(self) -> bool:
        """Hand this shard's part in; whether it was the last, so that `commit` makes one of all; see Writer."""
        self._hand_in()
        while not self._published() and len(self._parts()) == self._shard.of:
            try:
                if self._control.address.file is None:
                    self._ends.enter_context(self._claims.held("finish"))
            except WriterBusy:  # another is about to, or has begun again
                time.sleep(random.uniform(0.5, 2.0))
                continue
            if self._published() or len(self._parts()) < self._shard.of:
                break
            self._add_up()
            self._last = True
            return True
        self._ends.close()
        done = {int(key.removeprefix(_PART)) for key in self._parts()}
        left = ", ".join(str(number) for number in range(1, self._shard.of + 1) if number not in done)
        if not self._published():
            self.warnings.append(
                f"shard {self._shard} is written; readers see its articles once these are, too: {left}"
            )
        return False

    def _parts(self) -> list[str]:
        return self._control.keys(_PART)

    def _published(self) -> bool:
        return self._control.numbers()[-1:] not in ([], [self._base])

    def _hand_in(self) -> None:
        self._tally.write()
        own = sorted(name for name, one in self._articles_known().items() if one.born == self._next)
        for begin in range(0, len(own), _IDS_A_CALL):
            names = own[begin : begin + _IDS_A_CALL]
            some = f"{any_of('article', names)} and "
            count = self._client.count(self.names.articles, f"{some}born == {self._next}", consistency="Session")
            if count != len(names):
                raise IndexCorrupt(
                    f"index {self._control.address.text}: {count} of {len(names)} articles are there after writing",
                    hint="run this shard again",
                )
            self._check_rows(some)
        self._control.guard()
        self._control.put(self._part_key(), json.dumps(self._own_part(), ensure_ascii=False))
        self._claim.done = True
        self._claims.renew(self._claim)

    def _own_part(self) -> dict[str, Any]:
        base = self.record
        return {
            "articles": self._articles - base.articles,
            "chunks": self._chunks - base.chunks,
            "dead": self._dead - base.dead_chunks,
            "bytes": self._bytes - base.bytes,
            "loose": self._loose - base.loose,
            "documents": dict(self._tally.documents),
            "lengths": dict(self._tally.lengths),
            "written": self._written,
            "boilerplate": sorted(self.boilerplate),
            "changed": self._changed,
            "run": self._tally.own.to_json() if self._tally.own else None,
        }

    def _add_up(self) -> None:
        """Count what the other shards have counted."""
        for key in self._parts():
            if key == self._part_key():
                continue
            part = json.loads(self._control.get(key) or "{}")
            self._articles += part["articles"]
            self._chunks += part["chunks"]
            self._dead += part["dead"]
            self._bytes += part["bytes"]
            self._loose += part["loose"]
            self._tally.documents.update(part["documents"])
            self._tally.lengths.update(part["lengths"])
            self._written += [averages for averages in part["written"] if averages not in self._written]
            self.boilerplate |= set(part["boilerplate"])
            self._changed |= part["changed"]
            self._tally.others += [Run(**run)] if (run := part["run"]) else []

    def _check_rows(self, some: str = "") -> None:
        if some:  # each shard has read its own rows before it handed in
            super()._check_rows(some)

    def commit(self) -> int:
        """Publish for all shards where this is the last; see Writer."""
        if not self._last:
            return (self._control.numbers() or [0])[-1]
        commit = super().commit()
        self._forget_run()
        return commit

    def close(self) -> None:
        """Give way to others."""
        self._ends.close()
