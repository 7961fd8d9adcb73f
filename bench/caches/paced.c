// Requests at a constant rate over kept-open connections. A latency counts from the moment at which the request was due,
// so that a server which stalls is charged for the requests that had to wait (no coordinated omission). It spins, so it
// needs a core of its own. Rate 0: each connection asks again as soon as it has its answer.
// Usage: paced PORT PATH CONNECTIONS SECONDS RATE. It prints one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IN_BYTES 262144
#define MOST_SAMPLES 20000000

struct connection {
  int fd, busy;
  // The number of its next request, of all requests; it has every `connections`th.
  long next;
  double due;
  char head[4096];
  size_t head_bytes, body_left;
  int in_body;
};

static char in[IN_BYTES], request[2048];
static size_t request_bytes;
static float *samples, *lags;
static long answered, counted;

static double now_s(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *why) {
  fprintf(stderr, "paced: %s\n", why);
  exit(1);
}

static void ask(struct connection *c, double due) {
  c->due = due;
  c->busy = 1;
  if (send(c->fd, request, request_bytes, MSG_NOSIGNAL) != (ssize_t)request_bytes) fail("a request was not taken");
}

// Returns whether the answer is whole.
static int take(struct connection *c, const char *bytes, size_t size) {
  if (!c->in_body) {
    size_t before = c->head_bytes, room = sizeof c->head - 1 - before, copied = size < room ? size : room;
    memcpy(c->head + before, bytes, copied);
    c->head[before + copied] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (end == NULL) {
      if (copied == room) fail("a head is too long");
      c->head_bytes += copied;
      return 0;
    }
    *end = 0;
    if (strncmp(c->head, "HTTP/1.1 200", 12) != 0) fail(c->head);
    char *length = strcasestr(c->head, "\r\ncontent-length:");
    if (length == NULL) fail("an answer has no Content-Length");
    c->body_left = strtoul(length + 17, NULL, 10);
    c->in_body = 1;
    size_t used = end + 4 - c->head - before;
    bytes += used;
    size -= used;
  }
  if (size > c->body_left) fail("more bytes than were asked for");
  c->body_left -= size;
  if (c->body_left > 0) return 0;
  c->in_body = 0;
  c->head_bytes = 0;
  return 1;
}

static int ascending(const void *a, const void *b) {
  float left = *(const float *)a, right = *(const float *)b;
  return (left > right) - (left < right);
}

static double percentile(float *sorted, long count, double share) {
  return count == 0 ? 0 : sorted[(long)((count - 1) * share)] * 1e3;
}

int main(int argc, char **argv) {
  if (argc != 6) fail("usage: paced PORT PATH CONNECTIONS SECONDS RATE");
  int port = atoi(argv[1]), connections = atoi(argv[3]), one = 1, epoll = epoll_create1(0);
  double seconds = atof(argv[4]), rate = atof(argv[5]);
  request_bytes = snprintf(request, sizeof request,
                           "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                           "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
                           "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
                           "Accept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\r\n",
                           argv[2], port);
  struct connection *all = calloc(connections, sizeof *all);
  samples = malloc(sizeof *samples * MOST_SAMPLES);
  lags = malloc(sizeof *lags * MOST_SAMPLES);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  for (int at = 0; at < connections; at++) {
    struct connection *c = &all[at];
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    c->next = at;
    if (connect(c->fd, (void *)&address, sizeof address)) fail("no connection");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
  }
  struct epoll_event events[256];
  double begun = now_s(), end = begun + seconds;
  // Of all requests, those before this one are due.
  long due = 0;
  if (rate == 0)
    for (int at = 0; at < connections; at++) ask(&all[at], begun);
  for (double now = begun; now < end; now = now_s()) {
    while (rate > 0 && begun + due / rate <= now) {
      struct connection *c = &all[due % connections];
      double at = begun + due / rate;
      if (counted < MOST_SAMPLES) lags[counted++] = now - at;
      if (!c->busy && c->next == due) {
        c->next += connections;
        ask(c, at);
      }
      due++;
    }
    int count = epoll_wait(epoll, events, 256, 0);
    for (int at = 0; at < count; at++) {
      struct connection *c = events[at].data.ptr;
      ssize_t got = recv(c->fd, in, sizeof in, 0);
      if (got <= 0) fail("a connection ended");
      if (!take(c, in, got)) continue;
      double then = now_s();
      if (answered < MOST_SAMPLES) samples[answered++] = then - c->due;
      c->busy = 0;
      if (rate == 0) ask(c, then);
      else if (c->next < due) {
        double next = begun + c->next / rate;
        c->next += connections;
        ask(c, next);
      }
    }
  }
  double took = now_s() - begun;
  // Requests that were due and have no answer yet count with the time that they have waited.
  long waiting = 0;
  for (int at = 0; at < connections && rate > 0; at++) {
    if (all[at].busy && answered < MOST_SAMPLES) samples[answered + waiting++] = begun + took - all[at].due;
    for (; all[at].next < due && answered + waiting < MOST_SAMPLES; all[at].next += connections)
      samples[answered + waiting++] = took - all[at].next / rate;
  }
  qsort(samples, answered + waiting, sizeof *samples, ascending);
  qsort(lags, counted, sizeof *lags, ascending);
  printf("{\"requests\":%ld,\"perSecond\":%.1f,\"p50Ms\":%.4f,\"p99Ms\":%.4f,\"lateMs\":%.4f}\n", answered,
         answered / took, percentile(samples, answered + waiting, 0.5), percentile(samples, answered + waiting, 0.99),
         percentile(lags, counted, 0.99));
}
