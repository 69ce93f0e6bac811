"""HTTP load: wrk for requests, the C server to compare with, mutations beside."""

import re
import subprocess
import threading
import urllib.request
from contextlib import contextmanager
from typing import NamedTuple

from rig import PORT, cpu_time, until

_UNITS = {"us": 1e-3, "ms": 1, "s": 1e3}


class Load(NamedTuple):
    cpu: float  # seconds of the server's CPU time a request
    rate: float  # requests a second
    p99: float  # ms


def requests(pid, port, target, seconds):
    """GETs over four keep-alive connections for some seconds."""
    begin = cpu_time(pid)
    out = subprocess.run(
        ["wrk", "-t1", "-c4", f"-d{seconds}", "--latency", f"http://127.0.0.1:{port}{target}"],
        capture_output=True, text=True, check=True).stdout
    used = cpu_time(pid) - begin
    if "Non-2xx" in out:
        raise RuntimeError(out)
    count = int(re.search(r"(\d+) requests in", out)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    return Load(used / count, rate, float(p99[1]) * _UNITS[p99[2]])


class Server:
    """The C program, serving what the daemon answers now."""

    def __init__(self, folder, target):
        self.port = PORT + 1
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{target}", timeout=10) as answer:
            body = answer.read()
        with open(f"{folder}/page", "wb") as file:
            file.write(body)
        self.process = subprocess.Popen([f"{folder}/httpd", str(self.port), target, f"{folder}/page"])
        self.pid = self.process.pid
        if until(lambda: self._answers(target) == body, 5) is None:
            raise RuntimeError("the C server does not answer")

    def _answers(self, target):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{target}", timeout=10) as answer:
                return answer.read()
        except OSError:
            return None

    def end(self):
        self.process.kill()
        self.process.wait()


@contextmanager
def mutations(client, rate):
    """Creates and removes containers, and a network each fourth time, `rate` changes a second, until the block ends."""
    over = threading.Event()

    def work():
        number = 0
        while not over.wait(2 / rate):
            if number % 4:
                client.call("POST", f"/containers/create?name=mutation{number}", {"Image": "scratch"})
                client.call("DELETE", f"/containers/mutation{number}")
            else:
                client.call("POST", "/networks/create", {"Name": f"mutation{number}"})
                client.call("DELETE", f"/networks/mutation{number}")
            number += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
