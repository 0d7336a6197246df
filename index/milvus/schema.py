"""What lies in Milvus: the collections of an index, their fields, and how they are searched.

    <name>__control     commit records, builds under way, who writes: key -> text
    <name>__chunks_vN   a row a chunk: sparse and dense vector, exact terms, and what may be filtered by
    <name>__articles_vN a row an article: its text, terms, mean vector and signature
    <name>__pages_vN    what of an article is too long for a field
    <name>__terms_vN    how many documents hold each term, many terms a row; see index.milvus.counts
    <name>              an alias of the current chunks

`vN` is a version: every rebuild or compaction writes another, and the commit record says which counts. A row is seen by
the readers of commit c where `born <= c < died`.
"""

from typing import Any

from index.milvus.address import Address

ALIVE = 2**62  # `died` of what is not
MAX_BYTES = 65_535  # of a field of text
PIECE = 15_000  # characters of one: four bytes each at most
MAX_ID_BYTES = 1_024
_FACETS = 1_024  # of an article, and bytes each


class Names:
    """The names of an index's collections."""

    def __init__(self, address: Address, version: int) -> None:
        """Of one version."""
        self.version = version
        self.control = control_name(address)
        self.chunks, self.articles, self.pages, self.terms = (
            f"{address.name}__{kind}_v{version}" for kind in ("chunks", "articles", "pages", "terms")
        )

    @property
    def all(self) -> tuple[str, str, str, str]:
        """Those of the version alone."""
        return self.chunks, self.articles, self.pages, self.terms


def control_name(address: Address) -> str:
    """The collection that commit records lie in."""
    return f"{address.name}__control"


def _schema(*fields: tuple[str, Any, dict[str, Any]], key_bytes: int = 2_048) -> Any:
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("pk", DataType.VARCHAR, is_primary=True, max_length=key_bytes)
    for name, kind, more in fields:
        schema.add_field(name, kind, **more)
    return schema


def _indexes(address: Address, scalars: tuple[str, ...] = (), *, modern: bool = False, large: bool = False) -> Any:
    """Those of a collection; `modern` servers have sparse vectors and inverted lists, `large` ones are not scanned."""
    from pymilvus import MilvusClient

    indexes = MilvusClient.prepare_index_params()
    if large and address.file is None:
        indexes.add_index("vector", index_type="HNSW", metric_type="IP", params={"M": 32, "efConstruction": 200})
    else:
        indexes.add_index("vector", index_type="FLAT", metric_type="IP")
    if modern and large:
        indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    for name in scalars:
        indexes.add_index(name, index_name=name, index_type="INVERTED" if modern else "")
    return indexes


def _text(name: str, size: int = MAX_BYTES) -> tuple[str, Any, dict[str, Any]]:
    from pymilvus import DataType

    return name, DataType.VARCHAR, {"max_length": size}


def _whole(*names: str) -> list[tuple[str, Any, dict[str, Any]]]:
    from pymilvus import DataType

    return [(name, DataType.INT64, {}) for name in names]


def _vector(dim: int) -> tuple[str, Any, dict[str, Any]]:
    from pymilvus import DataType

    return "vector", DataType.FLOAT_VECTOR, {"dim": dim}


def _filtered() -> list[tuple[str, Any, dict[str, Any]]]:
    from pymilvus import DataType

    array = {"element_type": DataType.VARCHAR, "max_capacity": _FACETS, "max_length": _FACETS}
    return [("facets", DataType.ARRAY, array), *_whole("day", "draw", "born", "died")]


Definition = tuple[str, Any, Any]


def control(address: Address) -> Definition:
    """Name, schema and indexes of the control collection."""
    return control_name(address), _schema(_text("body"), _vector(2)), _indexes(address)


def collections(address: Address, names: Names, dim: int, *, sparse: bool) -> list[Definition]:
    """Name, schema and indexes of the collections of a version."""
    from pymilvus import DataType

    own = [_text("chunk", MAX_ID_BYTES + 32), _text("article", MAX_ID_BYTES), _text("terms_of"), _vector(dim)]
    chunks = _schema(*own, *_filtered(), *([("terms", DataType.SPARSE_FLOAT_VECTOR, {})] if sparse else []))
    articles = _schema(
        _text("article", MAX_ID_BYTES),
        _text("path", 8_192),
        _text("hash", 64),
        _text("title"),
        _text("body"),
        _text("terms_of"),
        _text("signature", 4_096),
        _vector(dim),
        *_whole("body_pages", "terms_pages", "chunks"),
        *_filtered(),
    )
    pages = _schema(_text("body"), *_whole("born"), _vector(2), key_bytes=4_096)
    terms = _schema(_text("run", 64), _text("body"), *_whole("born"), _vector(2))
    return [
        (names.chunks, chunks, _indexes(address, ("chunk", "article"), modern=sparse, large=True)),
        (names.articles, articles, _indexes(address, ("article",), modern=sparse)),
        (names.pages, pages, _indexes(address)),
        (names.terms, terms, _indexes(address, ("run",), modern=sparse)),
    ]
