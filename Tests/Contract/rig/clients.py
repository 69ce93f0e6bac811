"""The docker command line, in the versions that must work."""

import os
import re
import subprocess

import pytest

from .daemon import ROOT, environment
from .namespaces import run

OLD = os.path.join(ROOT, ".build-clients/docker-20.10")
NEW = os.environ.get("DOCKER_CLI_28", "/usr/local/bin/docker")


def miss(reason: str) -> None:
    """A loud skip on a developer's machine, a failure in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"skipped, which CI does not allow: {reason}", pytrace=False)
    pytest.skip(reason)


class CLI:
    """One docker binary, pointed at one daemon."""

    def __init__(self, binary: str, host: str, folder: str, netns=None):
        self.binary, self.host, self.netns = binary, host, netns
        self.environment = environment(DOCKER_HOST=host, HOME=folder, DOCKER_CONFIG=f"{folder}/.docker")

    def _command(self, words):
        command = [self.binary, *words]
        return self.netns.command(*command) if self.netns else command

    def __call__(self, *words, timeout=30) -> str:
        """Runs it; returns what it printed, stripped."""
        return run(self._command(words), env=self.environment, timeout=timeout).stdout.strip()

    def fails(self, *words, timeout=30) -> str:
        """Runs it, expects a failure, returns what it said."""
        done = run(self._command(words), check=False, env=self.environment, timeout=timeout)
        assert done.returncode != 0, f"docker {' '.join(words)} succeeded: {done.stdout}"
        return done.stderr.strip()


def binary(version: str) -> str:
    path = {"20.10": OLD, "28": NEW}[version]
    if not os.access(path, os.X_OK):
        miss(f"no docker CLI {version} at {path}")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20).stdout
    if not re.search(rf"version {re.escape(version)}\.", said):
        miss(f"{path} is not docker CLI {version} but: {said.strip()}")
    return path
