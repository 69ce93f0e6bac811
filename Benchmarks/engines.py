"""The engines people use today, each in namespaces of its own, and one way to measure them all."""

import glob
import os
import subprocess
import time
from statistics import median

from rig import HERE, Client, Daemon, Netns, links, until

PEERS = os.path.abspath(os.environ.get("PEERS", os.path.join(HERE, "../.build-clients/peers")))


class Fairlead:
    """The daemon measured here, in a network namespace of its own."""

    name = "Fairlead"

    def __init__(self, folder):
        self.netns = Netns()
        self.daemon = Daemon(self.netns)
        self.has_containers = True

    def start(self):
        return self.daemon.start()

    def stop(self):
        self.daemon.stop()

    def client(self):
        return self.daemon.client()

    def memory(self):
        return self.daemon.memory()

    def container(self, client):
        client.call("POST", "/containers/create?name=guest", {"Image": "scratch"})
        client.call("POST", "/containers/guest/start")

    def settle(self):
        """Deletions that were answered are done."""
        until(lambda: "gone-" not in self.netns.run("ip", "-o", "link"), 60)

    def end(self):
        self.daemon.end()
        self.netns.end()


class Peer:
    """A daemon of Debian's, unpacked, in network, mount and process namespaces of its own; its data is on the same disk."""

    def __init__(self, folder):
        self.folder = f"{folder}/{self.name}"
        os.mkdir(self.folder)
        self.socket = f"{self.folder}/socket"
        # Of its places in /run and /var/lib, nothing is shared with the machine.
        setup = "mount -t tmpfs none /run && ip link set lo up && echo up && exec sleep infinity"
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
             "sh", "-c", setup], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if self.holder.stdout.readline() != "up\n":
            raise RuntimeError("no namespaces")
        self.first = int(_children(self.holder.pid)[0])
        self.inside = ["nsenter", "-t", str(self.first), "--net", "--mount", "--pid"]
        libraries = ":".join(f"{PEERS}/{part}/x86_64-linux-gnu" for part in ("usr/lib", "lib"))
        path = ":".join(f"{PEERS}/{part}" for part in ("bin", "usr/bin", "usr/sbin", "usr/lib/podman"))
        self.environment = {
            **os.environ, "PATH": f"{path}:{os.environ['PATH']}", "LD_LIBRARY_PATH": libraries, "HOME": self.folder,
            "XTABLES_LIBDIR": f"{PEERS}/usr/lib/x86_64-linux-gnu/xtables"}
        self.process = None
        self.has_containers = False
        self.cgroup = f"fairlead-bench-{self.name}-{os.getpid()}"

    @classmethod
    def is_there(cls):
        return os.path.exists(f"{PEERS}/complete") and os.path.exists(f"{PEERS}/{cls.program}")

    def start(self):
        begin = time.perf_counter()
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen([*self.inside, f"{PEERS}/{self.program}", *self.arguments()], stdout=log,
                                            stderr=log, env=self.environment)
        while True:
            try:
                self.client().call("GET", "/_ping")
                return time.perf_counter() - begin
            except (OSError, RuntimeError):
                if self.process.poll() is not None or time.perf_counter() - begin > 400:
                    raise RuntimeError(f"{self.name} does not start") from None
                time.sleep(0.005)

    def stop(self):
        os.kill(int(_children(self.process.pid)[0]), 15)
        self.process.wait(120)

    def client(self):
        return Client(self.socket, version="1.40")

    def memory(self):
        """Of the daemon and the processes it keeps for itself, containers' own aside."""
        return sum(_pss(pid) for pid in _descendants(self.process.pid))

    def settle(self):
        pass

    def container(self, client):
        """One that does nothing, of an image with one program."""
        source, program = f"{self.folder}/guest.c", f"{self.folder}/image/guest"
        os.mkdir(f"{self.folder}/image")
        with open(source, "w") as file:
            file.write("#include <unistd.h>\n#include <signal.h>\nint main(void) { signal(SIGTERM, _exit); pause(); }\n")
        subprocess.run(["cc", "-static", "-O1", "-o", program, source], check=True)
        image = subprocess.run(["tar", "-C", f"{self.folder}/image", "-c", "guest"], capture_output=True, check=True)
        client.call("POST", "/images/create?fromSrc=-&repo=guest", image.stdout, media="application/x-tar")
        client.call("POST", "/containers/create?name=guest",
                    {"Image": "guest", "Cmd": ["/guest"], "HostConfig": {"CgroupParent": f"/{self.cgroup}"}})
        client.call("POST", "/containers/guest/start")

    def _cgroups(self):
        """Those left after all that are empty are removed."""
        found = ["find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path", f"*{self.cgroup}*"]
        subprocess.run([*found, "-exec", "rmdir", "{}", ";"], check=False, stderr=subprocess.DEVNULL)
        return subprocess.run(found, check=False, capture_output=True).stdout

    def end(self):
        # All of the process namespace ends before its first process has.
        os.kill(self.first, 9)
        self.holder.wait()
        self.process.wait()
        # A cgroup is busy until its processes are forgotten, too.
        until(lambda: not self._cgroups(), 5)


class Dockerd(Peer):
    name = "dockerd"
    program = "usr/sbin/dockerd"

    def arguments(self):
        return ["--host", f"unix://{self.socket}", "--data-root", f"{self.folder}/data", "--exec-root", "/run/docker",
                "--pidfile", "/run/docker.pid", "--storage-driver", "vfs", "--live-restore",
                "--default-address-pool", "base=10.0.0.0/8,size=24"]


class Podman(Peer):
    name = "podman"
    program = "usr/bin/podman"

    def arguments(self):
        for part in ("networks", ".config/containers"):
            os.makedirs(f"{self.folder}/{part}", exist_ok=True)
        with open(f"{self.folder}/.config/containers/policy.json", "w") as file:
            file.write('{"default": [{"type": "insecureAcceptAnything"}]}')
        self.environment["CONTAINERS_CONF"] = f"{self.folder}/containers.conf"
        with open(self.environment["CONTAINERS_CONF"], "w") as file:
            file.write(
                f'[network]\nnetwork_backend = "netavark"\nnetwork_config_dir = "{self.folder}/networks"\n'
                'default_subnet_pools = [{base = "10.0.0.0/8", size = 24}]\n'
                f'[engine]\nhelper_binaries_dir = ["{PEERS}/usr/lib/podman"]\nconmon_path = ["{PEERS}/usr/bin/conmon"]\n'
                f'runtime = "runc"\ncgroup_manager = "cgroupfs"\n[engine.runtimes]\nrunc = ["{PEERS}/usr/bin/runc"]\n')
        return ["--root", f"{self.folder}/data", "--runroot", "/run/podman", "--storage-driver", "vfs",
                "system", "service", "--time", "0", f"unix://{self.socket}"]


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def _descendants(pid):
    for task in glob.glob(f"/proc/{pid}/task/*"):
        with open(f"{task}/children") as file:
            for child in file.read().split():
                with open(f"/proc/{child}/comm") as name:
                    if name.read().strip() not in ("guest", "conmon", "containerd-shim"):
                        yield child
                        yield from _descendants(child)


def _pss(pid):
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def sample(engine, client, population):
    """What an engine needs beside so many networks: medians in ms, MB, and s for a restart."""
    names = [f"sample{i}" for i in range(10)]
    point = {"networks": population}

    def times(calls):
        return median(client.call(*call)[1] for call in calls) * 1e3

    point["create"] = times([("POST", "/networks/create", {"Name": name}) for name in names])
    point["inspect"] = times([("GET", f"/networks/{name}") for name in names * 3])
    point["list"] = times([("GET", "/networks")] * 10)
    if engine.has_containers:
        for verb in ("connect", "disconnect"):
            point[verb] = times([("POST", f"/networks/{name}/{verb}", {"Container": "guest"}) for name in names[:5]])
    point["delete"] = times([("DELETE", f"/networks/{name}") for name in names])
    engine.settle()
    point["memory"] = engine.memory()
    return point


def sweep(engine, populations, seconds, points):
    """Adds samples along the populations to `points`, as far as `seconds` go. Fills up in between with creates by one client."""
    begin, count = time.perf_counter(), 0
    engine.start()
    client = engine.client()
    try:
        engine.container(client)
        engine.has_containers = True
    except (RuntimeError, subprocess.CalledProcessError) as error:
        print(f"{engine.name} has no container: {error}", flush=True)
    for population in populations:
        if points and time.perf_counter() - begin + (population - count) * points[-1]["create"] / 1e3 > seconds:
            break
        while count < population:
            client.call("POST", "/networks/create", {"Name": f"n{count}"})
            count += 1
        point = sample(engine, client, population)
        engine.stop()
        point["restart"] = engine.start()
        client = engine.client()
        points.append(point)
