"""The wall clock of programs under test, moved while they run.

    clock = Clock(folder)
    with make_deployment("embedded", clock.settings()) as dramatis:
        clock.move(-3600)      # an hour back
"""

import os
import pathlib
import struct
import subprocess

SOURCE = pathlib.Path(__file__).with_name("clock_shim.c")


class Clock:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self._library = folder / "clock_shim.so"
        self._file = folder / "clock"
        self._file.write_bytes(struct.pack("q", 0))
        subprocess.run([os.environ.get("CC", "cc"), "-O1", "-shared", "-fPIC", "-o", self._library,
                        SOURCE, "-ldl"], check=True)

    def settings(self):
        return {"LD_PRELOAD": str(self._library), "CLOCK_SHIM_FILE": str(self._file)}

    def move(self, seconds):
        """From what it really is."""
        with open(self._file, "r+b") as file:
            file.write(struct.pack("q", int(seconds * 1e9)))
