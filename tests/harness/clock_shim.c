/* The wall clock of a program under test, moved while it runs: nanoseconds read from the file that
   CLOCK_SHIM_FILE names. Loaded before the program's libraries; the monotonic clock stays as it is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t* moved;

__attribute__((constructor)) static void open_file(void) {
  const char* path = getenv("CLOCK_SHIM_FILE");
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void* mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) moved = mapped;
}

static int64_t now(void) {
  static int (*real)(clockid_t, struct timespec*);
  if (real == NULL) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  struct timespec time;
  real(CLOCK_REALTIME, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec + (moved == NULL ? 0 : *moved);
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  static int (*real)(clockid_t, struct timespec*);
  if (real == NULL) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  if (clock != CLOCK_REALTIME) return real(clock, time);
  int64_t nanos = now();
  time->tv_sec = nanos / 1000000000LL;
  time->tv_nsec = nanos % 1000000000LL;
  return 0;
}

int gettimeofday(struct timeval* restrict time, void* restrict zone) {
  (void)zone;
  int64_t nanos = now();
  time->tv_sec = nanos / 1000000000LL;
  time->tv_usec = nanos % 1000000000LL / 1000;
  return 0;
}

time_t time(time_t* out) {
  time_t seconds = now() / 1000000000LL;
  if (out != NULL) *out = seconds;
  return seconds;
}
