import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from index.encoders import transformer
from index.encoders.load import BUNDLED, load_encoder
from index.encoders.static import StaticEncoder
from index.encoders.static_table import RowTable
from index.encoders.token_pairs import Reach
from index.encoders.vectors import hash_files, unit_rows
from index.errors import EncoderUnavailable

TEXTS = [
    "中国经济在第三季度继续回升向好。",
    "國務院發布關於促進民營經濟發展的意見，裏面說了什麼？",
    "ＡＢＣ１２３　全形字元與ＷＩＮＤＯＷＳ　１０",
    "喊我老公",
    "Linux 内核 6.6 发布，C919 首航",
    "",
    "\t\n  ",
    "，。！？——……《》",
    "𠮷野家とラーメン 😀 ẞ é ﬁ ㎏ Ⅷ ①",
    "长" * 3000,
    "去年冬天，红队的老教练在北京的比赛里换下了张伟，又换上了李强，全场的观众都站了起来，为他们鼓掌。",
]

# torch and transformers warn about their own insides; none of it is ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch.*"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:transformers.*"),
    pytest.mark.filterwarnings("ignore::FutureWarning:(torch|transformers|sentence_transformers|huggingface_hub).*"),
]


@pytest.fixture(scope="module")
def bundled():
    return load_encoder()


def test_sentence_transformers_reads_the_same_files_and_gives_the_same_vectors(bundled):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(bundled._folder), device="cpu", local_files_only=True, trust_remote_code=True)
    options = {"show_progress_bar": False, "convert_to_numpy": True}
    np.testing.assert_allclose(bundled.passages(TEXTS), model.encode_document(TEXTS, **options), atol=1e-5)
    np.testing.assert_allclose(bundled.queries(TEXTS), model.encode_query(TEXTS, **options), atol=1e-5)
    np.testing.assert_allclose(bundled.queries(TEXTS), model.encode(TEXTS, **options), atol=1e-5)


def test_sentence_transformers_saves_what_we_read(bundled, tmp_path):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(bundled._folder), device="cpu", local_files_only=True, trust_remote_code=True)
    model.save(str(tmp_path / "saved"), create_model_card=False)
    again = load_encoder(str(tmp_path / "saved"))
    assert isinstance(again, StaticEncoder)
    assert again.dim == model.get_embedding_dimension() == bundled.dim
    np.testing.assert_allclose(again.queries(TEXTS), bundled.queries(TEXTS), atol=1e-5)
    np.testing.assert_allclose(again.passages(TEXTS), bundled.passages(TEXTS), atol=1e-5)
    prompted = model.encode([TEXTS[0]], prompt="查询：", show_progress_bar=False)
    np.testing.assert_allclose(prompted, bundled.queries([f"查询：{TEXTS[0]}"]), atol=1e-5)


def test_the_module_of_sentence_transformers_has_one_name():
    from index.encoders import sentence_transformers_module

    with pytest.raises(AttributeError, match="no_such"):
        _ = sentence_transformers_module.no_such


def parts(encoder, vectors):
    """Of words, of words as a teacher has them, and of pairs: each at length 1."""
    words = len(encoder.tables()[0][0])
    return [unit_rows(part) for part in np.split(vectors, [words - encoder.taught.columns, words], axis=1)]


def test_word_order_shows_in_the_last_columns_alone(bundled):
    vectors = bundled.queries(["红队在决赛中战胜蓝队", "蓝队在决赛中战胜红队"])
    assert vectors[0] @ vectors[1] < 0.995
    words, taught, pairs = parts(bundled, vectors)
    np.testing.assert_allclose(words[0], words[1], atol=1e-5)
    np.testing.assert_allclose(taught[0], taught[1], atol=1e-5)
    assert pairs[0] @ pairs[1] < 0.9


def test_tokens_two_apart_tell_sentences_apart(bundled):
    left = "去年冬天，红队的老教练在北京的比赛里换下了张伟，又换上了李强，全场的观众都站了起来，为他们鼓掌。"
    right = left.replace("张伟", "x").replace("李强", "张伟").replace("x", "李强")
    plain = StaticEncoder(bundled._folder, "plain")
    plain.reach = Reach()
    cosines = [float(np.prod(encoder.queries([left, right]), axis=0).sum()) for encoder in (bundled, plain)]
    assert cosines[0] < cosines[1] < 1
    long = [left * 8, right * 8]
    words = [parts(encoder, encoder.queries(long))[0] for encoder in (bundled, plain)]
    np.testing.assert_allclose(words[0], words[1], atol=1e-6)


def test_no_torch():
    code = (
        "import sys; from index.encoders.load import load_encoder; load_encoder().queries(['春天的故事']);"
        "print({'torch', 'sentence_transformers', 'transformers'} & set(sys.modules) or 'light')"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "light\n"


def test_rows_have_length_one_or_zero_and_short_passages_less(bundled):
    shorter = np.linalg.norm(bundled.passages(["今天", "今天天气很好，我们去公园。" * 40]), axis=1)
    assert 0.5 < shorter[0] <= shorter[1]
    sentences = [text * 4 for text in TEXTS]
    assert np.linalg.norm(bundled.passages(sentences), axis=1).max() <= 1 + 1e-6
    assert shorter[1] == pytest.approx(1.0, abs=1e-5)
    vectors = bundled.queries(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), bundled.dim)
    lengths = np.linalg.norm(vectors, axis=1)
    blank = [not any(char.isalnum() for char in text) for text in TEXTS]
    np.testing.assert_allclose(lengths, 1.0 - np.array(blank), atol=1e-5)


def test_no_texts_give_no_rows(bundled):
    assert bundled.passages([]).shape == (0, bundled.dim)
    assert bundled.queries([]).shape == (0, bundled.dim)


def test_many_passages_equal_few(bundled):
    many = [text + str(number) for number in range(40) for text in TEXTS]
    few = np.concatenate([bundled.passages([text]) for text in many])
    np.testing.assert_allclose(bundled.passages(many), few, atol=1e-6)
    prepared = load_encoder()
    prepared.prepare_for_many()
    np.testing.assert_allclose(prepared.passages(many), few, atol=1e-6)


def test_what_an_encoder_holds_does_not_depend_on_what_it_was_asked(monkeypatch):
    """Fifty clients, a thousand sentences: nobody decodes the whole table, whoever comes first."""
    encoder, decoded = load_encoder(), []
    whole = RowTable.table
    monkeypatch.setattr(RowTable, "table", lambda rows: decoded.append(rows) or whole(rows))
    texts = [f"第{number}句话说的是电梯。" for number in range(300)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(encoder.passages, [texts] * 8))
    assert decoded == []
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: encoder.prepare_for_many(), range(8)))
    assert len(decoded) == 2  # the rows of tokens and of pairs, once each
    assert encoder.passages(texts).tobytes() == found[0].tobytes()


def test_rows_are_added_up_by_columns_to_the_same_bits():
    rng = np.random.default_rng(1)
    rows = RowTable(rng.integers(-127, 128, (500, 8), np.int8), rng.random(500, np.float32))
    rows.keep()
    texts = [np.unique(rng.integers(0, 500, size)) for size in (0, 1, 40, 0, 300, 300, 7)]
    ids, ends = np.concatenate(texts), np.cumsum([0, *map(len, texts)])
    weights = rng.random(len(ids), np.float32)
    by_rows, by_columns = np.ones((2, len(texts), 8), np.float32)
    rows.add(by_rows, ids, ends, weights)
    rows.add(by_columns, ids, ends, weights, ascending=True)
    assert by_columns.tobytes() == by_rows.tobytes()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("国务院发布关于促进民营经济发展的意见", "國務院發佈關於促進民營經濟發展的意見"),
        ("ABC123 windows", "ＡＢＣ１２３　ＷＩＮＤＯＷＳ"),
        ("台湾海峡两岸关系", "臺灣海峽兩岸關係"),
    ],
)
def test_script_and_width_make_no_difference(bundled, one, other):
    left, right = bundled.queries([one, other])
    assert left @ right > 0.95


def test_simplified_and_traditional_are_the_same_vector(bundled):
    left, right = bundled.queries(["中国经济发展的历史与现状", "中國經濟發展的歷史與現狀"])
    np.testing.assert_allclose(left, right, atol=1e-6)


def test_meaning_counts_for_more_than_nothing(bundled):
    query = bundled.queries(["孩子发烧怎么办"])[0]
    near, far = bundled.passages(
        ["儿童体温升高时，应及时就医并服用退热药物。", "央行宣布下调存款准备金率零点五个百分点。"]
    )
    assert query @ near > query @ far


@pytest.mark.parametrize("kind", ["queries", "passages"])
def test_the_first_text_has_the_vector_it_has_later_and_needs_no_whole_tokenizer(bundled, kind):
    prepared = load_encoder(BUNDLED)
    prepared.prepare_for_many()
    for texts in (["国务院关于房地产的意见"], ["", "ＡＢ c919，萬里長城"], [], ["㎡꧁é"]):
        new = load_encoder(BUNDLED)
        ask = getattr(new, kind)
        first = ask(texts).tobytes()
        assert "tokenizer" not in vars(new)
        assert ask(texts).tobytes() == getattr(bundled, kind)(texts).tobytes() == first
        assert "tokenizer" in vars(new)
        assert getattr(prepared, kind)(texts).tobytes() == first


def test_a_tokenizer_that_is_refused_is_said(bundled, tmp_path):
    for name in ("model.safetensors", "modules.json"):
        (tmp_path / name).write_bytes((bundled._folder / name).read_bytes())
    for text in ("{}", "{"):
        (tmp_path / "tokenizer.json").write_text(text)
        broken = load_encoder(str(tmp_path))
        for ask in (broken.queries, broken.passages):
            with pytest.raises(EncoderUnavailable, match="cannot be read"):
                ask(["中国"])


def test_fingerprint_follows_the_weights(bundled, tmp_path):
    assert load_encoder(BUNDLED).fingerprint == bundled.fingerprint
    for name in ("model.safetensors", "tokenizer.json", "modules.json"):
        (tmp_path / name).write_bytes((bundled._folder / name).read_bytes())
    copy = load_encoder(str(tmp_path))
    assert isinstance(copy, StaticEncoder)
    assert copy.fingerprint == bundled.fingerprint
    weights = bytearray((tmp_path / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(bytes(weights))
    assert load_encoder(str(tmp_path)).fingerprint != bundled.fingerprint


def test_large_files_are_sampled(tmp_path):
    path = tmp_path / "big"
    path.write_bytes(bytes(1 << 20))
    whole = hash_files([path], limit=1 << 18)
    path.write_bytes(b"\1" + bytes((1 << 20) - 1))
    assert hash_files([path], limit=1 << 18) != whole


def test_unit_rows_leave_zeros_alone():
    rows = unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32))
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0.0, 0.0]])


def test_any_sentence_transformers_folder(tiny):
    encoder = load_encoder(str(tiny))
    assert (encoder.name, encoder.dim) == (str(tiny), 32)
    passages, queries = encoder.passages(["中国经济", ""]), encoder.queries(["中国经济"])
    assert passages.shape == (2, 32)
    np.testing.assert_allclose(np.linalg.norm(passages, axis=1), [1, 0], atol=1e-5)
    assert not np.allclose(passages[0], queries[0], atol=1e-3)  # the two prompts differ
    plain = encoder._model.encode(["查询：中国经济"], prompt=None, show_progress_bar=False)
    np.testing.assert_allclose(queries, unit_rows(plain), atol=1e-5)
    assert load_encoder(str(tiny)).fingerprint == encoder.fingerprint


def test_fingerprint_of_a_transformer_follows_its_prompts(tiny, tmp_path):
    import shutil

    other = tmp_path / "model"
    shutil.copytree(tiny, other)
    settings = json.loads((other / "config_sentence_transformers.json").read_text(encoding="utf-8"))
    settings["prompts"]["query"] = "问："
    (other / "config_sentence_transformers.json").write_text(json.dumps(settings), encoding="utf-8")
    assert load_encoder(str(other)).fingerprint != load_encoder(str(tiny)).fingerprint


@pytest.mark.parametrize("name", ["./no-such-folder", "/no/such/folder", "a/b/c", "", "/"])
def test_a_missing_folder_is_said_and_no_hub_is_asked(name, monkeypatch):
    monkeypatch.setattr("socket.create_connection", lambda *_, **__: pytest.fail("asks the hub"))
    with pytest.raises(EncoderUnavailable) as caught:
        load_encoder(name)
    assert caught.value.hint
    assert "\n" not in caught.value.message


def test_a_file_is_no_model(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"x")
    with pytest.raises(EncoderUnavailable, match="a file"):
        load_encoder(str(tmp_path / "model.bin"))


def test_an_empty_folder_is_no_model(tmp_path):
    with pytest.raises(EncoderUnavailable, match=r"modules\.json"):
        load_encoder(str(tmp_path))


def test_a_broken_static_model_is_said(bundled, tmp_path):
    for name in ("tokenizer.json", "modules.json"):
        (tmp_path / name).write_bytes((bundled._folder / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"not a model")
    with pytest.raises(EncoderUnavailable, match="cannot be read"):
        load_encoder(str(tmp_path))


def test_an_unknown_hub_name_offline_fails_fast(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EncoderUnavailable, match="HF_HUB_OFFLINE") as caught:
        load_encoder("nobody/no-such-model")
    assert caught.value.message.startswith("the embedding model 'nobody/no-such-model' cannot be loaded")


def test_an_unreachable_hub_fails_fast(monkeypatch, tmp_path):
    from huggingface_hub import constants

    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "https://hub.invalid")
    monkeypatch.setattr(transformer, "_cached", lambda name: tmp_path / "nothing")
    with pytest.raises(EncoderUnavailable, match=r"hub\.invalid cannot be reached"):
        load_encoder("nobody/no-such-model")


def test_a_transformer_loads_without_a_word(tiny):
    code = (
        "import sys; from index.encoders.load import load_encoder; load_encoder(sys.argv[1]).queries(['一']); "
        "from transformers.utils import logging; assert logging.is_progress_bar_enabled()"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(tiny)], check=True, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("", "")
