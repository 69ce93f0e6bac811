"""The other side of `--step-fd`: sees every step the daemon is about to take, and lets it, or doesn't."""

import socket
import threading
import time


class Gate:
    """For one start of a daemon: `daemon.gate = Gate()` before `daemon.start()`."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.lines, self._last = [], time.monotonic()
        self._lock, self._deadly, self._strike = threading.Lock(), None, None

    @property
    def options(self) -> list:
        return ["--step-fd", str(self.theirs.fileno())]

    def attend(self) -> None:
        """Answers from now on; the daemon has its end by now."""
        self.theirs.close()
        threading.Thread(target=self._attend, daemon=True).start()

    def _attend(self) -> None:
        with self.ours.makefile("r", encoding="utf-8", errors="replace") as announcements:
            for line in announcements:
                with self._lock:
                    index = len(self.lines)
                    self.lines.append(line.rstrip("\n"))
                    self._last = time.monotonic()
                    strike = self._strike if index == self._deadly else None
                if strike:
                    return strike()
                try:
                    self.ours.send(b".")
                except OSError:
                    return

    def watch(self, deadly=None, strike=None) -> None:
        """Forgets what was announced; `strike` is called in place of an answer to the line with the number `deadly`."""
        with self._lock:
            self.lines, self._deadly, self._strike = [], deadly, strike
            self._last = time.monotonic()

    def quiet(self, seconds=0.4, limit=10.0) -> list:
        """The lines, once none has come for a while."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            with self._lock:
                if time.monotonic() - self._last > seconds:
                    return list(self.lines)
            time.sleep(0.02)
        raise AssertionError(f"there was no end of steps within {limit:g} s: {self.lines}")
