// The least that libmicrohttpd costs: answers GETs with given bytes, with the flags, threads and headers of Fairlead's server.
// httpd PORT [PATH FILE]...
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct page {
  const char *path;
  char *body;
  size_t length;
};
static struct page pages[8];
static int count;

static enum MHD_Result answer(void *unused, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *size, void **context) {
  (void)unused, (void)method, (void)version, (void)upload, (void)size;
  static int seen;
  if (!*context) {
    *context = &seen;
    return MHD_YES;
  }
  for (int i = 0; i < count; i++) {
    if (strcmp(url, pages[i].path)) continue;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        pages[i].length, pages[i].body, pages[i].length > 4096 ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Api-Version", "1.56");
    MHD_add_response_header(response, "Ostype", "linux");
    MHD_add_response_header(response, "Server", "Docker/0.1.0 (linux)");
    MHD_add_response_header(response, "Docker-Experimental", "false");
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
  }
  return MHD_NO;
}

static char *contents(const char *path, size_t *length) {
  FILE *file = fopen(path, "r");
  if (!file || fseek(file, 0, SEEK_END)) return NULL;
  *length = ftell(file);
  rewind(file);
  char *bytes = malloc(*length + 1);
  return bytes && fread(bytes, 1, *length, file) == *length ? bytes : NULL;
}

int main(int argc, char **argv) {
  for (int i = 2; i + 1 < argc && count < 8; i += 2, count++) {
    pages[count].path = argv[i];
    if (!(pages[count].body = contents(argv[i + 1], &pages[count].length))) return perror(argv[i + 1]), 1;
  }
  if (!MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME, atoi(argv[1]), NULL,
                        NULL, answer, NULL, MHD_OPTION_THREAD_POOL_SIZE, 2, MHD_OPTION_CONNECTION_LIMIT, 4096,
                        MHD_OPTION_CONNECTION_TIMEOUT, 120, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)64 << 10,
                        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END))
    return fprintf(stderr, "libmicrohttpd does not start\n"), 1;
  pause();
}
