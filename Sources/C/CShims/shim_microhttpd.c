#define _GNU_SOURCE
#include "shim_microhttpd.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static void log_line(void *context, const char *format, va_list arguments) {
  const struct shim_mhd_log *log = context;
  char line[512];
  vsnprintf(line, sizeof line, format, arguments);
  log->write(log->context, line);
}

struct MHD_Daemon *shim_mhd_start(unsigned int flags, void *handler, void *context, const struct shim_mhd_log *log,
                                  const void *options) {
  return MHD_start_daemon(flags, 0, NULL, NULL, (MHD_AccessHandlerCallback)handler, context,
                          MHD_OPTION_EXTERNAL_LOGGER, log_line, (void *)log, MHD_OPTION_ARRAY, options,
                          MHD_OPTION_END);
}

int shim_mhd_connection_fd(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

void *shim_mhd_socket_context(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

void *shim_mhd_tls_session(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  return info ? info->tls_session : NULL;
}

ssize_t shim_mhd_end_of_stream(void) { return MHD_CONTENT_READER_END_OF_STREAM; }

ssize_t shim_mhd_end_with_error(void) { return MHD_CONTENT_READER_END_WITH_ERROR; }

uint64_t shim_mhd_size_unknown(void) { return MHD_SIZE_UNKNOWN; }

int shim_tls_verify_client(void *session, char *reason, size_t capacity) {
  unsigned int count = 0, status = 0;
  reason[0] = 0;
  if (!gnutls_certificate_get_peers(session, &count) || count == 0) return 1;
  gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (void *)GNUTLS_KP_TLS_WWW_CLIENT};
  int result = gnutls_certificate_verify_peers(session, &purpose, 1, &status);
  if (result < 0) return result;
  if (status == 0) return 0;
  gnutls_datum_t text = {0};
  if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) == 0) {
    snprintf(reason, capacity, "%s", (const char *)text.data);
    gnutls_free(text.data);
  }
  return 2;
}

ssize_t shim_tls_send(void *session, const void *bytes, size_t count) {
  return gnutls_record_send(session, bytes, count);
}

void shim_tls_end_writing(void *session) { gnutls_bye(session, GNUTLS_SHUT_WR); }

static gnutls_datum_t datum(const char *text) {
  return (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned int)strlen(text)};
}

struct shim_tls_verdict shim_tls_check(const char *certificate, const char *key, const char *authority) {
  gnutls_certificate_credentials_t credentials;
  struct shim_tls_verdict verdict = {.part = 1};
  int result = gnutls_certificate_allocate_credentials(&credentials);
  if (result >= 0) {
    gnutls_datum_t chain = datum(certificate), secret = datum(key);
    result = gnutls_certificate_set_x509_key_mem(credentials, &chain, &secret, GNUTLS_X509_FMT_PEM);
    if (result >= 0 && authority) {
      verdict.part = 2;
      gnutls_datum_t trust = datum(authority);
      // The number of certificates; none is no CA.
      result = gnutls_certificate_set_x509_trust_mem(credentials, &trust, GNUTLS_X509_FMT_PEM);
      if (result == 0) result = GNUTLS_E_NO_CERTIFICATE_FOUND;
    }
    gnutls_certificate_free_credentials(credentials);
  }
  if (result < 0) {
    verdict.error = result;
    verdict.text = gnutls_strerror(result);
  }
  return verdict;
}

unsigned int shim_mhd_connections(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
  return info ? info->num_connections : 0;
}

int shim_peer_credentials(int fd, int32_t *pid, uint32_t *uid) {
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -errno;
  *pid = credentials.pid;
  *uid = credentials.uid;
  return 0;
}

static int control(int set, int operation, int fd, int half_close, uint64_t token) {
  // EPOLLHUP and EPOLLERR are always reported.
  struct epoll_event event = {.events = EPOLLONESHOT | (half_close ? EPOLLRDHUP : 0), .data.u64 = token};
  return epoll_ctl(set, operation, fd, &event) == 0 ? 0 : -errno;
}

int shim_gone_create(int *wake_fd) {
  int set = epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) return -errno;
  *wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0};
  if (*wake_fd < 0 || epoll_ctl(set, EPOLL_CTL_ADD, *wake_fd, &event) != 0) {
    int error = errno;
    if (*wake_fd >= 0) close(*wake_fd);
    close(set);
    return -error;
  }
  return set;
}

int shim_gone_watch(int set, int fd, int half_close, uint64_t token) {
  return control(set, EPOLL_CTL_ADD, fd, half_close, token);
}

int shim_gone_rewatch(int set, int fd, int half_close, uint64_t token) {
  return control(set, EPOLL_CTL_MOD, fd, half_close, token);
}

int shim_gone_unwatch(int set, int fd) { return epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL) == 0 ? 0 : -errno; }

int shim_gone_wait(int set, uint64_t *tokens, int capacity) {
  struct epoll_event events[64];
  int count = epoll_wait(set, events, capacity < 64 ? capacity : 64, -1);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) tokens[i] = events[i].data.u64;
  return count;
}
