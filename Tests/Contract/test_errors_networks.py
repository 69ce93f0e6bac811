"""Every documented refusal of network create, connect and disconnect, provoked once; none leaves anything behind."""

import re

from rig.refusals import SETTINGS, check, table

P = re.compile


# --- 2.4 create


def create(name, status, message, **fields):
    return (name, "POST", "/networks/create", {"Name": "x", **fields}, status, message)


def ipam(name, status, message, *config, **fields):
    return create(name, status, message, IPAM={"Config": list(config)}, **fields)


def option(name, status, message, key, value, **fields):
    return create(name, status, message, Options={key: value}, **fields)


BRIDGE = "com.docker.network.bridge."
INVALID = "invalid network config:\n"

CREATES = [
    *[create(f"predefined {name}", 403, f"operation is not permitted on predefined {name} network ", Name=name)
      for name in ("bridge", "host", "none", "default")],
    create("overlay", 403, 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect '
           "this node to swarm and try again.", Driver="overlay"),
    option("bad enable_ipv6", 400, 'driver-opt "com.docker.network.enable_ipv6" is not a valid bool',
           "com.docker.network.enable_ipv6", "odd"),
    option("bad enable_ipv4", 400, 'driver-opt "com.docker.network.enable_ipv4" is not a valid bool',
           "com.docker.network.enable_ipv4", "odd"),
    ipam("host bits", 400, INVALID + "invalid subnet 10.1.2.3/16: it should be 10.1.0.0/16", {"Subnet": "10.1.2.3/16"}),
    ipam("two problems", 400, INVALID + "* invalid subnet 10.1.2.3/16: it should be 10.1.0.0/16\n"
         "* invalid subnet 10.2.2.3/16: it should be 10.2.0.0/16", {"Subnet": "10.1.2.3/16"}, {"Subnet": "10.2.2.3/16"}),
    ipam("range of the other family", 400, INVALID + "invalid ip-range fd00::/80: parent subnet is an IPv4 block",
         {"Subnet": "10.1.0.0/16", "IPRange": "fd00::/80"}),
    ipam("range of the other family, v6", 400, INVALID + "invalid ip-range 10.1.0.0/24: parent subnet is an IPv6 block",
         {"Subnet": "fd00:1::/64", "IPRange": "10.1.0.0/24"}, EnableIPv6=True),
    ipam("range bigger", 400, INVALID + "invalid ip-range 10.0.0.0/8: CIDR block is bigger than its parent subnet "
         "10.1.0.0/16", {"Subnet": "10.1.0.0/16", "IPRange": "10.0.0.0/8"}),
    ipam("range with host bits", 400, INVALID + "invalid ip-range 10.1.2.3/24: it should be 10.1.2.0/24",
         {"Subnet": "10.1.0.0/16", "IPRange": "10.1.2.3/24"}),
    ipam("range outside", 400, INVALID + "invalid ip-range 10.2.0.0/24: parent subnet 10.1.0.0/16 doesn't contain ip-range",
         {"Subnet": "10.1.0.0/16", "IPRange": "10.2.0.0/24"}),
    ipam("gateway of the other family", 400, INVALID + "invalid gateway fd00::1: parent subnet is an IPv4 block",
         {"Subnet": "10.1.0.0/16", "Gateway": "fd00::1"}),
    ipam("gateway outside", 400, INVALID + "invalid gateway 10.2.0.1: parent subnet 10.1.0.0/16 doesn't contain this address",
         {"Subnet": "10.1.0.0/16", "Gateway": "10.2.0.1"}),
    ipam("aux of the other family", 400, INVALID + "invalid auxiliary address a: parent subnet is an IPv4 block",
         {"Subnet": "10.1.0.0/16", "AuxiliaryAddresses": {"a": "fd00::1"}}),
    ipam("aux outside", 400, INVALID + "invalid auxiliary address a: parent subnet 10.1.0.0/16 doesn't contain this address",
         {"Subnet": "10.1.0.0/16", "AuxiliaryAddresses": {"a": "10.2.0.1"}}),
    ipam("gateway without subnet", 400, INVALID + "invalid gateway fd00::1: parent subnet invalid Prefix doesn't contain "
         "this address", {"Gateway": "fd00::1"}, EnableIPv6=True),
    create("empty name", 400, "invalid name: name is empty", Name=""),
    create("blank name", 400, "invalid name: name is empty", Name=" \t"),
    create("duplicate", 409, "network with name front already exists", Name="front"),
    create("duplicate of a config-only network, other driver", 409, "network with name source already exists",
           Name="source", Driver="odd"),
    create("config-only with internal", 403, "configuration network can only contain network specific fields. Network "
           "operator fields like [ ingress | internal | attachable | scope ] are not supported.",
           ConfigOnly=True, Internal=True),
    create("config-only with scope", 403, "configuration network can only contain network specific fields. Network "
           "operator fields like [ ingress | internal | attachable | scope ] are not supported.",
           ConfigOnly=True, Scope="local"),
    create("config-only from another", 403, "a configuration network cannot depend on another configuration network",
           ConfigOnly=True, ConfigFrom={"Network": "source"}),
    *[create(f"config-from with {list(more)[0]}", 403, "user-specified configurations are not supported if the network "
             "depends on a configuration network", ConfigFrom={"Network": "source"}, **more)
      for more in ({"EnableIPv4": False}, {"EnableIPv6": True}, {"Labels": {"a": "b"}}, {"IPAM": {"Driver": "null"}},
                   {"IPAM": {"Options": {"a": "b"}}}, {"IPAM": {"Config": [{"Subnet": "10.1.0.0/16"}]}})],
    create("config-from with options", 403, "network driver options are not supported if the network depends on a "
           "configuration network", ConfigFrom={"Network": "source"}, Options={"a": "b"}),
    create("config-from nothing", 404, 'configuration network "nope" does not exist', ConfigFrom={"Network": "nope"}),
    option("advertise count no number", 500, 'value for option com.docker.network.advertise_addr_nmsgs "x" must be an integer',
           "com.docker.network.advertise_addr_nmsgs", "x"),
    option("advertise count range", 500, "com.docker.network.advertise_addr_nmsgs must be in the range 0 to 3",
           "com.docker.network.advertise_addr_nmsgs", "4"),
    option("advertise interval no number", 500,
           'value for option com.docker.network.advertise_addr_ms "x" must be integer milliseconds',
           "com.docker.network.advertise_addr_ms", "x"),
    option("advertise interval range", 500, "com.docker.network.advertise_addr_ms must be in the range 100 to 2000",
           "com.docker.network.advertise_addr_ms", "99"),
    create("unknown driver", 404, 'plugin "odd" not found', Driver="odd"),
    create("ingress", 403, "Ingress network can only be global scope network", Ingress=True),
    create("swarm scope", 403, "cannot create a swarm scoped network when swarm is not active", Scope="swarm"),
    create("second host", 403, 'only one instance of "host" network is allowed', Driver="host"),
    create("second null", 403, 'only one instance of "null" network is allowed', Driver="null"),
    # Options of the bridge driver; they are read before IPAM is asked.
    *[option(f"bad {key}", 400, f'failed to parse {BRIDGE}{key} value: odd (strconv.ParseBool: parsing "odd": invalid '
             "syntax)", BRIDGE + key, "odd") for key in ("enable_icc", "enable_ip_masquerade", "inhibit_ipv4", "default_bridge")],
    *[option(f"bad {key}", 400, f"failed to parse {BRIDGE}{key} value: odd (unknown gateway mode odd)", BRIDGE + key, "odd")
      for key in ("gateway_mode_ipv4", "gateway_mode_ipv6")],
    option("bad host binding", 400, f"failed to parse {BRIDGE}host_binding_ipv4 value: odd (nil ip)",
           BRIDGE + "host_binding_ipv4", "odd"),
    option("bad MTU", 400, 'failed to parse com.docker.network.driver.mtu value: odd (strconv.Atoi: parsing "odd": invalid '
           "syntax)", "com.docker.network.driver.mtu", "odd"),
    option("negative MTU", 400, "invalid MTU number: -1", "com.docker.network.driver.mtu", "-1"),
    create("options before IPAM", 400, f"failed to parse {BRIDGE}enable_icc value: odd (strconv.ParseBool: parsing "
           '"odd": invalid syntax)', Options={BRIDGE + "enable_icc": "odd"}, IPAM={"Config": [{"Subnet": "172.28.0.0/16"}]}),
    option("isolated but not internal", 500, "gateway mode 'isolated' can only be used for an internal network",
           BRIDGE + "gateway_mode_ipv4", "isolated"),
    create("default bridge of another name", 403, "bridge device with non default name foo0 must be created manually",
           Options={BRIDGE + "default_bridge": "true", BRIDGE + "name": "foo0"}),
    ipam("two subnets", 403, "bridge driver doesn't support multiple subnets", {"Subnet": "10.1.0.0/16"}, {"Subnet": "10.2.0.0/16"}),
    ipam("two IPv6 subnets", 403, "bridge driver doesn't support multiple subnets", {"Subnet": "fd00:1::/64"},
         {"Subnet": "fd00:2::/64"}, EnableIPv6=True),
    create("no family", 400, "IPv4 or IPv6 must be enabled", EnableIPv4=False),
    create("unknown IPAM driver", 404, 'plugin "odd" not found', IPAM={"Driver": "odd"}),
    create("null IPAM", 400, "ipv4 pool is empty", IPAM={"Driver": "null"}),
    create("null IPAM with a pool", 400, "null ipam driver does not handle specific address pool requests",
           IPAM={"Driver": "null", "Config": [{"Subnet": "10.1.0.0/16"}]}),
    ipam("multicast", 400, "multicast subnet 'ff00::/64' is not allowed", {"Subnet": "ff00::/64"}, EnableIPv6=True),
    ipam("link-local clash", 400, "'fe80::/63' clashes with the Link-Local prefix 'fe80::/64'", {"Subnet": "fe80::/63"},
         EnableIPv6=True),
    ipam("default gateway on internal", 400, "no gateway can be set on an internal bridge network",
         {"Subnet": "10.1.0.0/16", "AuxiliaryAddresses": {"DefaultGatewayIPv4": "10.1.0.9"}}, Internal=True),
    option("bridge name taken", 403, P(r"cannot create network [0-9a-f]{64} \(named0\): conflicts with network $NAMED "
           r"\(named0\): networks have same bridge name"), BRIDGE + "name", "named0"),
    ipam("overlap behind a range", 403, P(r"cannot create network [0-9a-f]{64} \(br-[0-9a-f]{12}\): conflicts with "
         r"network $FRONT \(br-[0-9a-f]{12}\): networks have overlapping IPv4"),
         {"Subnet": "172.28.0.0/16", "IPRange": "172.28.9.0/24", "Gateway": "172.28.9.1"}),
    option("interface is no bridge", 500, "existing interface notbridge is not a bridge", BRIDGE + "name", "notbridge"),
    create("adopted bridge with another address", 500,
           P(r"bridge IPv4 \(10\.99\.0\.1(/24)?\) does not match requested configuration 10\.98\.0\.1(/24)?"),
           Options={BRIDGE + "name": "oldbridge"}, IPAM={"Config": [{"Subnet": "10.98.0.0/24"}]}),
    # IPAM
    ipam("same pool", 403, "invalid pool request: Pool overlaps with other one on this address space", {"Subnet": "172.28.0.0/16"}),
    ipam("overlapping pool", 403, "invalid pool request: Pool overlaps with other one on this address space",
         {"Subnet": "172.28.5.0/24"}),
    ipam("no pool of that size", 400, "invalid address pool", {"Subnet": "0.0.0.0/4"}),
    ipam("range of an unspecified subnet", 500, 'failed to parse pool request for address space "LocalDefault" pool "" '
         'subpool "0.0.0.0/25": invalid address subpool', {"Subnet": "0.0.0.0/24", "IPRange": "0.0.0.0/25"}),
    ipam("gateway is the network address", 500, "failed to allocate gateway (10.1.0.0): Address already in use",
         {"Subnet": "10.1.0.0/24", "Gateway": "10.1.0.0"}),
    ipam("gateway is the broadcast address", 500, "failed to allocate gateway (10.1.0.255): Address already in use",
         {"Subnet": "10.1.0.0/24", "Gateway": "10.1.0.255"}),
    ipam("no room for a gateway", 500, "failed to allocate gateway (): no available addresses on this pool",
         {"Subnet": "fd00:1::1/128"}, EnableIPv6=True),
    ipam("aux is the gateway", 500, "failed to allocate secondary ip address (a:10.1.0.1): Address already in use",
         {"Subnet": "10.1.0.0/24", "AuxiliaryAddresses": {"a": "10.1.0.1"}}),
    ipam("aux outside the pool that was found", 403, P(r"auxiliary address: \(a:0\.0\.0\.5\) must belong to the master "
         r"pool: [0-9.]+/24"), {"Subnet": "0.0.0.0/24", "AuxiliaryAddresses": {"a": "0.0.0.5"}}),
]


@table(CREATES)
def test_create(world, method, target, body, status, message):
    before = world.traces()
    check(world, method, target, body, status, message)
    world.settles(before)


def test_pools_run_out(new_daemon):
    daemon = new_daemon("--default-address-pool", "base=10.77.0.0/22,size=24").start()
    made = 0
    while (reply := daemon.api.post("/networks/create", {"Name": f"n{made}"})).status == 201:
        made += 1
        assert made < 10
    assert (reply.status, reply.message) == (400, "all predefined address pools have been fully subnetted")
    assert made == 3, "four /24s, one of them the default bridge's"


# --- 2.5 connect, 2.6 disconnect


def connect(name, status, message, network, container, **config):
    body = {"Container": container, "EndpointConfig": config or None}
    return (name, "POST", f"/networks/{network}/connect", body, status, message)


def disconnect(name, status, message, network, container, force=False):
    return (name, "POST", f"/networks/{network}/disconnect", {"Container": container, "Force": force}, status, message)


SHARING = "container sharing network namespace with another container or host cannot be connected to any other network"
PRIVATE = "container cannot be connected to multiple networks with one of the networks in private (none) mode"
TWICE = SETTINGS + "* invalid {0} address: {1}\n* no configured subnet contains IP address {1}"
SYSCTL = (
    "unrecognised network interface sysctl 'net.odd=1'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', "
    "'X' must be 'ipv4', 'ipv6' or 'mpls'"
)

CONNECTS = [
    connect("no container", 400, 'invalid name or ID supplied: ""', "front", ""),
    connect("unknown container, unknown network", 404, "No such container: nope", "nope", "nope"),
    connect("ambiguous container", 400, "multiple IDs found with provided prefix: $BOXPREFIX", "back", "$BOXPREFIX"),
    connect("shares a namespace", 400, SHARING, "back", "sharer"),
    connect("unknown network", 404, "network nope not found", "nope", "web"),
    connect("ambiguous network", 400, "network $NETPREFIX is ambiguous ($NETCOUNT matches found based on ID prefix)",
            "$NETPREFIX", "web"),
    connect("to host", 400, "cannot connect container to host network - container must be created in host network mode",
            "host", "web"),
    connect("from host", 400, SHARING, "back", "hosted"),
    connect("to none", 400, PRIVATE, "none", "web"),
    connect("from none", 400, PRIVATE, "back", "lonely"),
    connect("twice", 403, "endpoint with name web already exists in network front", "front", "web"),
    connect("config-only", 403, "cannot create endpoint on configuration-only network", "source", "web"),
    connect("address taken", 403, "Address already in use", "back", "web", IPAMConfig={"IPv4Address": "172.29.0.1"}),
    connect("pool full", 500, "no available IPv4 addresses on this network's address pools: tiny ($TINY)", "tiny", "web"),
    connect("pool of one", 500, "no available IPv4 addresses on this network's address pools: alone ($ALONE)", "alone", "web"),
    connect("not link-local", 400, "invalid link local IP address: 10.0.0.1", "back", "web",
            IPAMConfig={"LinkLocalIPs": ["10.0.0.1"]}),
    connect("interface name taken", 500, P(r'error renaming interface "[^"]*" to "eth0": file exists'), "back", "web",
            DriverOpts={"com.docker.network.endpoint.ifname": "eth0"}),
    connect("bad link", 500, "bad format for links: a:b:c", "back", "web", Links=["a:b:c"]),
    connect("empty link", 500, "empty string specified for links", "back", "web", Links=[""]),
    connect("static on the default bridge", 400, SETTINGS + "user-specified IP address is supported on user-defined "
            "networks only", "bridge", "web", IPAMConfig={"IPv4Address": "172.17.0.9"}),
    connect("alias on the default bridge", 400, SETTINGS + "network-scoped aliases are only supported for user-defined "
            "networks", "bridge", "web", Aliases=["a"]),
    connect("unspecified IPv4", 400, TWICE.format("IPv4", "0.0.0.0"), "back", "web",
            IPAMConfig={"IPv4Address": "0.0.0.0"}),
    connect("IPv6 as IPv4", 400, TWICE.format("IPv4", "fd00::9"), "back", "web", IPAMConfig={"IPv4Address": "fd00::9"}),
    connect("IPv4 as IPv6", 400, TWICE.format("IPv6", "10.0.0.9"), "six", "web", IPAMConfig={"IPv6Address": "10.0.0.9"}),
    connect("unspecified IPv6", 400, TWICE.format("IPv6", "::"), "six", "web", IPAMConfig={"IPv6Address": "::"}),
    connect("outside every subnet", 400, SETTINGS + "no configured subnet contains IP address 10.9.9.9", "back", "web",
            IPAMConfig={"IPv4Address": "10.9.9.9"}),
    connect("bad sysctl", 400, SETTINGS + SYSCTL, "back", "web",
            DriverOpts={"com.docker.network.endpoint.sysctls": "net.odd=1"}),
    disconnect("unknown container", 404, "No such container: nope", "front", "nope"),
    disconnect("unknown container, forced", 404, "endpoint nope not found", "front", "nope", force=True),
    disconnect("unknown both, forced", 404, "network nope not found", "nope", "nope", force=True),
    disconnect("stopped, not attached", 500, "container $STOPPED is not connected to the network back", "back", "stopped"),
    disconnect("unknown network", 404, "network nope not found", "nope", "web"),
    disconnect("unknown network, forced, not attached", 500, "container $WEB is not connected to the network nope", "nope",
               "web", force=True),
    disconnect("host from host", 400, "cannot disconnect container from host network - container was created in host "
               "network mode", "host", "hosted"),
    disconnect("not attached", 500, "container $WEB is not connected to network back", "back", "web"),
    disconnect("not attached, forced", 500, "container $WEB is not connected to network back", "back", "web", force=True),
]


@table(CONNECTS)
def test_connect(world, method, target, body, status, message):
    before = world.traces()
    check(world, method, target, body, status, message)
    world.settles(before)


