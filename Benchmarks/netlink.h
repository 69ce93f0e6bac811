// Netlink messages by hand: a buffer, attributes, a send that waits for every acknowledgement.
#pragma once
#include <errno.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct batch {
  char bytes[1 << 16];
  size_t length;
  struct nlmsghdr *message;
  int acknowledgements;
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint32_t sequence = 1;

static void begin(struct batch *b, int type, int flags, const void *header, size_t size) {
  b->message = (struct nlmsghdr *)(b->bytes + b->length);
  *b->message = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(size), .nlmsg_type = type,
                                  .nlmsg_flags = NLM_F_REQUEST | flags, .nlmsg_seq = sequence++};
  memcpy(NLMSG_DATA(b->message), header, size);
  b->length += NLMSG_SPACE(size);
  if (flags & NLM_F_ACK) b->acknowledgements++;
}

static struct nlattr *attribute(struct batch *b, int type, const void *value, size_t size) {
  struct nlattr *a = (struct nlattr *)(b->bytes + b->length);
  *a = (struct nlattr){.nla_type = type, .nla_len = NLA_HDRLEN + size};
  if (size) memcpy((char *)a + NLA_HDRLEN, value, size);
  memset((char *)a + a->nla_len, 0, NLA_ALIGN(a->nla_len) - a->nla_len);
  b->length += NLA_ALIGN(a->nla_len);
  b->message->nlmsg_len = b->bytes + b->length - (char *)b->message;
  return a;
}

static struct nlattr *nest(struct batch *b, int type) { return attribute(b, type | NLA_F_NESTED, NULL, 0); }
static void end(struct batch *b, struct nlattr *nested) { nested->nla_len = b->bytes + b->length - (char *)nested; }
static void text(struct batch *b, int type, const char *value) { attribute(b, type, value, strlen(value) + 1); }
static void number(struct batch *b, int type, uint32_t value) { attribute(b, type, &value, 4); }

static int netlink(int family) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family), one = 1;
  struct sockaddr_nl local = {.nl_family = AF_NETLINK};
  if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof local) < 0) fail("netlink");
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
  return fd;
}

// Sends what is in the buffer at once and takes every acknowledgement; any refusal ends the program.
static void transact(int fd, struct batch *b, const char *what) {
  char answer[1 << 15];
  if (send(fd, b->bytes, b->length, 0) != (ssize_t)b->length) fail(what);
  while (b->acknowledgements > 0) {
    ssize_t count = recv(fd, answer, sizeof answer, 0);
    if (count < 0) fail(what);
    for (struct nlmsghdr *m = (void *)answer; NLMSG_OK(m, count); m = NLMSG_NEXT(m, count)) {
      struct nlmsgerr *error = NLMSG_DATA(m);
      if (m->nlmsg_type != NLMSG_ERROR) continue;
      if (error->error) {
        errno = -error->error;
        fail(what);
      }
      b->acknowledgements--;
    }
  }
  b->length = 0;
}
