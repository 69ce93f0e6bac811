#include <netinet/in.h> // first in every shim: libc and kernel headers define the same structures
#include <net/if.h>
#include <curl/curl.h>
