"""What is kept, how much of it, and what goes first."""

from index.storage.cache import Cache


def test_what_was_put_is_found_until_there_is_too_much():
    cache = Cache(100, len)
    assert cache.get("无") is None
    for n in range(50):
        cache.put(n, "字" * 10)
        assert cache.get(n) == "字" * 10
    kept = [n for n in range(50) if cache.get(n)]
    assert kept[-1] == 49
    assert len(kept) <= 11


def test_what_is_asked_for_again_stays():
    cache = Cache(100, len)
    cache.put("常", "字" * 10)
    for n in range(200):
        cache.put(n, "字" * 10)
        assert cache.get("常") == "字" * 10


def test_what_is_larger_than_all_room_is_kept_alone():
    cache = Cache(100, len)
    cache.put("小", "字")
    cache.put("大", "字" * 1_000)
    assert cache.get("大") == "字" * 1_000
    cache.put("新", "字")
    cache.put("又", "字" * 60)
    assert cache.get("又")
    assert len(cache._new) + len(cache._old) <= 3
