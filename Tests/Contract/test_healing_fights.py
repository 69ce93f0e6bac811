"""Somebody who undoes it again and again; more notifications than anybody can read."""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time

from rig.house import SOON, heals, rules, whole
from rig.namespaces import until

# How long they fight, in seconds. After the fifth loss ours waits for 1 s, then 2, 4, 8.
FIGHT = 12
LONGEST = 8


@contextlib.contextmanager
def fighter(netns, command, feed):
    """A process that is told the same again and again, twenty times a second."""
    process = subprocess.Popen(
        netns.command(*command), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    over = threading.Event()

    def tell():
        with contextlib.suppress(OSError):
            while not over.wait(0.05):
                process.stdin.write(feed)
                process.stdin.flush()

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield process
    finally:
        over.set()
        thread.join()
        process.kill()
        process.wait(10)


def cpu(daemon):
    """Seconds that all its threads have used."""
    return time.clock_gettime((~daemon.process.pid << 3) | 2)


def test_a_fight_is_met_with_back_off(house):
    """A warning that names object and culprit, then longer and longer waits; who fights does not keep us busy."""
    web, before = house.container("web"), whole(house)
    address = fighter(web, ["ip", "-force", "-batch", "-"], "addr del 10.1.0.2/24 dev eth0\n")
    ruleset = fighter(house.space, ["sh", "-c", "while read -r _; do nft flush ruleset; done"], "\n")
    with address as first, ruleset:
        begin, spent = time.monotonic(), cpu(house)
        until(lambda: "again and again" in house.log_text(), SOON, what="the warning")
        time.sleep(max(0, begin + FIGHT / 2 - time.monotonic()))
        # Others are healed all the same.
        house.container("there").run("ip", "route", "del", "default")
        until(lambda: house.container("there").default_route(), SOON, what="another container's route")
        time.sleep(max(0, begin + FIGHT - time.monotonic()))
        spent = cpu(house) - spent
        warnings = [line for line in house.log_text().splitlines() if "again and again" in line]
        culprit = first.pid
    assert spent < FIGHT / 8, f"{spent:.2f} s of CPU in {FIGHT} s of fighting"
    assert len(warnings) < 16, warnings
    text = "\n".join(warnings)
    assert re.search(r"table inet fairlead is undone again and again, it seems by nft \(process \d+\)", text), text
    assert re.search(
        rf"endpoint \w+ \(add address 10.1.0.2/24 to eth0 in \S+\) is undone again and again, it seems by ip "
        rf"\(process {culprit}\); the next loss is left for [1248]", text), text
    until(lambda: rules(house) == before["table"] and "10.1.0.2/24" in web.addresses("eth0"), LONGEST + 1, what="peace")
    heals(house, before, "all of it")

def test_lost_notifications_mean_a_look_at_everything(house):
    """More of them than the daemon's sockets hold, and what was lost is among those that it never gets."""
    before, space, web = whole(house), house.space, house.container("web")
    space.run("ip", "link", "add", "noise", "up", "type", "bridge")
    noise = "\n".join(f"link set dev noise alias {number:0>200}" for number in range(16_000))
    os.kill(house.process.pid, signal.SIGSTOP)
    try:
        space.run("ip", "-batch", "-", input=noise)
        web.run("ip", "addr", "del", "10.1.0.2/24", "dev", "eth0")
        space.run("nft", "flush", "ruleset")
    finally:
        os.kill(house.process.pid, signal.SIGCONT)
    until(lambda: "notifications were lost; looking at everything" in house.log_text(), SOON, what="a word about it")
    heals(house, before, "all of it")
    space.run("ip", "link", "del", "noise")
