import json

import numpy as np
import pytest

pytest.importorskip("torch")

from index.encoders.load import load_encoder
from index.errors import BadOption, EncoderUnavailable
from index.training import adapt as module
from index.training.adapt import adapt

# What a house calls things, and what its articles then speak of: no other text knows that these belong together.
NAMES = ["青松", "海豚", "白塔", "石榴", "铜镜", "驼铃", "风筝", "雪橇", "竹简", "月台"]
SUBJECTS = ["报销", "考勤", "食堂", "停车", "体检", "网络", "班车", "图书", "门禁", "绿化"]
FILLER = [
    "办法",
    "时间",
    "地点",
    "申请",
    "审批",
    "登记",
    "通知",
    "负责人",
    "表格",
    "流程",
    "周一",
    "下午",
    "楼层",
    "电话",
]


def corpus(path, *, related):
    rng = np.random.default_rng(1)
    with path.open("w", encoding="utf-8") as file:
        for number in range(240):
            one, other = rng.choice(len(NAMES), 2, replace=False)
            subjects = [SUBJECTS[one], SUBJECTS[other]] if related else rng.choice(SUBJECTS, 2)
            lines = [
                f"{rng.choice(subjects)}{''.join(rng.choice(FILLER, 3))}{rng.integers(10, 99)}号。" for _ in range(6)
            ]
            row = {"id": str(number), "title": f"{NAMES[one]}与{NAMES[other]}计划", "text": "".join(lines)}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


@pytest.mark.parametrize(("related", "steps"), [(True, 30), (False, 4)])
def test_it_helps_where_there_is_something_to_learn_and_says_so_where_not(tmp_path, related, steps):
    messages = []
    out = tmp_path / "encoder"
    found = adapt([corpus(tmp_path / "own.jsonl", related=related)], out, steps=steps, say=messages.append)
    assert (found.articles, found.skipped, found.held_out, found.steps) == (240, 0, 50, steps)
    assert found.titles is not None
    assert found.titles.queries == 50
    assert found.all.low <= found.all.after - found.all.before <= found.all.high
    assert found.helps == (found.all.low > 0)
    assert json.loads((out / "adaptation.json").read_text("utf-8"))["all"]["after"] == found.all.after
    confidence = found.summary(out)
    if related:
        assert found.helps
        assert found.titles.after > found.titles.before + 0.02
        assert f"--model {out}" in confidence
    else:
        assert found.titles.low <= 0.02
    assert ("It helps" in confidence) == found.helps
    assert any(f"{steps} steps" in line for line in messages)
    encoder = load_encoder(str(out))
    assert encoder.queries(["青松计划"]).shape == (1, encoder.dim)
    assert encoder.fingerprint != load_encoder().fingerprint


class Knows:
    """A teacher to whom a name and the subject that goes with it are one, if it knows; all else means little."""

    name, dim, fingerprint = "teacher", 24, "teacher"

    def __init__(self, *, knows):
        rng = np.random.default_rng(5)
        self.rows = {word: 3 * rng.standard_normal(self.dim) for word in NAMES + SUBJECTS}
        if knows:
            self.rows |= dict(zip(NAMES, (self.rows[subject] for subject in SUBJECTS), strict=True))

    def queries(self, texts):
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row += sum((vector for word, vector in self.rows.items() if word in text), np.full(self.dim, 0.01))
        return rows

    passages = queries


@pytest.fixture(scope="module")
def untaught(tmp_path_factory):
    """What was learned without a teacher: of which articles, where it is, and what was found."""
    folder = tmp_path_factory.mktemp("untaught")
    own = corpus(folder / "own.jsonl", related=True)
    return own, folder / "alone", adapt([own], folder / "alone", steps=2, say=lambda line: None)


@pytest.mark.parametrize("knows", [True, False])
def test_a_teacher_is_learned_from_where_that_helps_and_what_it_brought_is_said(untaught, tmp_path, knows):
    own, alone, plain = untaught
    out = tmp_path / "out"
    found = adapt([own], out, steps=2, teacher=Knows(knows=knows), say=lambda line: None)
    assert (plain.teacher, plain.taught) == (None, False)
    assert found.teacher.before == plain.all.after
    assert found.taught == (found.teacher.low > 0) == knows
    assert found.all.after == (found.teacher.after if knows else plain.all.after)
    assert ("of that by the teacher" in found.summary(out)) == knows
    assert ("left out" in found.summary(out)) != knows
    same = (out / "model.safetensors").read_bytes() == (alone / "model.safetensors").read_bytes()
    assert same != knows


def test_too_few_articles_are_refused(tmp_path):
    path = tmp_path / "few.jsonl"
    path.write_text("\n".join(json.dumps({"text": f"第{n}篇文章。"}) for n in range(20)), encoding="utf-8")
    with pytest.raises(BadOption, match="got 20, wanted 100"):
        adapt([path], tmp_path / "out", say=lambda line: None)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_not_overwritten(tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(BadOption, match="holds something else"):
        adapt([tmp_path], tmp_path, say=lambda line: None)
    with pytest.raises(BadOption, match="no such source"):
        adapt([tmp_path / "nothing"], tmp_path / "out", say=lambda line: None)


def test_without_torch_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(EncoderUnavailable, match="torch"):
        adapt([tmp_path], tmp_path / "out", say=lambda line: None)
