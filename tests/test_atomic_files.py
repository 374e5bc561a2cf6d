"""Files that are there whole or not at all."""

import errno
import os
import stat
import sys

import pytest

from halo_methods.atomic_files import write_files


def test_all_are_written_with_what_they_hold(tmp_path):
    wanted = {tmp_path / "deep" / "a.txt": "é\r\nb\n", str(tmp_path / "b.bin"): b"\x00\xff"}
    assert [str(p) for p in write_files(wanted)] == [str(name) for name in wanted]
    assert (tmp_path / "deep" / "a.txt").read_bytes() == b"\xc3\xa9\r\nb\n"
    assert (tmp_path / "b.bin").read_bytes() == b"\x00\xff"
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.txt", "b.bin", "deep"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes of Unix")
@pytest.mark.parametrize(
    ("umask", "private", "mode"),
    [(0o022, (), 0o644), (0o077, (), 0o600), (0o002, ("b",), 0o664), (0o022, ("a",), 0o600)],
)
def test_the_umask_decides_who_may_read(tmp_path, umask, private, mode):
    before = os.umask(umask)
    try:
        write_files({tmp_path / "a": "x"}, private=private)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


def test_a_folder_on_a_disk_of_its_own_gets_its_files(tmp_path, monkeypatch):
    """A mount point: nothing can be moved into the folder from outside it."""
    move = os.replace

    def within(source, target):
        if os.path.dirname(source) != os.path.dirname(target):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        move(source, target)

    monkeypatch.setattr(os, "replace", within)
    write_files({tmp_path / "a": "x", tmp_path / "under" / "b": "y"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "under"]


def test_none_is_replaced_when_one_cannot_be_written(tmp_path):
    (tmp_path / "a").write_text("before")
    (tmp_path / "folder").mkdir()
    for content, target in (("x\ud800", tmp_path / "b"), ("x", tmp_path / "folder"), ("x", tmp_path / "a" / "under")):
        with pytest.raises((OSError, UnicodeError)):
            write_files({tmp_path / "a": "after", target: content})
        assert (tmp_path / "a").read_text() == "before"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "folder"]


def test_a_file_is_replaced_whole(tmp_path):
    target = tmp_path / "a"
    target.write_text("before")
    with target.open() as reading:
        write_files({target: "after"})
        assert reading.read() == "before"
    assert target.read_text() == "after"
