#ifndef SHIM_CURL_H
#define SHIM_CURL_H

#include <stddef.h>

// curl_easy_setopt and curl_easy_getinfo are variadic. `easy` is a CURL *, `option` and `info` the numbers of libcurl's
// enumerations, results CURLcodes; libcurl's types stay opaque here.

/// Takes the next bytes of a body or a header line; anything but `size * count` as the result ends the transfer.
typedef size_t (*shim_curl_sink)(char *_Nonnull bytes, size_t size, size_t count, void *_Nullable context);

int shim_curl_set_text(void *_Nonnull easy, int option, const char *_Nullable value);
int shim_curl_set_number(void *_Nonnull easy, int option, long value);
int shim_curl_set_pointer(void *_Nonnull easy, int option, void *_Nullable value);
int shim_curl_set_sink(void *_Nonnull easy, int option, shim_curl_sink _Nonnull sink);
int shim_curl_get_number(void *_Nonnull easy, int info, long *_Nonnull value);
/// The socket of the last transfer, or -1.
int shim_curl_socket(void *_Nonnull easy);

#endif
