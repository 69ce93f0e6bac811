"""What the measurements stand on: the daemon, the floor program and a client that costs next to nothing."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from statistics import median

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = os.path.abspath(os.environ.get("FAIRLEAD", os.path.join(HERE, "../.build/release/fairlead")))
PORT = 2375


class Netns:
    """A network namespace with loopback, until `end`."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"],
            stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "up\n":
            raise RuntimeError("no network namespace")
        self.pid = self.process.pid
        self.enter = ["nsenter", f"--net=/proc/{self.pid}/ns/net"]

    def run(self, *command, text=None):
        return subprocess.run([*self.enter, *command], input=text, capture_output=True, text=True, check=True).stdout

    def end(self):
        self.process.kill()
        self.process.wait()


class Client:
    """One keep-alive connection to the daemon's socket."""

    def __init__(self, path, version="1.45"):
        self.path = path
        self.version = version
        self.connection = None
        self.used = 0.0

    def call(self, method, target, body=None, expected=range(200, 300), media="application/json", json_wanted=True):
        """The JSON answered (or its bytes), and the seconds it took."""
        payload = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        head = f"{method} /v{self.version}{target} HTTP/1.1\r\nHost: x\r\n"
        if payload:
            head += f"Content-Type: {media}\r\nContent-Length: {len(payload)}\r\n"
        # The daemon closes connections that have been idle for two minutes.
        if not self.connection or time.perf_counter() - self.used > 60:
            self.connection = socket.socket(socket.AF_UNIX)
            self.connection.settimeout(60)
            self.connection.connect(self.path)
        start = time.perf_counter()
        self.connection.sendall(f"{head}\r\n".encode() + payload)
        status, answer = self._answer()
        self.used = time.perf_counter()
        took = self.used - start
        if status not in expected:
            raise RuntimeError(f"{method} {target}: {status} {answer[:200]}")
        is_json = json_wanted and answer[:1] in (b"{", b"[") and b"}\n{" not in answer[:1 << 12]
        return (json.loads(answer) if is_json else answer), took

    def _answer(self):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, data = data.partition(b"\r\n\r\n")
        status = int(head[9:12])
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if b"transfer-encoding" in fields:
            return status, self._chunks(data)
        length = 0 if status in (204, 304) else int(fields.get(b"content-length", 0))
        if length <= len(data):
            return status, data
        body = bytearray(length)
        body[:len(data)] = data
        view, have = memoryview(body), len(data)
        while have < length:
            part = self.connection.recv_into(view[have:])
            if not part:
                raise RuntimeError("the daemon hung up")
            have += part
        return status, bytes(body)

    def _chunks(self, data):
        body = b""
        while True:
            while b"\r\n" not in data:
                data += self._more()
            size, _, data = data.partition(b"\r\n")
            size = int(size, 16)
            while len(data) < size + 2:
                data += self._more()
            if size == 0:
                return body
            body, data = body + data[:size], data[size + 2:]

    def _more(self):
        part = self.connection.recv(1 << 18)
        if not part:
            raise RuntimeError("the daemon hung up")
        return part


class Daemon:
    """`fairlead serve` in this process's namespaces, or in another network namespace."""

    def __init__(self, netns=None):
        self.enter = netns.enter if netns else []
        self.folder = tempfile.mkdtemp(prefix="fairlead-bench-")
        self.socket = f"{self.folder}/fairlead.sock"
        # Not the machine's.
        with open(f"{self.folder}/daemon.json", "w") as file:
            file.write("{}")
        self.process = None

    def start(self):
        """The seconds until it answers."""
        hosts = ["--host", f"unix://{self.socket}", "--host", f"tcp://127.0.0.1:{PORT}"]
        roots = ["--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec",
                 "--config-file", f"{self.folder}/daemon.json"]
        begin = time.perf_counter()
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen([*self.enter, BINARY, "serve", *hosts, *roots], stdout=log, stderr=log)
        while True:
            try:
                self.client().call("GET", "/_ping", expected=range(200, 600))
                return time.perf_counter() - begin
            except OSError:
                if self.process.poll() is not None or time.perf_counter() - begin > 120:
                    raise RuntimeError(f"no daemon: {self.log()[-2000:]}") from None
                time.sleep(0.002)

    def log(self):
        with open(f"{self.folder}/log") as file:
            return file.read()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def end(self):
        self.stop()
        # The namespaces are pinned there.
        subprocess.run(f"umount {self.folder}/exec/netns/* 2>/dev/null", shell=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def client(self):
        return Client(self.socket)

    def plan(self):
        return subprocess.run(
            [BINARY, "plan", "--host", f"unix://{self.socket}"], capture_output=True, text=True, timeout=60,
            check=False)

    def memory(self):
        """Proportional set size in MB."""
        with open(f"/proc/{self.process.pid}/smaps_rollup") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


class Floor:
    """The floor program, in a network namespace of its own with the daemon's table."""

    def __init__(self, program, table, journal):
        command = ["unshare", "--net", "sh", "-c", f"ip link set lo up && nft -f {table} && exec {program} {journal}"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, what, times):
        """Seconds of wall time of each, and of CPU time of all."""
        self.process.stdin.write(f"{what} {times}\n")
        self.process.stdin.flush()
        *walls, cpu = (int(word) / 1e9 for word in self.process.stdout.readline().split())
        if len(walls) != times:
            raise RuntimeError(f"the floor fails at {what}")
        return walls, cpu

    def end(self):
        self.process.stdin.close()
        self.process.wait(60)


def quiet():
    """Waits until namespaces that have ended are gone: meanwhile they hold the kernel's network lock."""
    time.sleep(0.5)
    subprocess.run(["unshare", "--net", "true"], check=True)
    time.sleep(0.5)


def machine():
    """The machine in a sentence."""
    with open("/proc/cpuinfo") as lines:
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    kernel = os.uname().release
    return (f"{time.strftime('%-d %B %Y')}. {os.cpu_count()} CPUs ({model}), Linux {kernel}, load average "
            f"{os.getloadavg()[0]:.1f} at the start.")


class Samples:
    """Wall times of operations, and the CPU time they took together."""

    def __init__(self):
        self.walls = []
        self.cpu = 0.0

    def add(self, walls, cpu):
        self.walls += walls
        self.cpu += cpu

    @property
    def p50(self):
        return median(self.walls)

    @property
    def p10(self):
        """What it takes when nothing else is in the way."""
        return sorted(self.walls)[len(self.walls) // 10]

    @property
    def p95(self):
        return sorted(self.walls)[int(len(self.walls) * 0.95)]

    @property
    def cpu_each(self):
        return self.cpu / len(self.walls)


def cpu_time(pid):
    """Seconds of CPU that all threads of a process have used, threads that ended included."""
    return time.clock_gettime((~pid << 3) | 2)


def links(prefixes):
    """How many links here have such names."""
    return sum(name.startswith(prefixes) for _, name in socket.if_nameindex())


def until(condition, seconds):
    """The seconds until it holds; None if it never does."""
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        if condition():
            return time.perf_counter() - begin
        time.sleep(0.005)
    return None
