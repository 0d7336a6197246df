"""Requests made up from the API's own description: none ends in a fault, none in a status that is not described."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from index.builder import update_index
from search.api.app import Options, create_app
from search.live import LiveEngine
from search.service.keys import add_key
from tests.conftest import CORPUS, PLAIN, HashEncoder

EACH = 8  # requests to each operation
SEEDED = settings(
    max_examples=EACH,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """The description of a server over a small index, whose journal nobody works off; and the header of a key."""
    root = tmp_path_factory.mktemp("described") / "index"
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.engine.load_encoder", lambda name="bundled": HashEncoder())
        patch.setattr("search.api.writing.WAIT", 0.02)
        app = create_app(LiveEngine(root), Options(sources=(str(root.parent),)))
        schema = schemathesis.openapi.from_asgi("/openapi.json", app)  # before there is a key, which it would need
        yield schema, {"Authorization": f"Bearer {add_key(root, 'admin')[1]}"}


def test_no_request_ends_in_a_fault_or_a_status_that_is_not_described(described):
    schema, headers = described
    load_all_checks()
    names = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
    checks = CHECKS.get_by_names(names)
    asked: dict[str, set[int]] = {}
    for found in schema.get_all_operations():
        _ask(found.ok(), headers, checks, asked)
    assert len(asked) > 20
    assert all(401 not in statuses and 403 not in statuses for statuses in asked.values())
    assert sum(200 in statuses or 202 in statuses for statuses in asked.values()) > 10


def _ask(operation, headers, checks, asked):
    @SEEDED
    @given(case=operation.as_strategy())
    def ask(case):
        response = case.call(headers=headers)
        asked.setdefault(operation.label, set()).add(response.status_code)
        case.validate_response(response, checks=checks, headers=headers)

    ask()
