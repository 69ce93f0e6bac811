"""The real daemon, in namespaces and folders of its own."""

import glob
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from .http import API, tcp, unix
from .namespaces import Netns, Space, cable, run, until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BINARY = os.path.abspath(os.environ.get("FAIRLEAD", os.path.join(ROOT, ".build/release/fairlead")))

# What a process that came to grief leaves in its log.
_CRASH = re.compile(r"Fatal error|Assertion `|APPLICATION BUG|\*\*\* Signal|Program crashed|Sanitizer|freed pointer")

# Links that are deleted off the request path are called so until the collector comes by.
DOOMED = re.compile("gone-")

# The outside world: one other machine, on documentation addresses (RFC 5737, RFC 3849).
HOST4, OUTSIDE4 = "192.0.2.1", "192.0.2.2"
HOST6, OUTSIDE6 = "2001:db8::1", "2001:db8::2"


class Daemon:
    """`fairlead serve` in a network and mount namespace of its own. Its folders and namespaces outlive its restarts."""

    def __init__(self, *options, outside=False, ports=(), host_options=None):
        self.folder = tempfile.mkdtemp(prefix="fl-")
        self.data_root, self.exec_root = f"{self.folder}/data", f"{self.folder}/exec"
        self.socket, self.log = f"{self.folder}/fairlead.sock", f"{self.folder}/log"
        self.options, self.ports = list(options), list(ports)
        self.host_options = host_options
        # A `rig.steps.Gate` that the next start gets, and what to run the daemon under (strace).
        self.gate, self.under = None, []
        # A `rig.supervisor.Supervisor` that every start gets.
        self.supervisor = None
        self.space = Space("host")
        self.outside = None
        self.process = None
        self.api = API(unix(self.socket), self.condition)
        self.baseline = None
        if outside:
            self._build_outside()

    # --- the world around it

    def _build_outside(self) -> None:
        self.outside = Space("outside")
        cable(self.space, self.outside, "out0", {
            "left": [f"{HOST4}/24", f"{HOST6}/64"], "right": [f"{OUTSIDE4}/24", f"{OUTSIDE6}/64"],
        })
        self.space.run("ip", "route", "add", "default", "via", OUTSIDE4)
        self.space.run("ip", "-6", "route", "add", "default", "via", OUTSIDE6)
        # The outside knows the way to every address a container may have, so only the daemon's rules keep it away.
        for prefix in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"):
            self.outside.run("ip", "route", "add", prefix, "via", HOST4)
        self.outside.run("ip", "-6", "route", "add", "fd00::/8", "via", HOST6)

    # --- life

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def arguments(self) -> list:
        hosts = [self.url] + [f"tcp://127.0.0.1:{port}" for port in self.ports]
        hosts = self.host_options if self.host_options is not None else hosts
        words = [BINARY, "serve"]
        for host in hosts:
            words += ["--host", host]
        words += ["--data-root", self.data_root, "--exec-root", self.exec_root, *self.options]
        # Whoever takes passed descriptors wants to be told that they are for this very process.
        under = ["sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh"] if self.supervisor else self.under
        return [*under, *words, *(self.gate.options if self.gate else [])]

    def launch(self) -> subprocess.Popen:
        """Starts the process without waiting for it."""
        assert os.access(BINARY, os.X_OK), f"no daemon at {BINARY}: `make build`, or say where with FAIRLEAD=…"
        settings = {"pass_fds": [self.gate.theirs.fileno()] if self.gate else []}
        passed = self.supervisor.settings() if self.supervisor else {"environment": {}, "sources": []}
        if self.supervisor:
            settings = {"preexec_fn": passed["arrange"], "close_fds": False}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.space.command(*self.arguments())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(**passed["environment"]), **settings,
            )
        for source in passed["sources"]:
            os.close(source)
        if self.gate:
            self.gate.attend()
        return self.process

    def start(self, seconds=20.0) -> "Daemon":
        self.launch()

        def answers():
            status = self.process.poll()
            assert status is None, f"the daemon ended with {status} instead of starting:\n{self.log_tail()}"
            try:
                return self.api.get("/_ping", timeout=2).status == 200
            except OSError:
                return False

        try:
            until(answers, seconds, what="an answer to /_ping")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log_tail()}") from None
        if self.baseline is None:
            self.baseline = self.traces()
        return self

    def stop(self, seconds=15.0) -> int:
        """SIGTERM, and the status it ended with."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the daemon did not end within {seconds:g} s of SIGTERM:\n{self.log_tail()}") from None

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()
        self.process.wait(10)

    def reboot(self, boot_id=None) -> None:
        """The machine goes down and comes up: an empty exec root and a fresh network namespace, with the same data root.
        The caller has ended the daemon, and starts it. Without a `boot_id` the kernel's stays."""
        self.space.end()
        shutil.rmtree(self.exec_root)
        self.space = Space("host")
        if boot_id:
            with open(f"{self.folder}/boot_id", "w") as file:
                file.write(boot_id + "\n")
            self.space.run("mount", "--bind", f"{self.folder}/boot_id", "/proc/sys/kernel/random/boot_id")

    def restart(self, how="stop") -> None:
        getattr(self, how)()
        self.start()

    def end(self) -> None:
        """Ends everything and removes the folders; checks nothing."""
        if self.process and self.process.poll() is None:
            self.kill()
        if self.supervisor:
            self.supervisor.end()
        for space in filter(None, (self.outside, self.space)):
            space.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- talking to it

    def tcp_api(self, port=None) -> API:
        return API(tcp(self.space, "127.0.0.1", port or self.ports[0]), self.condition)

    def fairlead(self, *words, check=True, timeout=30, env=None) -> subprocess.CompletedProcess:
        """The command line, on the daemon's own machine."""
        return run(
            self.space.command(BINARY, *words), check=check, timeout=timeout,
            env=environment(DOCKER_HOST=self.url, **(env or {})),
        )

    def plan(self) -> list:
        """The steps `fairlead plan --json` would take."""
        return json.loads(self.fairlead("plan", "--json").stdout)["steps"]

    def container(self, name: str) -> Netns:
        """The namespace of a started container."""
        key = self.api.inspect(name)["NetworkSettings"]["SandboxKey"]
        assert key, f"{name} has no SandboxKey"
        return Netns(self.space.host_path(key), name)

    # --- looking at it, with other people's tools

    def log_text(self) -> str:
        with open(self.log, errors="replace") as log:
            return log.read()

    def log_tail(self) -> str:
        return "--- log\n" + self.log_text()[-4000:]

    def condition(self) -> str:
        """Whether it lives, and what it said last: for requests that got no answer."""
        status = self.process.poll() if self.process else "nothing: it was never started"
        return f"the daemon {'is running' if status is None else f'ended with {status}'}\n{self.log_tail()}"

    def must_live(self) -> None:
        assert self.process.poll() is None, self.condition()

    def links(self) -> dict:
        """The links that carry our alias, by name."""
        return {
            name: link for name, link in self.space.links().items() if link.get("ifalias", "").startswith("fairlead:")
        }

    def table(self, handles=False) -> list:
        """`nft -j list table inet fairlead`, without counters."""
        kept = []
        for item in self.space.nft("list", "table", "inet", "fairlead"):
            kept.append(_strip(item, handles))
        return sorted(kept, key=lambda item: json.dumps(item, sort_keys=True))

    def database(self) -> str:
        found = []
        for path in glob.glob(self.space.host_path(f"{self.data_root}/**"), recursive=True):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    if file.read(15) == b"SQLite format 3":
                        found.append(path)
        assert len(found) == 1, f"expected one SQLite database under the data root, found {found}"
        return found[0]

    def rows(self, sql: str) -> list:
        """Asked from inside the daemon's mount namespace: the data root may be a mount of its own."""
        path = self.database().removeprefix(self.space.host_path(""))
        text = self.space.run("sqlite3", "-readonly", "-json", "-cmd", ".timeout 5000", path, sql)
        return json.loads(text) if text.strip() else []

    def row_counts(self) -> dict:
        """Rows by table; the settings are about the machine, not about what clients made."""
        tables = [row["name"] for row in self.rows("SELECT name FROM sqlite_master WHERE type='table'")]
        kept = [name for name in tables if "sqlite_" not in name and name != "setting"]
        counts = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS count FROM \"{name}\"" for name in kept)
        return {row["name"]: row["count"] for row in self.rows(counts)}

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def traces(self) -> dict:
        """What the daemon has put into the world, but for forwarding (the set `closed`), which it turns on for good."""
        return {
            "links": sorted(name for name in self.space.links() if name not in ("lo", "out0") and not DOOMED.match(name)),
            "table": [item for item in self.table() if item.get("set", {}).get("name") != "closed"],
            "pins": sorted(os.listdir(self.space.host_path(f"{self.exec_root}/netns")))
            if os.path.isdir(self.space.host_path(f"{self.exec_root}/netns"))
            else [],
            "mounts": self.space.mounts(self.exec_root),
            "rows": self.row_counts(),
        }

    def differences(self, before: dict) -> list:
        """How the world differs from an earlier `traces()`, in words."""
        now, found = self.traces(), []
        for key, was in before.items():
            if now[key] == was:
                continue
            if isinstance(was, dict):
                changed = {k: (was.get(k), now[key].get(k)) for k in {*was, *now[key]} if was.get(k) != now[key].get(k)}
                found.append(f"{key}: {changed} (before, now)")
            else:
                found.append(
                    f"{key}: new {[item for item in now[key] if item not in was]}, "
                    f"gone {[item for item in was if item not in now[key]]}"
                )
        return found

    def settles(self, before=None, seconds=8.0) -> None:
        """Asserts that the world is, soon, as it was: links are deleted off the request path."""
        before, end = before or self.baseline, time.monotonic() + seconds
        while left := self.differences(before):
            assert time.monotonic() < end, "left behind:\n" + "\n".join(left) + "\n" + self.log_tail()
            time.sleep(0.05)

    def farewell(self) -> None:
        """What must hold when a daemon's tests are over: nothing left behind, nothing planned, a clean end."""
        try:
            if self.process and self.process.poll() is None:
                self.api.clear()
                self.settles()
                until(lambda: not any(map(DOOMED.match, self.space.links())), 15, what="the end of doomed links")
                steps = self.plan()
                assert steps == [], f"`fairlead plan` of an idle daemon: {steps}"
                status = self.stop()
                assert status == 0, f"SIGTERM ended the daemon with {status}\n{self.log_tail()}"
            crash = _CRASH.search(self.log_text())
            assert not crash, f"the log tells of a crash ({crash.group()})\n{self.log_tail()}"
        finally:
            self.end()


def environment(**more) -> dict:
    """The environment without anything that would lead a client elsewhere."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(("DOCKER_", "LISTEN_", "NOTIFY_"))}
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        kept.pop(name, None)
    return {**kept, "LC_ALL": "C", **more}


def _strip(item, handles: bool):
    """An nft object without counters and, unless asked for, handles."""
    if isinstance(item, dict):
        return {
            key: _strip(value, handles)
            for key, value in item.items()
            if key not in ("packets", "bytes", "expires") and (handles or key != "handle")
        }
    return [_strip(each, handles) for each in item] if isinstance(item, list) else item
