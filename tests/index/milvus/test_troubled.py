"""Behind a connection that is delayed, cut and, under TLS, altered: no wrong answer, nothing acknowledged lost."""

import shutil
import subprocess
from contextlib import closing

import pytest

from index.errors import EngineUnavailable
from index.milvus.address import Address, MilvusOptions
from index.milvus.handle import MilvusHandle
from tests.index.milvus.proxy import Proxy, lite_server
from tests.index.milvus.troubled import Trial

pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
pytest.importorskip("milvus_lite", reason="needs the extra: pip install 'wensou[milvus]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of grpc's and milvus-lite's own


def at(port, **options):
    """Makes handles of one index; calls that are stuck are given up soon behind a proxy."""
    options = MilvusOptions(**options)
    return lambda: MilvusHandle(Address.parse(f"milvus://127.0.0.1:{port}/x", options), options)


def rounds(port, seed, kind, delay=0.0, **options):
    """Changes and questions behind a proxy, until something has gone wrong."""
    with closing(Proxy(port, seed)) as proxy:
        trial = Trial(at(port, **options), at(proxy.port, timeout=5.0, **options), seed)
        trial.change()
        setattr(proxy, kind, 0.04)
        proxy.delay = delay
        for _ in range(2):
            trial.change()
            trial.ask(3)
        while not proxy.happened[kind]:
            trial.ask(1)
    assert trial.counts["acknowledged"] >= 1
    assert trial.counts["wrong"] == 0, trial.counts


def test_cut_and_delayed_connections_lose_nothing_and_mislead_nobody(tmp_path):
    with lite_server(tmp_path / "db") as port:
        rounds(port, 5, "cut", delay=0.1)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_over_tls_altered_bytes_end_a_connection_and_no_more(tmp_path):
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(chain)],
        check=True, capture_output=True,
    )  # fmt: skip
    with lite_server(tmp_path / "db", (key.read_bytes(), chain.read_bytes())) as port:
        with pytest.raises(EngineUnavailable):  # it wants to be spoken to in TLS
            at(port, timeout=2.0)().describe()
        rounds(port, 7, "corrupt", ca=chain)


def test_nobody_there_is_an_error_of_ours():
    with pytest.raises(EngineUnavailable, match="could not connect"):
        at(9, timeout=1.0)().describe()
