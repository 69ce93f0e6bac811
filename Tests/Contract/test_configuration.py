"""What is wrong with flags or configuration file is said in one line that names file, key and reason; `--validate` says it
without starting anything."""

import json
import os
import subprocess

import pytest
from rig.daemon import BINARY, environment


def serve(*words, folder):
    """`fairlead serve`, which never gets as far as to start: status and what it wrote to standard error."""
    roots = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--host", f"unix://{folder}/socket"]
    done = subprocess.run([BINARY, "serve", *roots, *words], capture_output=True, text=True, timeout=20, env=environment())
    return done.returncode, done.stderr


FILES = {
    "syntax": ('{\n  "icc": true,\n}', ", line 3, column 1: invalid character '}' looking for beginning of object key string"),
    "half": ('{"icc"', ", line 1, column 7: unexpected end of JSON input"),
    "empty": ("", ", line 1, column 1: unexpected end of JSON input"),
    "no object": ("[]", ": a JSON object is expected"),
    "unknown key": ('{"iccc": true}', ": iccc: neither Fairlead nor dockerd knows it"),
    "wrong kind": ('{"mtu": "1500"}', ": mtu: expected a whole number"),
    "out of range": ('{"mtu": 67}', ": mtu: invalid default MTU: 67"),
    "not there": ('{"dns": ["9.9.9.9"]}', ": dns is not supported: there is no name resolution for containers yet"),
}


@pytest.mark.parametrize("validate", [[], ["--validate"]], ids=["start", "validate"])
@pytest.mark.parametrize("case", FILES)
def test_the_file_is_refused_with_its_name(tmp_path, case, validate):
    text, reason = FILES[case]
    path = tmp_path / "daemon.json"
    path.write_text(text)
    assert serve("--config-file", str(path), *validate, folder=tmp_path) == (1, f"fairlead: {path}{reason}\n")
    assert sorted(os.listdir(tmp_path)) == ["daemon.json"], "nothing was made"


def test_files_that_cannot_be_read(tmp_path):
    missing = tmp_path / "none.json"
    assert serve("--config-file", str(missing), folder=tmp_path) == (1, f"fairlead: {missing}: no such file\n")
    assert serve("--config-file", str(tmp_path), folder=tmp_path) == (1, f"fairlead: {tmp_path}: Is a directory\n")
    loop = tmp_path / "loop.json"
    loop.symlink_to(loop)
    status, said = serve("--config-file", str(loop), folder=tmp_path)
    assert (status, said) == (1, f"fairlead: {loop}: Too many levels of symbolic links\n")
    endless = serve("--config-file", "/dev/zero", folder=tmp_path)
    assert endless == (1, "fairlead: /dev/zero: File too large\n")


def test_flag_and_file_say_the_same_thing_twice(tmp_path):
    path = tmp_path / "daemon.json"
    path.write_text(json.dumps({"mtu": 1400, "labels": ["a=b"]}))
    status, said = serve("--config-file", str(path), "--mtu=1500", "--label", "c=d", "--validate", folder=tmp_path)
    assert (status, said) == (
        1,
        f"fairlead: unable to configure the daemon with file {path}: the following directives are specified both as a flag "
        "and in the configuration file: labels: (from flag: [c=d], from file: [a=b]), mtu: (from flag: 1500, from file: 1400)\n",
    )


@pytest.mark.parametrize(
    "flag, reason",
    [("--bip=10.0.0.1", '--bip: netip.ParsePrefix("10.0.0.1"): no \'/\''),
     ("--default-address-pool=base=10.0.0.0/8", "--default-address-pool: base=10.0.0.0/8 must be base=SUBNET,size=LENGTH"),
     ("--iptables=false", "--iptables=false is not supported: isolation is made of nftables rules, always")],
)
def test_flags_are_refused_with_their_name(tmp_path, flag, reason):
    assert serve(flag, "--validate", folder=tmp_path) == (1, f"fairlead: {reason}\n")


def test_a_configuration_that_is_right(tmp_path):
    path = tmp_path / "daemon.json"
    path.write_text('\ufeff{"mtu": 1400, "storage-driver": "vfs"}')
    assert serve("--config-file", str(path), "--validate", folder=tmp_path) == (0, "configuration OK\n")
    assert sorted(os.listdir(tmp_path)) == ["daemon.json"], "nothing was made"
