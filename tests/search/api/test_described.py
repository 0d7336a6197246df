"""Requests made up from the API's own description: none ends in a fault, none in a status that is not described."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks

from index.builder import update_index
from search.api.app import Options, create_app
from search.live import LiveEngine
from search.service.keys import add_key
from tests.conftest import CORPUS, PLAIN, HashEncoder

load_all_checks()
ASKED = CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """The description of a server over a small index, whose journal nobody works off."""
    root = tmp_path_factory.mktemp("described") / "index"
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.engine.load_encoder", lambda name="bundled": HashEncoder())
        patch.setattr("search.api.writing.WAIT", 0.02)
        app = create_app(LiveEngine(root), Options(sources=(str(root.parent),)))
        schema = schemathesis.openapi.from_asgi("/openapi.json", app)  # before there is a key, which it would need
        schema.config.update(headers={"Authorization": f"Bearer {add_key(root, 'admin')[1]}"})
        yield schema


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(
    max_examples=8,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_ends_in_a_fault_or_a_status_that_is_not_described(case):
    case.call_and_validate(checks=ASKED)
