#ifndef CSHIMS_H
#define CSHIMS_H
// The few lines Swift cannot call: variadics, function-like macros, _GNU_SOURCE functions.
#include "shim_curl.h"
#include "shim_enter.h"
#include "shim_memory.h"
#include "shim_microhttpd.h"
#include "shim_namespace.h"
#include "shim_packet.h"
#include "shim_supervision.h"
#include "shim_thread.h"
#include "shim_watch.h"
#endif
