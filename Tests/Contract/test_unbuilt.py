"""What is not built is refused and named; what clients send by default is not; the stubs clients probe."""

import json

import pytest

UNBUILT = {
    "PortBindings": {"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}},
    "PublishAllPorts": {"HostConfig": {"PublishAllPorts": True}},
    "Dns": {"HostConfig": {"Dns": ["192.0.2.53"]}},
    "DnsSearch": {"HostConfig": {"DnsSearch": ["example"]}},
    "ExtraHosts": {"HostConfig": {"ExtraHosts": ["a:192.0.2.1"]}},
    "Binds": {"HostConfig": {"Binds": ["/tmp:/tmp"]}},
    "Mounts": {"HostConfig": {"Mounts": [{"Type": "tmpfs", "Target": "/t"}]}},
    "Links": {"HostConfig": {"Links": ["a:b"]}},
    "Privileged": {"HostConfig": {"Privileged": True}},
    "Memory": {"HostConfig": {"Memory": 64 << 20}},
}


@pytest.mark.parametrize("field", UNBUILT)
def test_unbuilt_fields_are_named(api, field):
    reply = api.post("/containers/create?name=box", {"Image": "scratch", **UNBUILT[field]})
    assert reply.status == 501 and field in reply.message, reply
    assert api.get("/containers/box/json").status == 404


@pytest.mark.parametrize("fields", [{"Cmd": ["sh"]}, {"Entrypoint": ["sh"]}], ids=str)
def test_commands_are_refused(api, fields):
    reply = api.post("/containers/create", {"Image": "scratch", **fields})
    assert reply.status == 400 and len(reply.message) > 20, "a clear reason"


def test_defaults_of_clients_are_accepted(api):
    """What `docker create` sends when nothing is asked for."""
    api.create("box", None, **json.loads(CLI_DEFAULTS))
    api.start("box")


CLI_DEFAULTS = """{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":true,"AttachStderr":true,"Tty":false,
"OpenStdin":false,"StdinOnce":false,"Env":null,"Cmd":null,"Image":"scratch","Volumes":{},"WorkingDir":"","Entrypoint":null,
"OnBuild":null,"Labels":{},"HostConfig":{"Binds":null,"ContainerIDFile":"","LogConfig":{"Type":"","Config":{}},
"NetworkMode":"default","PortBindings":{},"RestartPolicy":{"Name":"no","MaximumRetryCount":0},"AutoRemove":false,
"VolumeDriver":"","VolumesFrom":null,"ConsoleSize":[0,0],"CapAdd":null,"CapDrop":null,"CgroupnsMode":"","Dns":[],
"DnsOptions":[],"DnsSearch":[],"ExtraHosts":null,"GroupAdd":null,"IpcMode":"","Cgroup":"","Links":null,"OomScoreAdj":0,
"PidMode":"","Privileged":false,"PublishAllPorts":false,"ReadonlyRootfs":false,"SecurityOpt":null,"UTSMode":"","UsernsMode":"",
"ShmSize":0,"Isolation":"","CpuShares":0,"Memory":0,"NanoCpus":0,"CgroupParent":"","BlkioWeight":0,"BlkioWeightDevice":[],
"BlkioDeviceReadBps":[],"BlkioDeviceWriteBps":[],"BlkioDeviceReadIOps":[],"BlkioDeviceWriteIOps":[],"CpuPeriod":0,"CpuQuota":0,
"CpuRealtimePeriod":0,"CpuRealtimeRuntime":0,"CpusetCpus":"","CpusetMems":"","Devices":[],"DeviceCgroupRules":null,
"DeviceRequests":null,"MemoryReservation":0,"MemorySwap":0,"MemorySwappiness":-1,"OomKillDisable":false,"PidsLimit":0,
"Ulimits":[],"CpuCount":0,"CpuPercent":0,"IOMaximumIOps":0,"IOMaximumBandwidth":0,"MaskedPaths":null,"ReadonlyPaths":null},
"NetworkingConfig":{"EndpointsConfig":{"default":{"IPAMConfig":null,"Links":null,"Aliases":null,"MacAddress":"",
"DriverOpts":null,"NetworkID":"","EndpointID":"","Gateway":"","IPAddress":"","IPPrefixLen":0,"IPv6Gateway":"",
"GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,"DNSNames":null}}}}"""


def test_the_legacy_mac(api):
    api.create_network("n")
    target = "/v1.45/containers/create?name=box"
    body = {"Image": "scratch", "MacAddress": "02:00:00:00:00:08", "HostConfig": {"NetworkMode": "n"}}
    assert api.expect(201, "POST", target, body).json["Warnings"] == [
        "The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead."]
    api.start("box")
    assert api.endpoint("box", "n")["MacAddress"] == "02:00:00:00:00:08"
    assert api.expect(201, "POST", "/v1.43/containers/create?name=old", body).json["Warnings"] == []


STUBS = {"/images/json": [], "/plugins": [], "/volumes": {"Volumes": [], "Warnings": None}}


@pytest.mark.parametrize("target", STUBS)
def test_stubs(api, target):
    body = api.expect(200, "GET", target).json
    if target == "/volumes":
        assert body["Volumes"] in ([], None)
    else:
        assert body == STUBS[target]
