"""Arrays written by NumPy, read without `numpy.load`: the same values, and from many threads at once."""

import gc
import re
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from safetensors.numpy import save_file

from index.storage.arrays import (
    RowFile,
    here_and_there,
    map_array,
    map_bytes,
    map_tensors,
    read_arrays,
    release_pages,
    union,
    write_array,
)

KINDS = st.sampled_from([np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.float16, np.float32])
SHAPES = npst.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("arrays")


@given(npst.arrays(KINDS, SHAPES, elements={"allow_nan": False}))
def test_what_numpy_wrote_comes_back(folder, array):
    np.save(folder / "a.npy", array)
    np.savez(folder / "a.npz", one=array, **{"two.2": array[..., :1] if array.ndim else array})
    mapped = map_array(folder / "a.npy")
    both = read_arrays((folder / "a.npz").read_bytes())
    assert set(both) == {"one", "two.2"}
    for got in (mapped, both["one"]):
        assert got.dtype == array.dtype
        assert got.shape == array.shape
        assert np.array_equal(got, array)
        assert not got.flags.writeable or got.size == 0


@given(npst.arrays(KINDS, npst.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=20)), st.integers(0, 20))
def test_an_array_written_in_parts_is_what_numpy_would_write(folder, array, at):
    np.save(folder / "whole.npy", array)
    write_array(folder / "parts.npy", array.dtype, array.shape, [array[:at], array[at:]])
    assert (folder / "parts.npy").read_bytes() == (folder / "whole.npy").read_bytes()


def test_parts_that_are_not_the_array_are_refused(tmp_path):
    with pytest.raises(ValueError, match="parts of 3 rows, want 4"):
        write_array(tmp_path / "a.npy", np.int32, (4,), [np.zeros(3)])
    with pytest.raises(ValueError, match=r"shape \(2, 3\), want rows of shape \(4,\)"):
        write_array(tmp_path / "a.npy", np.int32, (2, 4), [np.zeros((2, 3))])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda data: data[:40], "is no array"),
        (lambda data: b"", "is no array"),
        (lambda data: data[:-1], "buffer is smaller|size"),
        (lambda data: data.replace(b"<i4", b"|O4"), "is no array"),
        (lambda data: data.replace(b"False", b"True "), "is no array"),
        (lambda data: b"PK\x03\x04" + data, "is no array"),
    ],
)
def test_anything_else_is_refused(tmp_path, change, complaint):
    np.save(tmp_path / "a.npy", np.arange(9, dtype=np.int32))
    (tmp_path / "a.npy").write_bytes(change((tmp_path / "a.npy").read_bytes()))
    with pytest.raises(ValueError, match=complaint):
        map_array(tmp_path / "a.npy")


def test_a_damaged_npz_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", one=np.arange(900))
    data = (tmp_path / "a.npz").read_bytes()
    for broken in (data[:-30], data[:200] + b"x" + data[201:], b"nothing"):
        with pytest.raises(ValueError, match=r"no sound \.npz"):
            read_arrays(broken)


def test_threads_that_open_arrays_while_garbage_is_collected(tmp_path):
    """`numpy.load` fails here on CPython 3.11 with a SystemError, hundreds of times."""
    np.save(tmp_path / "a.npy", np.arange(9, dtype=np.int32))
    errors = []

    def read(depth):
        if depth:
            return read(depth - 1)
        try:
            for _ in range(200):
                map_array(tmp_path / "a.npy")
        except Exception as error:
            errors.append(error)

    def give_way(*_):
        time.sleep(0)

    before = gc.get_threshold()
    gc.callbacks.append(give_way)
    gc.set_threshold(20)
    try:
        threads = [threading.Thread(target=read, args=(20 * n,), daemon=True) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(give_way)
    assert errors == []


def test_pages_are_release_pages_where_there_are_many_and_the_arrays_stay(tmp_path):
    if not Path("/proc/self/smaps").exists():
        pytest.skip("only Linux tells what is mapped in")
    array = np.arange(1 << 20, dtype=np.int64)
    np.save(tmp_path / "a.npy", array)
    (tmp_path / "b").write_bytes(b"\x07" * (1 << 23))
    mapped, raw = map_array(tmp_path / "a.npy"), map_bytes(tmp_path / "b")
    assert mapped.sum() == array.sum()
    assert raw.sum() == 7 << 23
    assert _resident(tmp_path) > 8 << 20
    assert not release_pages(limit=1 << 60)
    assert _resident(tmp_path) > 8 << 20
    assert release_pages(limit=0)
    assert _resident(tmp_path) == 0
    assert np.array_equal(mapped, array)
    assert raw[-1] == 7


def test_an_empty_file_has_no_bytes(tmp_path):
    (tmp_path / "none").touch()
    assert map_bytes(tmp_path / "none").shape == (0,)


def _resident(folder):
    """Bytes of the folder's files that are mapped into this process."""
    found, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split(" ", 1)[0]:
            inside = str(folder) in line
        elif inside and line.startswith("Rss:"):
            found += int(line.split()[1]) * 1024
    return found


@given(npst.arrays(KINDS, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.lists(st.integers(0, 8), max_size=20))
def test_rows_that_are_read_are_rows_that_are_mapped(folder, array, rows):
    np.save(folder / "rows.npy", array)
    wanted = np.array([row for row in rows if row < len(array)], np.int64)
    got = RowFile(folder / "rows.npy").take(wanted)
    assert got.dtype == array.dtype
    assert got.tobytes() == array[wanted].tobytes()


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells what it was told of a map")
def test_only_huge_files_and_only_when_said_are_looked_at_here_and_there(tmp_path):
    np.save(tmp_path / "huge.npy", np.arange(17 << 18, dtype=np.int32))
    np.save(tmp_path / "small.npy", np.arange(1 << 18, dtype=np.int32))
    with here_and_there():
        arrays = [map_array(tmp_path / "huge.npy"), map_array(tmp_path / "small.npy")]
    assert (_advice("huge.npy"), _advice("small.npy")) == (True, False)
    assert [array[-1] for array in arrays] == [(17 << 18) - 1, (1 << 18) - 1]
    del arrays
    again = map_array(tmp_path / "huge.npy")
    assert not _advice("huge.npy")
    assert again[5] == 5


def _advice(name):
    """Whether the system knows that the mapped file `name` is read at random."""
    maps = re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", Path("/proc/self/smaps").read_text())
    (block,) = [block for block in maps if name in block]
    return "rr" in re.search("VmFlags:(.*)", block)[1].split()


@given(npst.arrays(np.int64, st.integers(0, 9), elements=st.integers(-3, 3)), npst.arrays(np.int64, st.integers(0, 9)))
def test_a_union_is_numpys(one, other):
    assert np.array_equal(union(one, other), np.union1d(one, other))
    assert union(one.astype(np.uint32), other.astype(np.uint32)).tolist() == sorted(
        {*one.astype(np.uint32).tolist(), *other.astype(np.uint32).tolist()}
    )


def test_tensors_that_the_library_wrote_come_back(tmp_path):
    kinds = (np.float32, np.float16, np.float64, np.int8, np.uint8, np.int32, np.int64)
    arrays = {kind.__name__: np.arange(-6, 6).astype(kind).reshape(3, 4) for kind in kinds}
    arrays |= {"空": np.zeros((0, 5), np.float32), "one": np.ones(1, np.int8)}
    save_file(arrays, tmp_path / "some.safetensors", {"format": "np"})
    found = map_tensors(tmp_path / "some.safetensors")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)
        assert not found[name].flags.writeable


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: b"",
        lambda raw: raw[:7],
        lambda raw: raw[:-1],
        lambda raw: b"\xff" * 8 + raw[8:],
        lambda raw: raw.replace(b"F32", b"F99"),
        lambda raw: raw.replace(b"[0,12]", b"[0,13]"),
        lambda raw: raw.replace(b"[0,12]", b"[4,8]"),
        lambda raw: raw.replace(b"data_offsets", b"data_offsetz"),
        lambda raw: raw[:8] + b"[" * (len(raw) - 8),
        lambda raw: (2).to_bytes(8, "little") + b"[]",
    ],
)
def test_a_damaged_file_of_tensors_is_refused(tmp_path, change):
    path = tmp_path / "some.safetensors"
    save_file({"rows": np.zeros(3, np.float32)}, path)
    assert len(map_tensors(path)) == 1
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=r"some\.safetensors is no sound safetensors file"):
        map_tensors(path)
