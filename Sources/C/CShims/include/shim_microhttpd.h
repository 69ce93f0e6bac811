#ifndef SHIM_MICROHTTPD_H
#define SHIM_MICROHTTPD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Types of libmicrohttpd and GnuTLS stay opaque here, so that no other module that imports CShims sees their headers.
struct MHD_Daemon;
struct MHD_Connection;

/// Where the library's log lines go, one call a line.
struct shim_mhd_log {
  void (*write)(void *context, const char *line);
  void *context;
};

/// MHD_start_daemon with an MHD_OPTION_ARRAY; `handler` is an MHD_AccessHandlerCallback, `options` ends with
/// MHD_OPTION_END. NULL when it does not start (the reason goes to the log).
struct MHD_Daemon *shim_mhd_start(unsigned int flags, void *handler, void *context, const struct shim_mhd_log *log,
                                  const void *options);

/// The connection's socket, or -1.
int shim_mhd_connection_fd(struct MHD_Connection *connection);
/// What the MHD_NOTIFY_CONNECTION callback stored for the connection.
void *shim_mhd_socket_context(struct MHD_Connection *connection);
/// The connection's gnutls_session_t; NULL without TLS.
void *shim_mhd_tls_session(struct MHD_Connection *connection);

/// Results of a content reader: the body is whole; the body is cut short.
ssize_t shim_mhd_end_of_stream(void);
ssize_t shim_mhd_end_with_error(void);
/// The size of a body that is not known beforehand.
uint64_t shim_mhd_size_unknown(void);

/// Verifies the peer's certificate chain for use by a TLS client (RFC 5280 §4.2.1.12). 0: good; 1: none was shown;
/// 2: not good, why is in `reason`; otherwise a GnuTLS error.
int shim_tls_verify_client(void *session, char *reason, size_t capacity);
/// gnutls_record_send.
ssize_t shim_tls_send(void *session, const void *bytes, size_t count);
/// Says that nothing more will be written.
void shim_tls_end_writing(void *session);

/// What `shim_tls_check` finds: 0, or a GnuTLS error with its text, and which part it is about: 1, certificate and key;
/// 2, the CA.
struct shim_tls_verdict {
  int error;
  int part;
  const char *text;
};
/// Whether PEM texts can be loaded, and certificate and key belong together; `authority` may be NULL.
struct shim_tls_verdict shim_tls_check(const char *certificate, const char *key, const char *authority);

/// The connections of a daemon that are open, suspended ones included.
unsigned int shim_mhd_connections(struct MHD_Daemon *daemon);

/// SO_PEERCRED of a unix socket; 0, or -errno.
int shim_peer_credentials(int fd, int32_t *pid, uint32_t *uid);

/// An epoll set of sockets whose peers may go away, with an eventfd (token 0) to wake its thread; -errno on failure.
int shim_gone_create(int *wake_fd);
/// Reports `token` once: when the peer is gone for good, or, with `half_close`, as soon as it will not send any more.
int shim_gone_watch(int set, int fd, int half_close, uint64_t token);
/// Changes what is watched for.
int shim_gone_rewatch(int set, int fd, int half_close, uint64_t token);
int shim_gone_unwatch(int set, int fd);
/// Waits for tokens; their number, 0 when interrupted.
int shim_gone_wait(int set, uint64_t *tokens, int capacity);

#endif
