/* tests/interop/libmodbus_peer.c: libmodbus as a peer; compiled by modbus_interop.py.
 *
 *   libmodbus_peer client PORT    asks the plan of modbus_peer; says "ok" or what differs
 *   libmodbus_peer server PORT    serves 300 of everything; registers and bits come on stdin as
 *                                 "h 0 4660", "i 0 7", "c 1 1", "d 2 1" lines, ended by "go"
 */
#include <errno.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(condition)                                                     \
  do {                                                                       \
    if (!(condition)) {                                                      \
      printf("line %d: %s (%s)\n", __LINE__, #condition, modbus_strerror(errno)); \
      return 1;                                                              \
    }                                                                        \
  } while (0)

static int run_client(modbus_t* ctx) {
  uint16_t words[125] = {0};
  uint8_t bits[200] = {0};
  CHECK(modbus_connect(ctx) == 0);
  modbus_set_slave(ctx, 1);
  CHECK(modbus_read_registers(ctx, 0, 125, words) == 125 && words[0] == 1 && words[124] == 373);
  CHECK(modbus_read_input_registers(ctx, 3, 2, words) == 2 && words[0] == 0xFFFC);
  CHECK(modbus_read_bits(ctx, 0, 200, bits) == 200 && bits[0] == 1 && bits[1] == 0 && bits[198] == 1);
  CHECK(modbus_read_input_bits(ctx, 1, 9, bits) == 9 && bits[0] == 0 && bits[1] == 1);
  CHECK(modbus_write_bit(ctx, 1, 1) == 1);
  CHECK(modbus_read_bits(ctx, 1, 1, bits) == 1 && bits[0] == 1);
  CHECK(modbus_write_register(ctx, 50, 999) == 1);
  CHECK(modbus_read_registers(ctx, 50, 1, words) == 1 && words[0] == 999);
  memset(bits, 1, sizeof bits);
  CHECK(modbus_write_bits(ctx, 10, 150, bits) == 150);
  memset(bits, 0, sizeof bits);
  CHECK(modbus_read_bits(ctx, 10, 150, bits) == 150 && bits[149] == 1);
  for (int i = 0; i < 123; ++i) words[i] = (uint16_t)(7 * i);
  CHECK(modbus_write_registers(ctx, 60, 123, words) == 123);
  CHECK(modbus_read_registers(ctx, 182, 1, words) == 1 && words[0] == 7 * 122);
  CHECK(modbus_write_register(ctx, 51, 0x12) == 1);
  CHECK(modbus_mask_write_register(ctx, 51, 0xF2, 0x25) == 1);
  CHECK(modbus_read_registers(ctx, 51, 1, words) == 1 && words[0] == 0x17);
  uint16_t out[2] = {5, 6};
  CHECK(modbus_write_and_read_registers(ctx, 52, 2, out, 52, 3, words) == 3 && words[1] == 6);
  CHECK(modbus_read_registers(ctx, 199, 2, words) == -1 && errno == EMBXILADD);
  modbus_set_slave(ctx, 9);
  CHECK(modbus_read_registers(ctx, 0, 1, words) == -1 && errno == EMBXGTAR);
  printf("ok\n");
  return 0;
}

static int run_server(modbus_t* ctx) {
  modbus_mapping_t* map = modbus_mapping_new(300, 300, 300, 300);
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL && strncmp(line, "go", 2) != 0) {
    char area;
    int address, value;
    if (sscanf(line, "%c %d %d", &area, &address, &value) != 3 || address >= 300) return 2;
    if (area == 'h') map->tab_registers[address] = (uint16_t)value;
    if (area == 'i') map->tab_input_registers[address] = (uint16_t)value;
    if (area == 'c') map->tab_bits[address] = (uint8_t)value;
    if (area == 'd') map->tab_input_bits[address] = (uint8_t)value;
  }
  int listener = modbus_tcp_listen(ctx, 1);
  CHECK(listener >= 0);
  printf("listening\n");
  fflush(stdout);
  for (;;) { /* one client after the other, until killed */
    if (modbus_tcp_accept(ctx, &listener) < 0) return 1;
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    int length;
    while ((length = modbus_receive(ctx, query)) >= 0) {
      if (length > 0) modbus_reply(ctx, query, length, map);
    }
    close(modbus_get_socket(ctx));
  }
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  modbus_t* ctx = modbus_new_tcp("127.0.0.1", atoi(argv[2]));
  return strcmp(argv[1], "client") == 0 ? run_client(ctx) : run_server(ctx);
}
