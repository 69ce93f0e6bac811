"""Stores of earlier versions show the same networks and containers; damaged and foreign ones are refused at start with
what to do, and left as they are. `stores/versionN.sql` was dumped from a daemon of that version."""

import glob
import os
import random
import subprocess

import pytest
from rig.agreement import disagreements
from rig.namespaces import until

STORES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stores")
PAGE = 4096


def old_store(daemon, dump=f"{STORES}/version1.sql") -> str:
    os.makedirs(daemon.data_root, exist_ok=True)
    path = f"{daemon.data_root}/fairlead.db"
    with open(dump) as script:
        subprocess.run(["sqlite3", path], stdin=script, check=True, timeout=30)
    return path


@pytest.mark.parametrize("dump", sorted(glob.glob(f"{STORES}/version*.sql")), ids=os.path.basename)
def test_an_old_store(new_daemon, dump):
    daemon = new_daemon()
    old_store(daemon, dump)
    assert min(daemon.row_counts().values()) > 0 and daemon.rows("SELECT * FROM setting"), "a table without rows"
    before = {table: daemon.rows(f"SELECT id, name, created FROM {table} ORDER BY id") for table in ("network", "container")}
    api = daemon.start().api
    networks = {network["Name"]: network for network in api.get("/networks").json}
    assert {(network["Id"], name) for name, network in networks.items()} == {
        (row["id"], row["name"]) for row in before["network"]}
    assert networks["front"]["Id"] == "c34a895ee42fc9b7b7400da1f64f793670957559540cbbc95c1985024b497922"
    assert networks["front"]["Created"] == "2026-11-24T16:09:49.704841988Z"
    assert networks["front"]["Labels"] == {"team": "blue", "": "ü"}
    assert networks["front"]["Options"] == {"com.docker.network.bridge.name": "br-front"}
    assert networks["front"]["EnableIPv6"] and networks["back"]["Internal"] and networks["template"]["ConfigOnly"]
    assert {name: networks[name]["IPAM"]["Config"] for name in ("front", "back", "chosen", "bridge")} == {
        "front": [
            {"Subnet": "10.1.0.0/24", "Gateway": "10.1.0.1"},
            {"Subnet": "fd00:1::/64", "Gateway": "fd00:1::1", "AuxiliaryAddresses": {"printer": "fd00:1::9"}}],
        "back": [{"Subnet": "10.2.0.0/16", "IPRange": "10.2.4.0/24", "Gateway": "10.2.0.9"}],
        "chosen": [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}],
        "bridge": [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}],
    }
    # The dump was made in another boot: whose restart policy says so runs again with the addresses it had.
    states = {each["Names"][0]: (each["Id"], each["State"]) for each in api.get("/containers/json?all=1").json}
    assert states == {"/" + row["name"]: (row["id"], state) for row, state in zip(
        sorted(before["container"], key=lambda row: row["name"]), ["exited", "created", "running"])}
    front, back = api.endpoint("web", "front"), api.endpoint("web", "back")
    assert (front["IPAddress"], front["GlobalIPv6Address"], front["MacAddress"], front["Aliases"]) == (
        "10.1.0.77", "fd00:1::2", "52:70:e1:78:c5:1e", ["www"])
    assert (back["IPAddress"], back["MacAddress"]) == ("10.2.4.0", "26:3c:9d:af:25:6a")
    web = api.inspect("web")
    assert (web["Config"]["Hostname"], web["Config"]["Labels"], api.inspect("done")["Config"]["Env"]) == (
        "www", {"role": "web"}, ["A=b"])
    assert "10.1.0.77/24" in daemon.container("web").addresses("eth0")
    until(lambda: daemon.plan() == [], what="an empty plan")
    # What agrees, but for a bridge with a name of its own.
    assert [text for text in disagreements(daemon) if "br-" not in text and "veth" not in text] == []
    for name in ("web", "done", "fresh"):
        api.expect(204, "DELETE", f"/containers/{name}?force=1")
    for name in ("front", "back", "chosen", "template"):
        api.remove_network(name)
    until(lambda: list(daemon.links()) == ["fairlead0"], what="the end of all links but the default bridge")
    assert daemon.row_counts() == {"network": 3, "subnet": 1, "address": 1, "container": 0, "endpoint": 0}
    daemon.baseline = daemon.traces()


def crashed(new_daemon):
    """A store that a killed daemon has left: the files beside its database, too."""
    daemon = new_daemon()
    api = daemon.start().api
    for number in range(8):
        api.create_network(f"net{number}")
    api.create("box", "net1")
    daemon.kill()
    return daemon, f"{daemon.data_root}/fairlead.db"


def content(path: str):
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return file.read()


def put(path: str, data) -> None:
    if data is None:
        if os.path.exists(path):
            os.unlink(path)
        return
    with open(path, "wb") as file:
        file.write(data)


def is_refused(daemon, path: str, *words) -> None:
    """Status 1 and one line with the path, what is wrong and what to do; the files are as they were."""
    files = sorted(os.listdir(daemon.data_root))
    before = [content(path), content(path + "-wal")] if os.path.isfile(path) else None
    told = len(daemon.log_text()) if os.path.exists(daemon.log) else 0
    try:
        assert daemon.launch().wait(10) == 1, daemon.log_tail()
    except subprocess.TimeoutExpired:
        daemon.kill()
        raise AssertionError(f"it isn't refused\n{daemon.log_tail()}") from None
    lines = daemon.log_text()[told:].splitlines()
    assert len(lines) == 1 and path in lines[0], lines
    assert all(word in lines[0] for word in words), f"{words} are not all in {lines[0]}"
    assert any(advice in lines[0] for advice in ("restore a backup", "move it away", "start that one again")), lines
    assert sorted({*os.listdir(daemon.data_root)} - {"fairlead.lock"}) == [name for name in files if name != "fairlead.lock"]
    if before:
        assert [content(path), content(path + "-wal")] == before, "the store was changed"


def flipped(data: bytes, offset: int, bit=0) -> bytes:
    return data[:offset] + bytes([data[offset] ^ 1 << bit]) + data[offset + 1:]


def test_damaged(new_daemon):
    daemon, path = crashed(new_daemon)
    log, index = content(path + "-wal"), content(path + "-shm")
    # A clean end brings everything into the database.
    assert daemon.start().stop() == 0
    database = content(path)
    assert log and database and content(path + "-wal") is None
    chance = random.Random(1)
    cases = {
        "half": database[:PAGE * (len(database) // PAGE // 2)], "a header": database[:100], "less": database[:60],
        "not quite": database[:-1], "magic": flipped(database, 3), "page size": flipped(database, 16, 3),
        "format": flipped(database, 18), "version": flipped(database, 63), "schema": flipped(database, 103),
        "schema's text": flipped(database, database.index(b"CREATE TABLE network") + 30, 1),
        "a page's head": flipped(database, PAGE * 2, 2), "a page's cells": flipped(database, PAGE * 2 + 3, 4),
        "noise": database[:PAGE] + chance.randbytes(len(database) - PAGE),
    }
    for name, data in cases.items():
        put(path, data)
        try:
            is_refused(daemon, path)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None
    # A value that SQLite has no reason to doubt.
    start = database.rindex(b'"networkMode":"net1"') + 2
    put(path, flipped(database, start, 1))
    is_refused(daemon, path, "damaged", 'name "box"', "column host")
    # The crashed one, with a bit turned in the middle of its log: commits that were answered would be lost.
    put(path, database)
    assert daemon.start().stop() == 0
    for where in (8, 32 + 20, len(log) // 2):
        put(path, database)
        put(path + "-wal", flipped(log, where))
        put(path + "-shm", index)
        is_refused(daemon, path, "damaged", "write-ahead log")
    for suffix, data in (("", database), ("-wal", None), ("-shm", None)):
        put(path + suffix, data)
    daemon.start()
    assert len(daemon.api.get("/networks").json) == 3 + 8


def test_something_else_in_its_place(new_daemon):
    daemon = new_daemon()
    os.mkdir(daemon.data_root)
    path = f"{daemon.data_root}/fairlead.db"
    for data, words in ((b"", ["damaged"]), (b"shopping list\n" * 30, ["not a store", "left as it is"])):
        put(path, data)
        is_refused(daemon, path, *words)
    put(path, None)
    subprocess.run(["sqlite3", path, "CREATE TABLE recipe (name TEXT); INSERT INTO recipe VALUES ('soup')"], check=True)
    is_refused(daemon, path, "another program's database")
    put(path, None)
    os.mkdir(path)
    is_refused(daemon, path, "not a regular file")
    os.rmdir(path)
    path = old_store(daemon)
    subprocess.run(["sqlite3", path, "PRAGMA user_version = 9"], check=True)
    is_refused(daemon, path, "newer Fairlead", "version 9")
    put(path, None)
    assert daemon.start().api.get("/networks").status == 200
