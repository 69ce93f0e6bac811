#include <netinet/in.h> // first in every shim: libc and kernel headers define the same structures
#include <net/if.h>
#include <sys/socket.h>
#include <microhttpd.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
