"""Fixtures of the contract tests; the rig itself is in `rig/`."""

import pytest
from rig.clients import CLI, binary
from rig.daemon import Daemon
from rig.house import estate, house  # noqa: F401
from rig.namespaces import refuse_the_machines_own
from rig.refusals import furnish


def pytest_configure(config):
    refuse_the_machines_own()


@pytest.fixture(scope="module")
def module_daemon():
    """One daemon for a module, with an outside machine and a TCP port; what it leaves behind is checked at the end."""
    running = Daemon("--debug", outside=True, ports=[2375])
    try:
        running.start()
    except BaseException:
        running.end()
        raise
    yield running
    running.farewell()


@pytest.fixture
def daemon(module_daemon):
    """The module's daemon; what the test made is removed after it."""
    module_daemon.must_live()
    yield module_daemon
    module_daemon.must_live()
    module_daemon.api.clear()


@pytest.fixture
def api(daemon):
    return daemon.api


@pytest.fixture
def new_daemon():
    """Makes daemons (not yet started) for one test; each is checked and ended after it."""
    made = []

    def make(*options, **settings) -> Daemon:
        made.append(Daemon(*options, **settings))
        return made[-1]

    yield make
    problems = []
    for each in made:
        try:
            each.farewell()
        except AssertionError as error:
            problems.append(str(error))
    assert not problems, "\n".join(problems)


@pytest.fixture(params=["20.10", "28"])
def docker(request, daemon, tmp_path):
    """The docker CLI, in each version that must work."""
    return CLI(binary(request.param), daemon.url, str(tmp_path))


@pytest.fixture(scope="module")
def world():
    """A daemon with one of each thing that refusals are about; no case changes it."""
    daemon = Daemon("--debug")
    try:
        daemon.start()
        names = furnish(daemon)
    except BaseException:
        daemon.end()
        raise
    daemon.names = names
    yield daemon
    for link in ("notbridge", "oldbridge"):
        daemon.space.run("ip", "link", "del", link)
    daemon.farewell()
