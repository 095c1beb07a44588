/* Preloaded into a server: its wall clock is off by the seconds that a file holds. Made by test_bad_days.py. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t* offset;

__attribute__((constructor)) static void open_offset(void) {
  const char* path = getenv("CLOCK_OFFSET_FILE");
  int fd = path ? open(path, O_RDONLY) : -1;
  if (fd < 0) return;
  void* map = mmap(0, sizeof(*offset), PROT_READ, MAP_SHARED, fd, 0);
  if (map != MAP_FAILED) offset = map;
  close(fd);
}

int clock_gettime(clockid_t id, struct timespec* out) {
  long result = syscall(SYS_clock_gettime, id, out);
  if (result == 0 && id == CLOCK_REALTIME && offset) out->tv_sec += *offset;
  return (int)result;
}
