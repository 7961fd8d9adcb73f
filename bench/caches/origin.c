// The origin: `/<bytes>/<anything>` is a body of so many bytes, which never changes. `/<bytes>/brief-<anything>` is fresh
// for a second, `/<bytes>/private-<anything>` is for one client only. One epoll thread, so that it is never what is
// measured, not even when every request reaches it. Usage: origin PORT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LARGEST (16 * 1024 * 1024)
#define MOST_DESCRIPTORS 65536

struct connection {
  int fd;
  char in[16384];
  size_t in_bytes, request_body_left, answer_body_left;
};

static struct connection *connections[MOST_DESCRIPTORS];
static char body[LARGEST];
static int epoll;

// 0: all has been sent, or waits for room; -1: the connection is broken.
static int send_body(struct connection *c) {
  while (c->answer_body_left > 0) {
    ssize_t sent = send(c->fd, body, c->answer_body_left, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) break;
    if (sent <= 0) return -1;
    c->answer_body_left -= sent;
  }
  struct epoll_event event = {.events = c->answer_body_left > 0 ? EPOLLOUT : EPOLLIN, .data.ptr = c};
  return epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
}

static int answer(struct connection *c, const char *request) {
  char head[512], date[64];
  const char *path = strchr(request, '/'), *line_end = strstr(request, "\r\n");
  if (path == NULL || line_end == NULL) return -1;
  char line[4096];
  snprintf(line, sizeof line, "%.*s", (int)(line_end - path), path);
  long asked = atol(line + 1);
  size_t size = asked <= 0 ? 1024 : asked > LARGEST ? LARGEST : (size_t)asked;
  int known = strncmp(request, "GET ", 4) == 0 && strcasestr(request, "\r\nif-none-match: \"v1\"\r\n") != NULL;
  const char *fresh = strstr(line, "/brief-") ? "max-age=1" : strstr(line, "/private-") ? "private" : "max-age=3600";
  time_t now = time(NULL);
  struct tm parts;
  strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
  int length = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nCache-Control: %s\r\nETag: \"v1\"\r\nDate: %s\r\n",
                        known ? "304 Not Modified" : "200 OK", fresh, date);
  if (!known)
    length += snprintf(head + length, sizeof head - length, "Content-Type: text/plain\r\nContent-Length: %zu\r\n", size);
  length += snprintf(head + length, sizeof head - length, "\r\n");
  if (send(c->fd, head, length, MSG_NOSIGNAL | (known ? 0 : MSG_MORE)) != length) return -1;
  c->answer_body_left = known ? 0 : size;
  return known ? 0 : send_body(c);
}

static int take(struct connection *c) {
  ssize_t got = read(c->fd, c->in + c->in_bytes, sizeof c->in - 1 - c->in_bytes);
  if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
  c->in_bytes += got;
  c->in[c->in_bytes] = 0;
  size_t body_bytes = c->in_bytes < c->request_body_left ? c->in_bytes : c->request_body_left;
  c->request_body_left -= body_bytes;
  c->in_bytes -= body_bytes;
  memmove(c->in, c->in + body_bytes, c->in_bytes + 1);
  // A cache sends its next request when it has the whole answer to the one before.
  char *end = strstr(c->in, "\r\n\r\n");
  if (end == NULL) return 0;
  char *length = strcasestr(c->in, "\r\ncontent-length:");
  size_t body_size = length == NULL || length > end ? 0 : strtoul(length + 17, NULL, 10);
  size_t behind = c->in_bytes - (end + 4 - c->in);
  c->request_body_left = behind < body_size ? body_size - behind : 0;
  c->in_bytes = 0;
  return answer(c, c->in);
}

static void take_connection(int server) {
  int one = 1, fd = accept4(server, NULL, NULL, SOCK_NONBLOCK);
  if (fd < 0) return;
  if (fd >= MOST_DESCRIPTORS) {
    close(fd);
    return;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connections[fd] == NULL) connections[fd] = malloc(sizeof *connections[fd]);
  struct connection *c = connections[fd];
  *c = (struct connection){.fd = fd};
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv) {
  int one = 1, server = socket(AF_INET, SOCK_STREAM, 0);
  epoll = epoll_create1(0);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(server, (void *)&address, sizeof address) || listen(server, 8192)) return perror("bind"), 1;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
  epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event);
  memset(body, 'x', sizeof body);
  for (;;) {
    int count = epoll_wait(epoll, events, 256, -1);
    for (int at = 0; at < count; at++) {
      struct connection *c = events[at].data.ptr;
      if (c == NULL) take_connection(server);
      else if ((events[at].events & EPOLLOUT ? send_body(c) : take(c)) < 0) close(c->fd);
    }
  }
}
