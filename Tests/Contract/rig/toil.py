"""Clients that make and unmake networks and containers of their own without end, and know what they were told."""

import contextlib
import http.client
import random
import threading
import time

from .agreement import agrees
from .http import API


class Toiler:
    """One client with names of its own. What it was told holds; what it was about to do may hold or not."""

    def __init__(self, number: int, connect, seed: int):
        self.api, self.random = API(connect), random.Random(seed * 100 + number)
        self.networks = {f"net{number}{letter}": False for letter in "ab"}
        self.box, self.is_there, self.is_running, self.on = f"box{number}", False, False, set()
        self.uncertain = None
        self.answers = 0

    # --- what it does

    def once(self) -> None:
        """One request, chosen by what there is; raises OSError when the daemon is gone."""
        action, *words = self.random.choice(self.possible())
        self.uncertain = (action, *words)
        getattr(self, action)(*words)
        self.uncertain = None
        self.answers += 1

    def possible(self) -> list:
        found = [("create_network", name) for name, there in self.networks.items() if not there]
        free = [name for name, there in self.networks.items() if there and name not in self.on]
        found += [("delete_network", name) for name in free]
        if not self.is_there:
            return found + [("create", name) for name, there in self.networks.items() if there] * 2
        found += [("connect", name) for name in free] * 2 + [("disconnect", name) for name in self.on]
        if self.is_running:
            return found + [("stop",), ("remove",)]
        # Without any network, a start would look for the first one again, which may be gone.
        return found + [("remove",)] + ([("start",)] * 3 if self.on else [])

    def create_network(self, name):
        self._expect(201, "POST", "/networks/create", {"Name": name})
        self.networks[name] = True

    def delete_network(self, name):
        self._expect(204, "DELETE", f"/networks/{name}")
        self.networks[name] = False

    def create(self, network):
        self._expect(
            201, "POST", f"/containers/create?name={self.box}", {"Image": "scratch", "HostConfig": {"NetworkMode": network}})
        self.is_there, self.on = True, {network}

    def connect(self, name):
        self._expect(200, "POST", f"/networks/{name}/connect", {"Container": self.box})
        self.on.add(name)

    def disconnect(self, name):
        self._expect(200, "POST", f"/networks/{name}/disconnect", {"Container": self.box})
        self.on.discard(name)

    def start(self):
        self._expect(204, "POST", f"/containers/{self.box}/start")
        self.is_running = True

    def stop(self):
        self._expect(204, "POST", f"/containers/{self.box}/stop")
        self.is_running = False

    def remove(self):
        self._expect(204, "DELETE", f"/containers/{self.box}?force=1")
        self.is_there, self.is_running, self.on = False, False, set()

    def _expect(self, status, method, target, body=None):
        reply = self.api.request(method, target, body)
        assert reply.status == status, f"{method} {target} {body}: {reply}"

    # --- what must be so

    def contradictions(self) -> list:
        """What it was told and isn't so; takes over what became of the request that got no answer."""
        found = []
        doubt, self.uncertain = self.uncertain, None
        action, word = (*(doubt or ()), None, None)[:2]
        for name, there in self.networks.items():
            now = self.api.get(f"/networks/{name}").status == 200
            if now != there and not (action in ("create_network", "delete_network") and word == name):
                found.append(f"{name} is {'there' if now else 'gone'}")
            self.networks[name] = now
        reply = self.api.get(f"/containers/{self.box}/json")
        now = reply.status == 200
        if now != self.is_there and action not in ("create", "remove"):
            found.append(f"{self.box} is {'there' if now else 'gone'}")
        self.is_there = now
        running = now and reply.json["State"]["Running"]
        if now and running != self.is_running and action not in ("start", "stop", "remove"):
            found.append(f"{self.box} {'runs' if running else 'is stopped'}")
        self.is_running = running
        on = set(reply.json["NetworkSettings"]["Networks"]) if now else set()
        if now and action != "create" and on != self.on and on ^ self.on != {word}:
            found.append(f"{self.box} is on {sorted(on)}, not on {sorted(self.on)}")
        self.on = on
        return found


class Toil:
    """Several of them at once, each on a thread, until told to rest."""

    def __init__(self, connect, clients: int, seed: int):
        self.clients = [Toiler(number, connect, seed) for number in range(clients)]
        self.failures, self._threads, self._rest = [], [], threading.Event()

    def begin(self) -> None:
        self._rest.clear()
        self._threads = [threading.Thread(target=self._work, args=(client,), daemon=True) for client in self.clients]
        for thread in self._threads:
            thread.start()

    def _work(self, client) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            while not self._rest.is_set():
                try:
                    client.once()
                except AssertionError as error:
                    return self.failures.append(str(error))

    def end(self) -> None:
        """Waits for all of them, at most a few seconds."""
        self._rest.set()
        for thread in self._threads:
            thread.join(15)
            assert not thread.is_alive(), "a client waits for an answer since 15 s"

    @property
    def answers(self) -> int:
        return sum(client.answers for client in self.clients)

    def contradictions(self) -> list:
        return [text for client in self.clients for text in client.contradictions()]


def killed_at_random(daemon, kills, clients=6, seed=1):
    """Kills under a mixed load, each after a random while: nothing that was answered is lost, nothing is left over.
    Returns how many requests were answered, and how long each start took until it answered, sorted, in seconds."""
    chance, toil, starts = random.Random(seed), Toil(daemon.api.connect, clients, seed), []
    for number in range(kills):
        toil.begin()
        time.sleep(chance.uniform(0.005, 0.25))
        daemon.kill()
        toil.end()
        began = time.monotonic()
        daemon.start()
        starts.append(time.monotonic() - began)
        try:
            assert not toil.failures, toil.failures
            assert toil.contradictions() == []
            agrees(daemon)
        except AssertionError as error:
            raise AssertionError(f"kill {number} (seed {seed}): {error}\n{daemon.log_tail()}") from None
    assert daemon.plan() == []
    return toil.answers, sorted(starts)
