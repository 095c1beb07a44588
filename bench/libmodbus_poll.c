/* bench/libmodbus_poll.c: the same polling as modbus_bench does, with libmodbus and nothing else: one
 * thread, one blocking request after the other, float32 decoded and added up, nothing kept.
 *
 *   libmodbus_poll DEVICES FLOATS SECONDS PORT
 */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { kRegistersPerRead = 124 }; /* 62 floats: a value is never split */

static double seconds_of(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double poll_device(modbus_t* device, int floats) {
  uint16_t registers[kRegistersPerRead];
  double sum = 0;
  for (int at = 0; at < 2 * floats; at += kRegistersPerRead) {
    const int count = 2 * floats - at < kRegistersPerRead ? 2 * floats - at : kRegistersPerRead;
    if (modbus_read_registers(device, at, count, registers) != count) {
      fprintf(stderr, "read: %s\n", modbus_strerror(errno));
      exit(1);
    }
    for (int i = 0; i < count; i += 2) sum += modbus_get_float_abcd(registers + i);
  }
  return sum;
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const int devices = atoi(argv[1]);
  const int floats = atoi(argv[2]);
  const int seconds = atoi(argv[3]);
  modbus_t** all = calloc((size_t)devices, sizeof *all);
  for (int i = 0; i < devices; ++i) {
    all[i] = modbus_new_tcp("127.0.0.1", atoi(argv[4]) + i);
    modbus_set_slave(all[i], 1);
    if (modbus_connect(all[i]) != 0) {
      fprintf(stderr, "connect: %s\n", modbus_strerror(errno));
      return 1;
    }
  }
  double sum = 0;
  const double cpu_before = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  const double began = seconds_of(CLOCK_MONOTONIC);
  for (int second = 0; second < seconds; ++second) {
    for (int i = 0; i < devices; ++i) sum += poll_device(all[i], floats);
    const double left = began + second + 1 - seconds_of(CLOCK_MONOTONIC);
    if (left > 0) {
      const struct timespec wait = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
      nanosleep(&wait, NULL);
    }
  }
  const double wall = seconds_of(CLOCK_MONOTONIC) - began;
  const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
  printf("libmodbus  %9.0f values/s  CPU %5.1f %% of a core  (nothing stored, no time stamps; sum %.3g)\n",
         (double)devices * floats * seconds / wall, 100 * cpu / wall, sum);
  return 0;
}
