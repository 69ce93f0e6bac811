"""README names a test for each promise: they are there."""

import os
import re

import pytest
from rig.daemon import ROOT

with open(os.path.join(ROOT, "README.md")) as file:
    README = file.read()
PROMISES = README.split("## What it promises", 1)[1].split("\n## ", 1)[0]
NAMED = re.findall(r"`(test_\w+\.py|\w+\.swift)(?:::(\w+))?`", PROMISES)


@pytest.mark.parametrize("file, name", NAMED)
def test_a_promise_has_its_test(file, name):
    found = [os.path.join(folder, file) for folder, _, files in os.walk(os.path.join(ROOT, "Tests")) if file in files]
    assert found, f"no {file} below Tests"
    with open(found[0]) as text:
        assert not name or re.search(rf"(def|func) {name}\b", text.read()), f"{file} has no {name}"


def test_every_promise_names_one():
    rows = [line for line in PROMISES.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(rows) > 15
    assert not [row for row in rows if not re.search(r"`\w+\.(py|swift)", row)]
