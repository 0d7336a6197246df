"""Every error Wensou raises on purpose.

    WensouError
    ├── BadQuery            the question cannot be asked as it stands
    ├── BadOption           an option or a setting has a value it cannot have
    ├── BadArticle          an article handed in by a program or the API is not an article
    ├── NotFound            no article or chunk of that id
    ├── IndexMissing        there is no index in that place
    ├── IndexCorrupt        a file of the index is missing, short or altered
    ├── IndexMismatch       the index was made by another format, encoder, dictionary or cleaner
    ├── WriterBusy          another process is writing to this index
    ├── SelfCheckFailed     a build that would have searched badly in silence was stopped
    ├── EncoderUnavailable  the embedding model cannot be loaded
    └── EngineUnavailable   the server that holds the index does not answer, or not to us

Each message says what was wrong, what was got and what was wanted; `hint` says what to do. `code` is stable:
the API sends it and scripts may match on it.
"""


class WensouError(Exception):
    """Base of all of them."""

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        """`message` is one line: what, got, wanted. `hint` is one line: what to do."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadQuery(WensouError):
    """The question cannot be asked as it stands."""

    code = "bad_query"


class BadOption(WensouError):
    """An option or a setting has a value it cannot have."""

    code = "bad_option"


class BadArticle(WensouError):
    """An article handed in by a program or the API is not an article."""

    code = "bad_article"


class NotFound(WensouError):
    """No article or chunk of that id."""

    code = "not_found"


class IndexMissing(WensouError):
    """There is no index in that place."""

    code = "index_missing"


class IndexCorrupt(WensouError):
    """A file of the index is missing, short or altered."""

    code = "index_corrupt"


class IndexMismatch(WensouError):
    """The index was made by another format, encoder, dictionary or cleaner."""

    code = "index_mismatch"


class WriterBusy(WensouError):
    """Another process is writing to this index."""

    code = "writer_busy"


class SelfCheckFailed(WensouError):
    """A build that would have searched badly in silence was stopped."""

    code = "self_check_failed"


class EncoderUnavailable(WensouError):
    """The embedding model cannot be loaded."""

    code = "encoder_unavailable"


class EngineUnavailable(WensouError):
    """The server that holds the index does not answer, or not to us."""

    code = "engine_unavailable"
