"""Sixty-four clients at once over the same few names; `make soak` does it for longer."""

import os

from rig import crowd
from rig.crowd_settled import settled, usage

# Seconds of load, twice.
SECONDS = float(os.environ.get("CROWD_SECONDS", "14"))


def usage_when_empty(daemon, like=None):
    daemon.api.clear()
    daemon.settles()
    return usage(daemon, like=like)


def test_crowd(new_daemon):
    """Every answer is that of some serial order, store and kernel agree in the end, and it costs nothing to have had them."""
    daemon = new_daemon(ports=[2375])
    daemon.start()
    before = usage(daemon)
    measured = []
    for seed in (1, 2):
        report = crowd.run(daemon, SECONDS, seed=seed)
        print(report)
        assert not report.faults, "\n".join(report.faults)
        faults = settled(daemon)
        assert not faults, "\n".join(faults)
        measured.append(usage_when_empty(daemon, before))
        print(f"before: {before}; after: {measured[-1]}")
        assert measured[-1].descriptors <= before.descriptors
        # The runtime's own pool may be one or two larger at one moment than at another.
        assert measured[-1].threads <= before.threads + 2
        assert measured[-1].netlink <= 20, "more idle netlink sockets than the two pools of eight and the fixed ones"
    first, second = measured
    # A sanitizer keeps what was freed.
    if not os.environ.get("SANITIZED"):
        assert second.memory <= first.memory + 10 * 1024, f"memory grows: {first}, then {second}"
