// Sets the clocks of one process. LD_PRELOAD it, with CLOCK_SHIM naming a file of two 64-bit numbers in milliseconds:
// how far the wall clock is ahead, and how far the monotonic clock is behind.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static const volatile int64_t none[2];
static const volatile int64_t *shift = none;

__attribute__((constructor)) static void open_shift(void) {
  const char *path = getenv("CLOCK_SHIM");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *page = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, file, 0);
  if (page != MAP_FAILED) shift = page;
}

static void add(time_t *seconds, long *part, long parts, int64_t ms) {
  int64_t all = *part + (ms % 1000) * (parts / 1000);
  *seconds += ms / 1000 + all / parts;
  *part = all % parts;
  if (*part < 0) {
    *part += parts;
    *seconds -= 1;
  }
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, time);
  if (result != 0) return result;
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) add(&time->tv_sec, &time->tv_nsec, 1000000000, shift[0]);
  if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE) add(&time->tv_sec, &time->tv_nsec, 1000000000, -shift[1]);
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(time, zone);
  if (result == 0) add(&time->tv_sec, &time->tv_usec, 1000000, shift[0]);
  return result;
}
