"""A disk that refuses: for the real daemon, by a preloaded library (`faults/disk.c`) that is told what shall fail."""

import errno
import mmap
import os
import struct
import subprocess

SYNC, WRITE = 1, 2
FOREVER = -1

_SOURCE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "faults", "disk.c")
_LAYOUT = struct.Struct("=7i64s")


def build(folder: str) -> str:
    """Compiles the library and returns its path."""
    library = f"{folder}/disk.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, _SOURCE, "-ldl"], check=True, timeout=60)
    return library


class Faults:
    """For every start of one daemon."""

    def __init__(self, daemon, library: str):
        path = f"{daemon.folder}/faults"
        with open(path, "wb") as file:
            file.write(bytes(_LAYOUT.size))
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _LAYOUT.size)
        daemon.under = ["env", f"LD_PRELOAD={library}", f"FAULTS={path}"]

    def arm(self, operations, skip=0, times=1, file="/fairlead.db-wal", error=errno.EIO, pause=0) -> None:
        """From now on, `skip` operations on the file succeed, each `pause` ms late, and `times` fail."""
        self.disarm()
        # What to look for is there before there is something to look for.
        self._memory[:] = _LAYOUT.pack(0, skip, times, error, 0, 0, pause, file.encode())
        self._memory[:4] = struct.pack("=i", operations)

    def disarm(self) -> None:
        self._memory[:4] = bytes(4)

    def _field(self, index: int) -> int:
        return _LAYOUT.unpack(self._memory[:])[index]

    @property
    def failed(self) -> int:
        """How often it failed since `arm`."""
        return self._field(4)

    @property
    def passed(self) -> int:
        """How often it succeeded since `arm`."""
        return self._field(5)
