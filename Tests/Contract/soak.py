"""The long form of what the suite does in short: kills at random under load, then a crowd of clients, with figures."""

import argparse
import time

from rig import crowd, crowd_settled
from rig.daemon import Daemon
from rig.namespaces import refuse_the_machines_own
from rig.toil import killed_at_random


def kills(count: int, seed: int) -> None:
    daemon, began = Daemon().start(), time.monotonic()
    try:
        answers, starts = killed_at_random(daemon, count, seed=seed)
        seconds = time.monotonic() - began
        print(f"{count} kills in {seconds:.0f} s, {answers} requests answered between them: nothing lost, nothing left over; "
              f"from start to answer p50 {starts[len(starts) // 2] * 1000:.0f} ms, p99 {starts[len(starts) * 99 // 100] * 1000:.0f} ms")
    finally:
        daemon.farewell()


def clients(minutes: float, seed: int) -> None:
    daemon = Daemon(ports=[2375]).start()
    try:
        crowd.run(daemon, 60, seed=seed)
        daemon.api.clear()
        before = crowd_settled.usage(daemon)
        report = crowd.run(daemon, minutes * 60, seed=seed + 1)
        faults = report.faults + crowd_settled.settled(daemon)
        print(report)
        daemon.api.clear()
        print(f"before: {before}\nafter:  {crowd_settled.usage(daemon, like=before)}")
        assert not faults, "\n".join(faults)
    finally:
        daemon.farewell()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=10, help="of 64 clients")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="for the same choices again")
    arguments = parser.parse_args()
    refuse_the_machines_own()
    print(f"seed {arguments.seed}", flush=True)
    if arguments.kills:
        kills(arguments.kills, arguments.seed)
    if arguments.minutes:
        clients(arguments.minutes, arguments.seed)


if __name__ == "__main__":
    main()
