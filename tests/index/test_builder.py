"""The write path: what is new is added, what is the same is left alone, what is gone is dropped, nothing is lost."""

import json
import zipfile
from dataclasses import replace

import pytest

from index.analysis.chunk import passage_text
from index.analysis.tokenizer import Tokenizer
from index.builder import build_index, configure, update_index
from index.config import IndexConfig
from index.connect import open_backend
from index.embedded.commits import restore_commit, writer_lock
from index.embedded.reader import EmbeddedIndex
from index.encoders.base import cosine_floor
from index.errors import BadOption, IndexCorrupt, IndexMismatch, NotFound, SelfCheckFailed, WriterBusy
from index.models import Filters, LexicalQuery, Skipped, SkipReason, article_of
from index.prepare import ArticlePreparer, content_hash
from index.storage.layout import Manifest, read_manifest
from tests.conftest import CORPUS, PLAIN, HashEncoder, article, open_writer

TEXTS = {
    "灯塔.txt": "海岛上的灯塔\n\n灯塔建在最高处，守塔人每天上去点灯。",
    "馒头.txt": "蒸馒头\n\n酵母要用温水化开，面团要发到两倍大。",
    "电梯.txt": "加装电梯\n\n须经四分之三以上业主同意，每台补贴十八万元。",
}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture
def root(tmp_path):
    return tmp_path / "index"


@pytest.fixture
def build(root, hash_bundled):
    def run(*sources, config=None, **options):
        return build_index(sources, root, config, **options)

    return run


def counts(report):
    return report.added, report.changed, report.unchanged, report.removed, len(report.skipped)


def titles(root):
    index = EmbeddedIndex.open(root)
    ids = open_writer(root).paths(["/"])
    return {index.article(article_id).article.title for article_id in ids}


def test_a_first_build_adds_and_a_second_changes_nothing(build, folder, root):
    report = build(folder, config=PLAIN)
    assert counts(report) == (3, 0, 0, 0, 0)
    assert report.commit == 1
    assert report.chunks == EmbeddedIndex.open(root).stats().chunks == 3
    again = build(folder)
    assert counts(again) == (0, 0, 3, 0, 0)
    assert (again.commit, again.chunks) == (1, 0)


def test_what_changed_is_replaced_what_is_gone_is_dropped(build, folder, root):
    build(folder, config=PLAIN)
    (folder / "馒头.txt").write_text("蒸包子\n\n包子要捏十八个褶。", "utf-8")
    (folder / "电梯.txt").unlink()
    (folder / "新.txt").write_text("新文章\n\n刚写好的一篇。", "utf-8")
    report = build(folder)
    assert counts(report) == (1, 1, 1, 1, 0)
    assert report.commit == 2
    texts = [EmbeddedIndex.open(root).article(one).article.text for one in open_writer(root).paths(["/"])]
    assert any("十八个褶" in text for text in texts)
    assert not any("酵母" in text or "电梯" in text for text in texts)


def test_keep_missing_keeps_what_is_gone(build, folder, root):
    build(folder, config=PLAIN)
    (folder / "电梯.txt").unlink()
    assert counts(build(folder, keep_missing=True)) == (0, 0, 2, 0, 0)
    assert EmbeddedIndex.open(root).stats().articles == 3
    assert counts(build(folder)) == (0, 0, 2, 1, 0)


def test_a_source_that_is_not_read_again_loses_nothing(build, folder, root, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "别处.txt").write_text("别处\n\n别的文件夹里的文章。", "utf-8")
    build(folder, config=PLAIN)
    assert counts(build(other)) == (1, 0, 0, 0, 0)
    assert EmbeddedIndex.open(root).stats().articles == 4
    (folder / "灯塔.txt").unlink()
    assert counts(build(folder / "馒头.txt")) == (0, 0, 1, 0, 0)
    assert counts(build(folder)) == (0, 0, 2, 1, 0)


def test_a_folder_reached_through_a_link_drops_what_is_gone_too(build, folder, root, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder, target_is_directory=True)
    build(link, config=PLAIN)
    (folder / "电梯.txt").unlink()
    assert counts(build(link)) == (0, 0, 2, 1, 0)


def test_a_record_that_leaves_its_file_is_dropped(build, root, tmp_path):
    path = tmp_path / "a.jsonl"
    records = [{"id": name, "text": f"第{name}篇说的是灯塔。"} for name in "abc"]
    path.write_text("\n".join(json.dumps(record) for record in records), "utf-8")
    assert counts(build(path, config=PLAIN)) == (3, 0, 0, 0, 0)
    path.write_text("\n".join(json.dumps(record) for record in records[:2]), "utf-8")
    assert counts(build(path)) == (0, 0, 2, 1, 0)
    with pytest.raises(NotFound):
        EmbeddedIndex.open(root).article("c")


@pytest.mark.parametrize("damage", [b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", None])
def test_a_file_that_cannot_be_read_this_time_keeps_its_article(build, folder, root, damage):
    build(folder, config=PLAIN)
    path = folder / "电梯.txt"
    path.unlink()
    if damage is None:
        path.symlink_to(folder / "nowhere")
    else:
        path.write_bytes(damage)
    report = build(folder)
    assert counts(report) == (0, 0, 2, 0, 1)
    assert report.skipped[0].where == str(path)
    assert report.skipped[0].reason in (SkipReason.EMPTY, SkipReason.BINARY, SkipReason.UNREADABLE)
    assert EmbeddedIndex.open(root).stats().articles == 3


def archive(path, members, damaged=""):
    """A zip of texts; the bytes of one member may be damaged."""
    with zipfile.ZipFile(path, "w") as file:
        for name, text in members.items():
            file.writestr(name, text)
        at = {info.filename: info.header_offset for info in file.infolist()}.get(damaged)
    if at is not None:
        data = bytearray(path.read_bytes())
        data[at + 30 + len(damaged.encode()) + 2] ^= 0xFF
        path.write_bytes(data)


@pytest.mark.parametrize("named", ["the archive", "its folder"])
def test_a_member_of_an_archive_that_cannot_be_read_keeps_its_article(build, root, tmp_path, named):
    path = tmp_path / "in" / "x.zip"
    path.parent.mkdir()
    source = path if named == "the archive" else path.parent
    members = {"a.txt": "海岛上的灯塔。", "b.txt": "馒头要用酵母。", "c.txt": "电梯补贴截止。"}
    archive(path, members)
    assert counts(build(source, config=PLAIN)) == (3, 0, 0, 0, 0)
    del members["c.txt"]
    archive(path, members, damaged="b.txt")
    report = build(source)
    assert counts(report) == (0, 0, 1, 0, 1)  # what was in the place that cannot be read is not known
    assert report.skipped[0].where == f"{path}!/b.txt"
    path.write_bytes(b"no archive")
    report = build(source)
    assert (report.removed, len(report.skipped)) == (0, 1)
    assert EmbeddedIndex.open(root).stats().articles == 3
    archive(path, members)
    assert counts(build(source)) == (0, 0, 2, 1, 0)


def test_a_duplicate_keeps_nothing(build, root, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a", "text": "海岛灯塔。"}\n{"id": "b", "text": "馒头酵母。"}\n', "utf-8")
    build(path, config=PLAIN)
    path.write_text('{"id": "a", "text": "海岛灯塔。"}\n{"id": "a", "text": "电梯。"}\n', "utf-8")
    report = build(path)
    assert counts(report) == (0, 0, 1, 1, 1)
    assert report.skipped[0].reason == SkipReason.DUPLICATE_ID


def test_a_source_without_articles_makes_an_empty_index(build, root, tmp_path):
    (tmp_path / "nothing").mkdir()
    report = build(tmp_path / "nothing", config=PLAIN)
    assert counts(report) == (0, 0, 0, 0, 0)
    assert report.commit == 1
    assert EmbeddedIndex.open(root).stats().articles == 0
    assert build(tmp_path / "nothing").commit == 1


def test_a_bad_line_keeps_the_articles_of_its_file(build, root, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a", "text": "海岛灯塔。"}\n{"id": "b", "text": "馒头酵母。"}\n', "utf-8")
    build(path, config=PLAIN)
    path.write_text('{"id": "a", "text": "海岛灯塔。"}\n{"id": "b", "text": "馒头\n', "utf-8")
    report = build(path)
    assert counts(report) == (0, 0, 1, 0, 1)
    assert EmbeddedIndex.open(root).article("b").article.text == "馒头酵母。"


def test_unchanged_articles_are_not_encoded_again(root):
    encoder = HashEncoder()
    update_index(CORPUS, root, PLAIN, encoder=encoder)
    first = len(encoder.encoded)
    assert first > len(CORPUS)
    encoder.encoded.clear()
    update_index([*CORPUS[:-1], article("search", "换了一篇短文。", title="新题")], root, encoder=encoder)
    assert [text for text in encoder.encoded if "短文" in text] == ["新题\n换了一篇短文。"]
    assert len(encoder.encoded) == 1 + 12  # and the twelve sentences that measure the encoder's floor


def test_duplicate_ids_are_reported_and_the_first_wins(root):
    twice = [article("a", "第一篇说灯塔。"), article("a", "第二篇说馒头。", path="/x/b.txt")]
    report = update_index(twice, root, PLAIN, encoder=HashEncoder())
    assert report.skipped == (Skipped("/x/b.txt", SkipReason.DUPLICATE_ID, "a"),)
    assert EmbeddedIndex.open(root).article("a").article.text == "第一篇说灯塔。"


def test_skipped_items_go_into_the_report(root):
    report = update_index([Skipped("x", SkipReason.BINARY), *CORPUS], root, PLAIN, encoder=HashEncoder())
    assert report.skipped == (Skipped("x", SkipReason.BINARY),)
    assert report.added == len(CORPUS)


def test_articles_can_be_deleted_by_id(root):
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    report = update_index([], root, delete=["lift", "nobody"], encoder=HashEncoder())
    assert counts(report) == (0, 0, 0, 1, 0)
    with pytest.raises(NotFound):
        EmbeddedIndex.open(root).article("lift")


def test_chinese_text_without_terms_stops_the_build_before_the_commit(root, monkeypatch):
    update_index(CORPUS[:2], root, PLAIN, encoder=HashEncoder())
    monkeypatch.setattr("index.analysis.tokenizer._segmenter", lambda words: lambda text: ["，" * len(text)])
    with pytest.raises(SelfCheckFailed, match="Chinese text, but the tokenizer finds no word in it"):
        update_index([article("new", "新的一篇文章说的是海岛上的灯塔。")], root, encoder=HashEncoder())
    assert EmbeddedIndex.open(root).stats().articles == 2


def test_text_without_chinese_passes_the_self_check_without_terms(root):
    report = update_index([article("a", "♪♪♪ … !!!", title="")], root, PLAIN, encoder=HashEncoder())
    assert report.added == 1


def test_other_options_are_a_mismatch_until_it_is_rebuilt(root):
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    other = IndexConfig(chunk_chars=80, clean=False)
    with pytest.raises(IndexMismatch, match="built with fingerprint") as caught:
        update_index(CORPUS, root, other, encoder=HashEncoder())
    assert "--rebuild" in caught.value.hint
    with pytest.raises(IndexMismatch):
        update_index(CORPUS, root, encoder=HashEncoder("another model"))
    report = update_index(CORPUS, root, other, rebuild=True, encoder=HashEncoder())
    assert (report.added, report.commit) == (len(CORPUS), 2)
    assert EmbeddedIndex.open(root).config == other


def test_a_rebuild_replaces_all_in_one_commit_and_the_old_one_can_come_back(root):
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    report = update_index(CORPUS[:2], root, rebuild=True, encoder=HashEncoder())
    assert (report.added, report.removed, report.kept, report.commit) == (2, len(CORPUS) - 2, 0, 2)
    index = EmbeddedIndex.open(root)
    assert (index.stats().articles, index.stats().segments) == (2, 1)
    assert index.config == PLAIN  # the index's own options, as none were given
    restore_commit(root, 1)
    assert EmbeddedIndex.open(root).stats().articles == len(CORPUS)


def test_a_rebuild_that_fails_leaves_the_old_index(root, monkeypatch):
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    monkeypatch.setattr("index.batches.SEGMENT_CHUNKS", 2)  # fails after some segments were written
    monkeypatch.setattr("index.builder._WINDOW_ARTICLES", 1)

    def items():
        yield from CORPUS[:4]
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="the disk is full"):
        update_index(items(), root, rebuild=True, encoder=HashEncoder())
    index = EmbeddedIndex.open(root)
    assert (index.commit, index.stats().articles) == (1, len(CORPUS))
    update_index([], root, encoder=HashEncoder())
    assert len(list((root / "segments").iterdir())) == 1


def test_an_interrupted_rebuild_goes_on_from_its_last_segment(root, monkeypatch):
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    monkeypatch.setattr("index.batches.SEGMENT_CHUNKS", 3)
    monkeypatch.setattr("index.pipeline.BATCH", 1)
    monkeypatch.setattr("index.builder._WINDOW_ARTICLES", 1)
    other = IndexConfig(chunk_chars=60, overlap_chars=12, clean=False)

    def items():
        yield from CORPUS[:4]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update_index(items(), root, other, rebuild=True, encoder=HashEncoder())
    assert EmbeddedIndex.open(root).config == PLAIN
    assert (root / "rebuild.json").exists()
    encoder = HashEncoder()
    articles = [
        CORPUS[0],
        article("lift", "换了内容的一篇电梯。", title="加裝電梯的規定"),
        *CORPUS[3:],
    ]  # water is gone
    report = update_index(articles, root, other, rebuild=True, encoder=encoder)
    done = report.unchanged
    assert done >= 1
    assert report.added + report.changed == len(articles) - done
    assert not any("双导师" in text for text in encoder.encoded)  # what was finished is not encoded again
    index = EmbeddedIndex.open(root)
    assert (index.commit, index.config, index.stats().articles) == (2, other, len(articles))
    assert "换了内容" in index.article("lift").article.text
    with pytest.raises(NotFound):
        index.article("water")
    assert not (root / "rebuild.json").exists()


@pytest.mark.parametrize("change", ["options", "damage", "commit"])
def test_a_rebuild_of_another_kind_starts_from_nothing(root, monkeypatch, change):
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    monkeypatch.setattr("index.batches.SEGMENT_CHUNKS", 3)
    monkeypatch.setattr("index.pipeline.BATCH", 1)
    monkeypatch.setattr("index.builder._WINDOW_ARTICLES", 1)

    def items():
        yield from CORPUS[:4]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update_index(items(), root, rebuild=True, encoder=HashEncoder())
    config = PLAIN
    if change == "options":
        config = IndexConfig(chunk_chars=60, overlap_chars=12, clean=False)
    elif change == "damage":
        begun = Manifest.loads((root / "rebuild.json").read_text("utf-8"))
        (root / next(begun.files())[0]).unlink()
    else:
        update_index([article("new", "另一篇。")], root, encoder=HashEncoder())
    report = update_index(CORPUS, root, config, rebuild=True, encoder=HashEncoder())
    assert (report.added, report.unchanged) == (len(CORPUS), 0)


def test_a_rebuild_that_finds_nothing_does_not_take_the_old_ones_place(root, monkeypatch):
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    broken = Tokenizer.terms
    monkeypatch.setattr(
        "index.analysis.tokenizer.Tokenizer.terms", lambda self, text: [f"{t}#" for t in broken(self, text)]
    )
    asked = iter(range(1_000))
    monkeypatch.setattr(
        "index.checks.canary.LexicalQuery",
        lambda words: LexicalQuery({f"{word}{next(asked)}": 1.0 for word in words}),
    )
    with pytest.raises(SelfCheckFailed, match=f"finds 0 of {len(CORPUS)} articles"):
        update_index(CORPUS, root, rebuild=True, encoder=HashEncoder())
    assert EmbeddedIndex.open(root).commit == 1


def test_the_index_that_a_rebuild_replaced_is_kept_until_it_is_compacted(root):
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    update_index(CORPUS[:2], root, rebuild=True, encoder=HashEncoder())
    for number in range(6):
        update_index([article("new", f"第{number}版。")], root, encoder=HashEncoder())
    assert EmbeddedIndex.open(root, 1).stats().articles == len(CORPUS)
    assert restore_commit(root, 1) == 9
    assert EmbeddedIndex.open(root).stats().articles == len(CORPUS)
    update_index(CORPUS[:2], root, rebuild=True, encoder=HashEncoder())
    update_index([], root, compact=True, encoder=HashEncoder())
    for number in range(4):
        update_index([article("new", f"第{number}版。")], root, encoder=HashEncoder())
    with pytest.raises(IndexCorrupt, match="missing"):
        EmbeddedIndex.open(root, 9)


def test_a_damaged_index_is_rebuilt_and_not_built_upon(root):
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    name, _ = next(read_manifest(root).files())
    (root / name).unlink()
    with pytest.raises(IndexCorrupt, match=name):
        update_index(CORPUS, root, encoder=HashEncoder())
    assert update_index(CORPUS, root, rebuild=True, encoder=HashEncoder()).added == len(CORPUS)
    assert EmbeddedIndex.open(root).stats().articles == len(CORPUS)


def test_a_long_build_is_committed_in_steps_and_goes_on_from_there(root, monkeypatch):
    monkeypatch.setattr("index.batches.SEGMENT_CHUNKS", 3)
    monkeypatch.setattr("index.pipeline.BATCH", 1)
    monkeypatch.setattr("index.builder._WINDOW_ARTICLES", 1)

    def items():
        yield from CORPUS[:4]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update_index(items(), root, PLAIN, encoder=HashEncoder())
    done = EmbeddedIndex.open(root).stats().articles
    assert 1 <= done <= 4
    report = update_index(CORPUS, root, encoder=HashEncoder())
    assert counts(report) == (len(CORPUS) - done, 0, done, 0, 0)


def test_compaction_leaves_one_segment_without_dead_chunks(root):
    for item in CORPUS[:3]:
        update_index([item], root, PLAIN, encoder=HashEncoder())
    update_index([article("train", "换了内容的一篇。")], root, encoder=HashEncoder())
    assert EmbeddedIndex.open(root).stats().segments > 1
    report = update_index([], root, compact=True, encoder=HashEncoder())
    stats = EmbeddedIndex.open(root).stats()
    assert (stats.segments, stats.dead_chunks, stats.articles) == (1, 0, 3)
    assert report.commit == stats.commit


def test_progress_counts_articles_and_chunks(root):
    seen = []
    report = update_index(CORPUS, root, PLAIN, progress=lambda *counts: seen.append(counts), encoder=HashEncoder())
    assert sorted({articles for articles, _ in seen}) == [1, 2, 3, 4, 5, 6]
    assert seen == sorted(seen)
    assert seen[-1] == (6, report.chunks)


def test_a_source_that_is_not_there_is_a_bad_option_before_anything_is_written(build, folder, root, tmp_path):
    with pytest.raises(BadOption, match="no such source"):
        build(folder, tmp_path / "nowhere", config=PLAIN)
    assert not root.exists()


def test_a_second_writer_is_busy(build, folder, root):
    with writer_lock(root), pytest.raises(WriterBusy):
        build(folder, config=PLAIN)


def test_cleaning_is_counted_and_shown(root):
    raw = article(
        "a", "創(chuàng)新動(dòng)力不足，幹(gàn)部要學(xué)習(xí)新知識(shí)，開(kāi)動(dòng)腦筋。", title="創新"
    )
    report = update_index([raw], root, IndexConfig(), encoder=HashEncoder())
    assert sum(report.repairs.values()) >= 5
    assert 1 <= len(report.examples) <= 20
    assert "chuàng" not in EmbeddedIndex.open(root).article("a").article.text


def test_the_hash_covers_every_field():
    base = article("a", "文", meta={"k": "v"})
    others = [
        article("a", "章", meta={"k": "v"}),
        article("a", "文", title="另", meta={"k": "v"}),
        article("a", "文", source="报", meta={"k": "v"}),
        article("a", "文", tags=("t",), meta={"k": "v"}),
        article("a", "文", meta={"k": "w"}),
    ]
    assert len({content_hash(item) for item in [base, *others]}) == 6
    assert content_hash(base) == content_hash(article("a", "文", meta={"k": "v"}))


def test_a_passage_is_encoded_under_its_title_and_heading():
    item = article("a", "开头一句。\n申领条件\n年满十八岁。", title="办法")
    assert passage_text(item, (0, 5, "")) == "办法\n开头一句。"
    assert passage_text(item, (6, 17, "申领条件")) == "办法\n申领条件\n年满十八岁。"
    assert passage_text(item, (11, 17, "申领条件")) == "办法\n申领条件\n年满十八岁。"


def test_the_floor_is_the_encoders_own_and_never_negative():
    floor = cosine_floor(HashEncoder())
    assert 0 <= floor < 0.2
    assert cosine_floor(HashEncoder()) == floor


def test_options_given_in_part_keep_the_rest_of_the_index(root, tmp_path):
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    (tmp_path / "synonyms.txt").write_text("电梯,升降机\n", "utf-8")
    assert configure(root) == PLAIN
    config = configure(root, synonyms=tmp_path / "synonyms.txt")
    assert config.synonyms == (("电梯", "升降机"),)
    assert (config.chunk_chars, config.clean) == (PLAIN.chunk_chars, False)


def test_preparing_an_article_keeps_no_state():
    builder = ArticlePreparer(PLAIN, HashEncoder())
    alone = builder.prepare(CORPUS[2])
    for item in CORPUS:
        builder.prepare(item)
    assert builder.prepare(CORPUS[2]) == alone


def test_new_synonyms_are_a_commit_of_their_own_and_encode_nothing(tmp_path):
    class Counting(HashEncoder):
        count = 0

        def passages(self, texts):
            self.count += len(texts)
            return super().passages(texts)

    path = tmp_path / "index"
    update_index(CORPUS, path, PLAIN, encoder=HashEncoder())
    again = Counting()
    floor = 12  # the sentences that measure the encoder's floor
    report = update_index(CORPUS, path, replace(PLAIN, synonyms=(("升降机", "电梯"),)), encoder=again)
    assert (report.commit, report.unchanged, report.added) == (2, len(CORPUS), 0)
    assert again.count <= floor
    assert read_manifest(path).config["synonyms"] == [["升降机", "电梯"]]
    assert update_index(CORPUS, path, encoder=HashEncoder()).commit == 2


def pages(numbers):
    lines = ("本页由望榆门户网编辑部承制", "电话咨询请拨打服务热线")
    for n in numbers:
        cluster = f"第{n}号故事说的是山里的人怎样种茶。" + "春天采，夏天晒，秋天卖。" * (n % 5 + 1)
        yield article(f"page-{n}", f"{cluster}\n\n{lines[0]}\n{lines[1]}", url=f"https://example.com/{n}")


def test_lines_that_a_source_repeats_are_learned_and_kept_for_the_next_page(root):
    config = replace(PLAIN, clean=True)
    update_index(pages(range(8)), root, config, encoder=HashEncoder())
    update_index(pages([90]), root, encoder=HashEncoder())
    index = EmbeddedIndex.open(root)
    for n in (0, 7, 90):
        text = index.article(f"page-{n}").article.text
        assert "种茶" in text
        assert "门户网编辑部" not in text
    assert read_manifest(root).calibration["boilerplate"]


def write(folder, **texts):
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_rebuild_keeps_what_other_sources_and_streams_gave_and_counts_what_goes(
    root, tmp_path, hash_bundled, monkeypatch, workers
):
    monkeypatch.setattr("index.pipeline.ALONE", 1)
    one, other = tmp_path / "one", tmp_path / "other"
    write(one, a="灯塔每天在黄昏点亮，守塔人记下日期。", b="渔船在清晨出海，中午回港。")
    write(other, c="老井的水位在雨后涨了两寸。", d="石桥的栏杆上刻着年号。")
    build_index([one, other], root)
    update_index([article("stream", "钟楼的钟每小时敲一次。", title="钟楼")], root)
    before = {item: open_backend(root).article(item) for item in open_backend(root).article_ids()}
    (one / "b.txt").unlink()
    (one / "a.txt").write_text("灯塔改用电灯，仍在黄昏点亮。", "utf-8")
    config = IndexConfig(chunk_chars=60, overlap_chars=12)
    report = build_index([one], root, config, rebuild=True, workers=workers)
    assert (report.added, report.removed, report.kept, report.skipped) == (1, 1, 3, ())
    index = open_backend(root)
    assert index.stats().articles == 4
    kept = [stored for stored in map(index.article, index.article_ids()) if stored.article.path != str(one / "a.txt")]
    for stored in kept:
        old = before[stored.article.article_id]
        assert (stored.article, stored.content_hash) == (old.article, old.content_hash)
    assert build_index([one, other], root).unchanged == 3  # as they were read before
    hits = index.lexical(LexicalQuery({"石桥": 1.0}), k=1, filters=Filters())
    assert index.article(article_of(hits[0].chunk_id)).article.path == str(other / "d.txt")


def test_a_rebuild_keeps_what_could_not_be_read_this_time(root, tmp_path, hash_bundled):
    folder = tmp_path / "one"
    write(folder, a="灯塔每天在黄昏点亮。", b="渔船在清晨出海。")
    build_index([folder], root)
    (folder / "b.txt").write_bytes(bytes(range(256)) * 40)
    report = build_index([folder], root, rebuild=True)
    assert (report.added, report.removed, report.kept, len(report.skipped)) == (1, 0, 1, 1)


def test_a_rebuild_over_an_index_that_cannot_be_read_says_what_may_be_gone(root, tmp_path, hash_bundled):
    folder = tmp_path / "one"
    write(folder, a="灯塔每天在黄昏点亮。")
    build_index([folder], root)
    (root / "CURRENT").write_text("commit-000001.json 00\n")
    report = build_index([folder], root, rebuild=True)
    assert report.added == 1
    assert any("could not be read" in warning for warning in report.warnings)
