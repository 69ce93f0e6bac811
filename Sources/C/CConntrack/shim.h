#include <netinet/in.h> // first in every shim: libc and kernel headers define the same structures
#include <net/if.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
