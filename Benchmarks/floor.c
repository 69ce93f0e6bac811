// What the kernel itself costs: the netlink messages, set elements, sysctls and fsync of Fairlead's operations, without a
// daemon. Run in a network namespace of its own that has Fairlead's table; commands on stdin ("create 20"), one line with
// the operations' wall times and the CPU time of all, in nanoseconds, on stdout.
#define _GNU_SOURCE
#include "netlink.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_addr.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <time.h>

enum { group = 0x464c, firstLink = 100000, firstVeth = 2000000, inet = 1 };
static int route, tables, inside, container, home, journal;
static int networks, endpoints;
static struct batch b;

static uint64_t now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

// One record that survives a power cut, in a file that needn't grow: what a commit to a write-ahead log comes to.
static void persist(void) {
  static char record[4096];
  static int turn;
  record[0]++;
  if (pwrite(journal, record, sizeof record, (off_t)(turn++ % 1000) * sizeof record) < 0 || fdatasync(journal) < 0)
    fail("journal");
}

static void writeSysctl(const char *interface) {
  char path[128];
  snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/disable_ipv6", interface);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "1\n", 2) != 2) fail(path);
  close(fd);
}

// MARK: nftables

static void bracket(int type) {
  struct nfgenmsg header = {.res_id = htons(NFNL_SUBSYS_NFTABLES)};
  begin(&b, type, 0, &header, sizeof header);
}

static void element(int type, const char *set, const void *key, size_t size, bool accepts, const char *comment) {
  struct nfgenmsg header = {.nfgen_family = inet};
  bool isNew = type == NFT_MSG_NEWSETELEM;
  begin(&b, NFNL_SUBSYS_NFTABLES << 8 | type, NLM_F_ACK | (isNew ? NLM_F_CREATE : 0), &header, sizeof header);
  text(&b, NFTA_SET_ELEM_LIST_TABLE, "fairlead");
  text(&b, NFTA_SET_ELEM_LIST_SET, set);
  struct nlattr *list = nest(&b, NFTA_SET_ELEM_LIST_ELEMENTS), *item = nest(&b, NFTA_LIST_ELEM);
  struct nlattr *part = nest(&b, NFTA_SET_ELEM_KEY);
  attribute(&b, NFTA_DATA_VALUE, key, size);
  end(&b, part);
  if (accepts) {
    part = nest(&b, NFTA_SET_ELEM_DATA);
    struct nlattr *verdict = nest(&b, NFTA_DATA_VERDICT);
    number(&b, NFTA_VERDICT_CODE, htonl(1));
    end(&b, verdict);
    end(&b, part);
  }
  if (isNew) {
    char data[256] = {0, (char)(strlen(comment) + 1)};
    strcpy(data + 2, comment);
    attribute(&b, NFTA_SET_ELEM_USERDATA, data, strlen(comment) + 3);
  }
  end(&b, item);
  end(&b, list);
}

static void familyElement(const char *set, char family, const char *bridge, const char *comment) {
  char key[20] = {family};
  strcpy(key + 4, bridge);
  element(NFT_MSG_NEWSETELEM, set, key, sizeof key, false, comment);
}

static void networkElements(const char *bridge, const char *name) {
  char pair[32] = {0};
  strcpy(pair, bridge);
  strcpy(pair + 16, bridge);
  bracket(NFNL_MSG_BATCH_BEGIN);
  familyElement("confined", 10, bridge, name);
  familyElement("outbound", 2, bridge, name);
  familyElement("protected", 2, bridge, name);
  familyElement("protected", 10, bridge, name);
  familyElement("translated", 2, bridge, name);
  element(NFT_MSG_NEWSETELEM, "within", pair, sizeof pair, true, name);
  bracket(NFNL_MSG_BATCH_END);
  transact(tables, &b, "elements of a network");
}

static void endpointElements(int type, uint32_t address, const char *bridge) {
  char key[20] = {0};
  memcpy(key, &address, 4);
  strcpy(key + 4, bridge);
  bracket(NFNL_MSG_BATCH_BEGIN);
  element(type, "direct4", key, sizeof key, false, "network: container");
  element(type, "guarded4", &address, 4, false, "network: container");
  bracket(NFNL_MSG_BATCH_END);
  transact(tables, &b, "elements of an endpoint");
}

// MARK: Links

static void linkMessage(int type, int flags, int index, unsigned up) {
  struct ifinfomsg header = {.ifi_index = index, .ifi_flags = up, .ifi_change = up};
  begin(&b, type, NLM_F_ACK | flags, &header, sizeof header);
}

static void address(int index, uint32_t value, int length) {
  struct ifaddrmsg header = {.ifa_family = AF_INET, .ifa_prefixlen = length, .ifa_index = index};
  uint32_t broadcast = value | htonl(~0u >> length);
  begin(&b, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
  attribute(&b, IFA_LOCAL, &value, 4);
  attribute(&b, IFA_ADDRESS, &value, 4);
  attribute(&b, IFA_BROADCAST, &broadcast, 4);
}

static void mac(int n, char side) {
  unsigned char value[6] = {2, side, n >> 24, n >> 16, n >> 8, n};
  attribute(&b, IFLA_ADDRESS, value, sizeof value);
}

static void alias(int index, int n) {
  char name[192];
  snprintf(name, sizeof name, "fairlead:%064d:%064d", n, n);
  linkMessage(RTM_SETLINK, 0, index, 0);
  attribute(&b, IFLA_IFALIAS, name, strlen(name));
}

static void withoutLinkLocal(int index) {
  linkMessage(RTM_SETLINK, 0, index, 0);
  struct nlattr *families = nest(&b, IFLA_AF_SPEC), *six = nest(&b, AF_INET6);
  uint8_t none = 1;
  attribute(&b, IFLA_INET6_ADDR_GEN_MODE, &none, 1);
  end(&b, six);
  end(&b, families);
}

static uint32_t networkAddress(int n) { return htonl((10u << 24) + ((uint32_t)n << 8)); }

static void create(bool persistent) {
  int n = networks++, index = firstLink + n;
  char bridge[IFNAMSIZ], name[16];
  snprintf(bridge, sizeof bridge, "br-%012d", n);
  snprintf(name, sizeof name, "n%d", n);
  if (persistent) persist();
  networkElements(bridge, name);
  linkMessage(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, index, 0);
  text(&b, IFLA_IFNAME, bridge);
  number(&b, IFLA_GROUP, group);
  mac(n, 0);
  struct nlattr *info = nest(&b, IFLA_LINKINFO);
  text(&b, IFLA_INFO_KIND, "bridge");
  end(&b, info);
  transact(route, &b, "bridge");
  writeSysctl(bridge);
  alias(index, n);
  withoutLinkLocal(index);
  address(index, networkAddress(n) | htonl(1), 24);
  linkMessage(RTM_SETLINK, 0, index, IFF_UP);
  transact(route, &b, "bridge's rest");
}

// A veth pair from the last network's bridge straight into the container's namespace.
static void attach(void) {
  int n = networks - 1, e = endpoints++, index = firstVeth + 2 * e;
  char bridge[IFNAMSIZ], host[IFNAMSIZ], guest[IFNAMSIZ];
  snprintf(bridge, sizeof bridge, "br-%012d", n);
  snprintf(host, sizeof host, "veth%07d", e);
  snprintf(guest, sizeof guest, "eth%d", e);
  uint32_t own = networkAddress(n) | htonl(2 + e % 250);
  persist();
  endpointElements(NFT_MSG_NEWSETELEM, own, bridge);
  linkMessage(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, index, 0);
  text(&b, IFLA_IFNAME, host);
  number(&b, IFLA_GROUP, group);
  mac(e, 1);
  number(&b, IFLA_MASTER, firstLink + n);
  struct nlattr *info = nest(&b, IFLA_LINKINFO);
  text(&b, IFLA_INFO_KIND, "veth");
  struct nlattr *data = nest(&b, IFLA_INFO_DATA);
  struct ifinfomsg there = {.ifi_index = index + 1};
  struct nlattr *peer = attribute(&b, VETH_INFO_PEER, &there, sizeof there);
  text(&b, IFLA_IFNAME, guest);
  number(&b, IFLA_GROUP, group);
  mac(e, 2);
  number(&b, IFLA_NET_NS_FD, container);
  end(&b, peer);
  end(&b, data);
  end(&b, info);
  transact(route, &b, "veth");
  alias(index, e);
  withoutLinkLocal(index);
  linkMessage(RTM_SETLINK, 0, index, IFF_UP);
  transact(route, &b, "veth's rest");
  if (setns(container, CLONE_NEWNET) < 0) fail("setns");
  writeSysctl(guest);
  if (setns(home, CLONE_NEWNET) < 0) fail("setns");
  alias(index + 1, e);
  withoutLinkLocal(index + 1);
  address(index + 1, own, 24);
  linkMessage(RTM_SETLINK, 0, index + 1, IFF_UP);
  transact(inside, &b, "the other end");
}

// One veth deletion: until the kernel says that it's gone. The last that was attached goes first.
static void detach(void) {
  int e = --endpoints;
  linkMessage(RTM_DELLINK, 0, firstVeth + 2 * e, 0);
  transact(route, &b, "deletion");
}

// Its address is free again. Not part of the deletion that is measured.
static void forget(void) {
  char bridge[IFNAMSIZ];
  snprintf(bridge, sizeof bridge, "br-%012d", networks - 1);
  endpointElements(NFT_MSG_DELSETELEM, networkAddress(networks - 1) | htonl(2 + endpoints % 250), bridge);
}

// MARK: The pieces, bare, one message each: for comparing with what is known of a machine

static void bareBridge(int n) {
  char bridge[IFNAMSIZ];
  snprintf(bridge, sizeof bridge, "bare%d", n);
  linkMessage(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, firstLink + n, 0);
  text(&b, IFLA_IFNAME, bridge);
  struct nlattr *info = nest(&b, IFLA_LINKINFO);
  text(&b, IFLA_INFO_KIND, "bridge");
  end(&b, info);
  transact(route, &b, "bridge");
}

static void bareVeth(int n) {
  char host[IFNAMSIZ];
  snprintf(host, sizeof host, "bareveth%d", n);
  linkMessage(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, firstVeth + 2 * n, IFF_UP);
  text(&b, IFLA_IFNAME, host);
  number(&b, IFLA_MASTER, firstLink);
  struct nlattr *info = nest(&b, IFLA_LINKINFO);
  text(&b, IFLA_INFO_KIND, "veth");
  struct nlattr *data = nest(&b, IFLA_INFO_DATA);
  struct ifinfomsg there = {.ifi_index = firstVeth + 2 * n + 1};
  struct nlattr *peer = attribute(&b, VETH_INFO_PEER, &there, sizeof there);
  number(&b, IFLA_NET_NS_FD, container);
  end(&b, peer);
  end(&b, data);
  end(&b, info);
  transact(route, &b, "veth");
}

static void bareElement(int n) {
  uint32_t address = htonl(n);
  bracket(NFNL_MSG_BATCH_BEGIN);
  element(NFT_MSG_NEWSETELEM, "guarded4", &address, 4, false, "bare");
  bracket(NFNL_MSG_BATCH_END);
  transact(tables, &b, "element");
}

// One piece; false when there is no such. Each counts for itself.
static bool piece(const char *what) {
  static int bridges, addresses, ups, veths, elements, deleted;
  if (!strcmp(what, "bridge")) return bareBridge(bridges++), true;
  if (!strcmp(what, "veth")) return bareVeth(veths++), true;
  if (!strcmp(what, "element")) return bareElement(elements++), true;
  if (!strcmp(what, "address")) address(firstLink + addresses, networkAddress(addresses) | htonl(1), 24), addresses++;
  else if (!strcmp(what, "up")) linkMessage(RTM_SETLINK, 0, firstLink + ups++, IFF_UP);
  else if (!strcmp(what, "unbridge")) linkMessage(RTM_DELLINK, 0, firstLink + bridges - 1 - deleted++, 0);
  else return false;
  transact(route, &b, what);
  return true;
}

static void enterContainer(void) {
  home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (unshare(CLONE_NEWNET) < 0) fail("unshare");
  container = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  inside = netlink(NETLINK_ROUTE);
  if (setns(home, CLONE_NEWNET) < 0) fail("setns");
}

int main(int count, char **arguments) {
  if (count != 2) return fprintf(stderr, "usage: floor JOURNAL\n"), 2;
  journal = open(arguments[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (journal < 0) fail(arguments[1]);
  for (int i = 0; i < 1000; i++) persist();
  enterContainer();
  route = netlink(NETLINK_ROUTE);
  tables = netlink(NETLINK_NETFILTER);
  char what[16];
  for (int times; scanf("%15s %d", what, &times) == 2;) {
    uint64_t cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < times; i++) {
      uint64_t start = now(CLOCK_MONOTONIC);
      if (!strcmp(what, "create")) create(true);
      else if (!strcmp(what, "populate")) create(false);
      else if (!strcmp(what, "connect")) attach();
      else if (!strcmp(what, "detach")) detach();
      else if (!strcmp(what, "fsync")) persist();
      else if (!piece(what)) return fprintf(stderr, "%s?\n", what), 2;
      printf("%llu ", (unsigned long long)(now(CLOCK_MONOTONIC) - start));
      if (!strcmp(what, "detach")) forget();
    }
    printf("%llu\n", (unsigned long long)(now(CLOCK_PROCESS_CPUTIME_ID) - cpu));
    fflush(stdout);
  }
}
