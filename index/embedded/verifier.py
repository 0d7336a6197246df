"""Reads every large file of a commit once, in the background, and says whether all are as they were written."""

import threading
from enum import StrEnum
from pathlib import Path

from index.errors import IndexCorrupt
from index.storage.layout import Manifest, damage, damaged_files, large_files, manifest_name

PAUSE = 0.02  # seconds between two files, so that questions come first


class Checksums(StrEnum):
    """How far the checksums of a commit have been looked at."""

    SMALL = "small files are whole, large ones not read yet"
    CHECKING = "checking"
    WHOLE = "whole"
    DAMAGED = "damaged"
    STOPPED = "stopped"


class Verifier:
    """Checks one commit's large files; the small ones were checked when it was opened."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        """Begin at once, in a thread that ends with the process."""
        self._root, self._manifest = root, manifest
        self._names = sorted(large_files(manifest))
        self._stop = threading.Event()
        self.state = Checksums.CHECKING if self._names else Checksums.WHOLE
        self.damage: IndexCorrupt | None = None
        self._thread = threading.Thread(target=self._check, name="checksums", daemon=True)
        if self._names:
            self._thread.start()

    def _check(self) -> None:
        for name in self._names:
            if self._stop.wait(PAUSE):
                self.state = Checksums.STOPPED
                return
            if damaged_files(self._root, self._manifest, {name}) and not self._gone():
                self.damage = damage(self._root, [name])
                self.state = Checksums.DAMAGED
                return
        self.state = Checksums.WHOLE

    def _gone(self) -> bool:
        """Whether the commit is no longer kept: a writer took its files away, which stay mapped here."""
        return self._stop.is_set() or not (self._root / manifest_name(self._manifest.commit)).exists()

    def wait(self) -> None:
        """Until all is read."""
        if self._names:
            self._thread.join()

    def stop(self) -> None:
        """Stop before the next file."""
        self._stop.set()
