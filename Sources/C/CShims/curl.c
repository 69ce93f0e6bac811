#include "shim_curl.h"

#include <curl/curl.h>

int shim_curl_set_text(void *easy, int option, const char *value) {
  return curl_easy_setopt(easy, (CURLoption)option, value);
}

int shim_curl_set_number(void *easy, int option, long value) {
  return curl_easy_setopt(easy, (CURLoption)option, value);
}

int shim_curl_set_pointer(void *easy, int option, void *value) {
  return curl_easy_setopt(easy, (CURLoption)option, value);
}

int shim_curl_set_sink(void *easy, int option, shim_curl_sink sink) {
  return curl_easy_setopt(easy, (CURLoption)option, sink);
}

int shim_curl_get_number(void *easy, int info, long *value) {
  return curl_easy_getinfo(easy, (CURLINFO)info, value);
}

int shim_curl_socket(void *easy) {
  curl_socket_t socket = CURL_SOCKET_BAD;
  if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK) return -1;
  return socket;
}
