// What packets and connections cost the client's CPU. `packets serve`: takes TCP connections on port 7 and swallows UDP
// there. `packets udp|tcp ADDRESS`: for each number on stdin, sends so many packets or opens so many connections, and
// prints the nanoseconds of CPU time they took together.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { port = 7 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static int bound(int type) {
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
  int fd = socket(AF_INET, type, 0), yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any)) fail("bind");
  return fd;
}

// The UDP socket is never read: what doesn't fit is dropped, and nothing is answered.
static void serve(void) {
  bound(SOCK_DGRAM);
  int listener = bound(SOCK_STREAM);
  if (listen(listener, 1024)) fail("listen");
  puts("ready");
  fflush(stdout);
  for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) {
    char byte;
    // Until the client's reset.
    if (read(fd, &byte, 1) < 0) {}
    close(fd);
  }
}

static int connected(int type, const struct sockaddr_in *there) {
  int fd = socket(AF_INET, type, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr *)there, sizeof *there)) fail("connect");
  return fd;
}

static void packets(int fd, int count) {
  char bytes[64] = {0};
  for (int i = 0; i < count; i++)
    if (send(fd, bytes, sizeof bytes, 0) < 0) fail("send");
}

// Ended by a reset, so that no port waits.
static void connections(const struct sockaddr_in *there, int count) {
  struct linger reset = {1, 0};
  for (int i = 0; i < count; i++) {
    int fd = connected(SOCK_STREAM, there);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
  }
}

int main(int count, char **arguments) {
  if (count == 2 && !strcmp(arguments[1], "serve")) return serve(), 1;
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (count != 3 || inet_pton(AF_INET, arguments[2], &there.sin_addr) != 1)
    return fprintf(stderr, "usage: packets serve | packets udp|tcp ADDRESS\n"), 2;
  int udp = strcmp(arguments[1], "tcp") ? connected(SOCK_DGRAM, &there) : -1;
  for (int times; scanf("%d", &times) == 1;) {
    uint64_t start = cpu();
    if (udp >= 0) packets(udp, times);
    else connections(&there, times);
    printf("%llu\n", (unsigned long long)(cpu() - start));
    fflush(stdout);
  }
}
