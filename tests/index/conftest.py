"""What several of these tests need: a model small enough to make on the spot."""

import pytest


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A real transformer, two layers of 32, saved as sentence-transformers saves them. Copy it to change it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys("中国经济发展的历史查询：段落春天故事")]
    (folder / "vocab.txt").write_text("\n".join(vocab), encoding="utf-8")
    bert = folder / "bert"
    BertModel(
        BertConfig(
            vocab_size=len(vocab), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
        )
    ).save_pretrained(bert)
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), vocab=str(folder / "vocab.txt")).save_pretrained(bert)
    words = Transformer(str(bert))
    model = SentenceTransformer(
        modules=[words, Pooling(32), Normalize()], prompts={"query": "查询：", "document": "段落："}, device="cpu"
    )
    model.save(str(folder / "model"))
    return folder / "model"
