"""A parent as systemd is one: hears `sd_notify`, holds descriptors (FDSTORE=1) and hands them on at the next start."""

import array
import contextlib
import fcntl
import os
import socket
import threading
import time

from .namespaces import until

_FIRST = 3  # SD_LISTEN_FDS_START


class Supervisor:
    """For all starts of a daemon: `daemon.supervisor = Supervisor(daemon.folder)`. With `holds=False` it has no fd store
    (FileDescriptorStoreMax=0, systemd's default): what it is asked to hold it closes."""

    def __init__(self, folder: str, holds=True):
        self.path, self.holds = f"{folder}/notify", holds
        self.messages, self.store, self.on_ready = [], {}, None
        self._units = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        threading.Thread(target=self._listen, daemon=True).start()

    # --- what it hears

    def _listen(self) -> None:
        size = socket.CMSG_SPACE(16 * array.array("i").itemsize)
        while True:
            with contextlib.suppress(OSError):
                data, ancillary, _, _ = self._socket.recvmsg(8192, size, socket.MSG_CMSG_CLOEXEC)
                if not data:
                    return
                self._hear(data.decode(), ancillary)

    def _hear(self, text: str, ancillary: list) -> None:
        descriptors = array.array("i")
        for level, kind, payload in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(payload)
        said = dict(line.split("=", 1) for line in text.splitlines())
        name = said.get("FDNAME", "stored")
        if said.get("FDSTOREREMOVE") == "1":
            self._forget(name)
        if said.get("FDSTORE") == "1" and self.holds:
            self.store.setdefault(name, []).extend(descriptors)
        else:
            for descriptor in descriptors:
                os.close(descriptor)
        if said.get("READY") == "1" and self.on_ready:
            self.on_ready()
        self.messages.append(said)

    def _forget(self, name: str) -> None:
        for descriptor in self.store.pop(name, []):
            os.close(descriptor)

    def heard(self, key: str, seconds=10.0) -> dict:
        """The last message with that assignment."""
        until(lambda: any(key in said for said in self.messages), seconds, what=f"{key} from the daemon")
        return [said for said in self.messages if key in said][-1]

    @property
    def sockets(self) -> list:
        """The names of what is held and listens."""
        return sorted(name for name in self.store if not name.endswith("-probe"))

    # --- what it does

    def unit(self, *sockets) -> None:
        """Passes listening sockets to the daemon, as a socket unit does; they stay open for all its starts."""
        self._units = list(sockets)

    def settings(self) -> dict:
        """What `Popen` needs for the next start."""
        # What systemd polls goes by itself once its other end is gone.
        self._forget("held-probe")
        passed = [("fairlead.socket", each.fileno()) for each in self._units]
        passed += [(name, each) for name, held in self.store.items() for each in held]
        # Out of the way of the numbers they get.
        sources = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 200) for _, each in passed]

        def arrange():
            for place, source in enumerate(sources):
                os.dup2(source, _FIRST + place)

        environment = {"NOTIFY_SOCKET": self.path}
        if passed:
            environment |= {"LISTEN_FDS": str(len(passed)), "LISTEN_FDNAMES": ":".join(name for name, _ in passed)}
        return {"environment": environment, "arrange": arrange, "sources": sources}

    def end(self) -> None:
        with contextlib.suppress(OSError):
            # An empty datagram ends the thread.
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", self.path)
        time.sleep(0.01)
        for name in list(self.store):
            self._forget(name)
        for each in self._units:
            each.close()
        self._socket.close()
