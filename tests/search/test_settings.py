"""The environment, read once, checked."""

import pytest

from index.errors import BadOption
from search.settings import Settings, check_bind


def test_without_variables_the_defaults_stand():
    assert Settings.from_env({}) == Settings(None, "127.0.0.1", 8000, None, None)
    assert Settings.from_env() == Settings()  # no test sees the variables of whoever runs it


def test_every_variable_is_read():
    env = {"WENSOU_INDEX": "/x", "WENSOU_HOST": "::1", "WENSOU_PORT": "81", "WENSOU_KEY": "k", "WENSOU_MODEL": "m"}
    assert Settings.from_env(env) == Settings("/x", "::1", 81, "k", "m")


@pytest.mark.parametrize("port", ["x", "-1", "65536", "8 0", "1.5"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(BadOption, match="WENSOU_PORT"):
        Settings.from_env({"WENSOU_PORT": port})


def test_the_number_of_workers_is_checked():
    assert Settings.from_env({"WENSOU_WORKERS": "3"}).workers == 3
    for workers in ("0", "x", "65", "-1"):
        with pytest.raises(BadOption, match="WENSOU_WORKERS"):
            Settings.from_env({"WENSOU_WORKERS": workers})


def test_an_empty_variable_is_no_variable():
    assert Settings.from_env({"WENSOU_PORT": "", "WENSOU_INDEX": "", "WENSOU_KEY": ""}) == Settings()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.com"])
def test_a_public_bind_needs_a_key(host):
    with pytest.raises(BadOption, match="needs a key"):
        check_bind(host, None)
    assert check_bind(host, "key") is None


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_none(host):
    assert check_bind(host, None) is None
