/* bench/libmodbus_requests.c: requests a second with libmodbus, one thread, one blocking request after the other, round
 * the connections.
 *
 *   libmodbus_requests CONNECTIONS REGISTERS SECONDS PORT
 */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds_of(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const int connections = atoi(argv[1]);
  const int registers = atoi(argv[2]);
  const int seconds = atoi(argv[3]);
  uint16_t values[MODBUS_MAX_READ_REGISTERS];
  if (registers < 1 || registers > MODBUS_MAX_READ_REGISTERS) return 2;
  modbus_t** all = calloc((size_t)connections, sizeof *all);
  for (int i = 0; i < connections; ++i) {
    all[i] = modbus_new_tcp("127.0.0.1", atoi(argv[4]) + i);
    modbus_set_slave(all[i], 1);
    if (modbus_connect(all[i]) != 0) {
      fprintf(stderr, "connect: %s\n", modbus_strerror(errno));
      return 1;
    }
  }
  unsigned long long answers = 0;
  unsigned long long sum = 0;
  const double cpu_before = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  const double began = seconds_of(CLOCK_MONOTONIC);
  while (seconds_of(CLOCK_MONOTONIC) - began < seconds) {
    for (int i = 0; i < connections; ++i) {
      if (modbus_read_registers(all[i], 0, registers, values) != registers) {
        fprintf(stderr, "read: %s\n", modbus_strerror(errno));
        return 1;
      }
      sum += values[registers - 1];
      answers += 1;
    }
  }
  const double wall = seconds_of(CLOCK_MONOTONIC) - began;
  const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
  printf("libmodbus  %9.0f requests/s of %d registers over %d connections  CPU %5.1f %% of a core  (sum %llu)\n",
         (double)answers / wall, registers, connections, 100 * cpu / wall, sum);
  return 0;
}
