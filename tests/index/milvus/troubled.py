"""Writers and readers behind a troubled connection: what was acknowledged is there, what is answered is right."""

import random
from collections import Counter

from index.errors import IndexMissing, WensouError
from index.models import Filters
from tests.conftest import prepared, recipe
from tests.contract.backend_contract import ANY, EVERYTHING, Reference, lexical_query, vector_of
from tests.contract.writer_contract import NAMES, QUESTIONS, At, assert_equal, random_article


class Trial:
    """Rounds of changes through `troubled`, which makes handles behind a proxy; `direct` does so without it."""

    def __init__(self, direct: At, troubled: At, seed: int, *, lexical: bool = True) -> None:
        self.direct, self.troubled, self.lexical = direct, troubled, lexical
        self.rng = random.Random(seed)
        self.state = {}
        self.counts: Counter[str] = Counter()

    def change(self, tries: int = 20) -> None:
        """One commit of some changes, tried until it is acknowledged; each failure is an error of ours."""
        names = self.rng.sample(NAMES, 3)
        new = {name: random_article(self.rng, name) for name in names[:2]}
        after = {name: one for name, one in (self.state | new).items() if name != names[2]}
        for _ in range(tries):
            try:
                handle = self.troubled()
                with handle.lock():
                    writer = handle.writer(recipe())
                    writer.upsert(*prepared([*new.values()]))
                    writer.delete([names[2]])
                    writer.commit()
                break
            except WensouError as error:
                self.counts[f"write: {type(error).__name__}"] += 1
                # Not acknowledged: all of it is there, or nothing.
                seen = self.seen()
                assert seen in (set(self.state), set(after)), (seen, set(self.state), set(after))
        else:
            return  # it never came through, and nothing says that it did
        self.state = after
        self.counts["acknowledged"] += 1
        assert_equal(self.direct().reader(), [*after.values()], lexical=self.lexical)

    def seen(self) -> set[str]:
        try:
            return set(self.direct().reader().article_ids())
        except IndexMissing:
            return set()

    def ask(self, times: int) -> None:
        """Questions: the right answer, or an error of ours."""
        reference = Reference(self.state.values())
        for _ in range(times):
            question = self.rng.choice(QUESTIONS)
            query, vector = lexical_query(question), vector_of(question)
            try:
                backend = self.troubled().reader()
                hits = backend.dense(vector, k=5, filters=Filters())
                words = backend.lexical(query, k=EVERYTHING, filters=ANY) if self.lexical else []
            except WensouError as error:
                self.counts[f"question: {type(error).__name__}"] += 1
                continue
            near = reference.dense(vector)[:5]
            right = [round(hit.score, 4) for hit in hits] == [round(score, 4) for _, score in near]
            if self.lexical:
                right &= {hit.chunk_id: round(hit.score, 3) for hit in words} == {
                    name: round(score, 3) for name, score in reference.lexical(query)
                }
            self.counts["right" if right else "wrong"] += 1
