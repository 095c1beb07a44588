// plant/model.h: a steel melt shop as functions of time: same seed and instant, same values, in any
// order of asking. That is what lets it answer for a year ago and go on after a restart.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "connect/connection.h"
#include "model/value.h"
#include "sys/loop.h"
#include "wire/modbus/value.h"

namespace lineshaft::plant {

// How a machine misbehaves, as real ones do.
struct Quirk {
  std::string text;  // for people
  Nanoseconds answer_delay{0};
  std::uint16_t registers_per_read_max = 125;  // Modbus: more is exception 02
  std::uint16_t pdu_bytes_max = 480;           // S7: what a client gets at most
  bool single_connection = false;
  bool rtu = false;           // Modbus: RTU frames over TCP, as a serial gateway has them
  bool refuses_gaps = false;  // reading an address that it does not have is exception 02
  // Dead for `dead_for` at the end of every `dead_every`; 0: never.
  Nanoseconds dead_every{0};
  Nanoseconds dead_for{0};

  bool dead_at(Timestamp time) const {
    return dead_every.count() > 0 &&
           time.ns % dead_every.count() >= dead_every.count() - dead_for.count();
  }
};

// What of a value a machine keeps: the type of its memory, and what one step of it means.
struct Coding {
  modbus::DataType type = modbus::DataType::kFloat32;
  double scale = 1;
  double offset = 0;
};

struct Signal {
  connect::SignalConfig config;  // path, place, unit: what a client has to know
  Coding coding;
  // In the unit of the signal; a number for everything but texts.
  std::function<double(Timestamp)> number;
  std::function<std::string(Timestamp)> text;  // kString only
  bool key = false;                            // one of the hundred that a year is made up of
};

struct Machine {
  std::string name;
  connect::ProtocolSettings settings;  // host, port and what a client should mind
  std::uint16_t port = 0;              // its own, or that of its broker
  Quirk quirk;
  std::vector<Signal> signals;
};

struct Plant {
  std::vector<Machine> machines;
};

struct PlantOptions {
  std::uint64_t seed = 1;
  std::uint16_t first_port = 15020;  // one port for each machine, upwards
  // What speaks OPC UA needs certificates, what speaks MQTT or Sparkplug B needs a broker. Without
  // them these machines speak Modbus TCP, with the same signals.
  bool has_certificates = false;
  std::optional<sys::Endpoint> broker = std::nullopt;
};

// About twenty machines with about two thousand signals.
Plant make_plant(const PlantOptions& options);

// The last level of its path.
std::string name_of(const Signal& signal);

// The value that the machine has at that time, of the type of its tag: rounded to what its
// registers can hold.
Value value_at(const Signal& signal, Timestamp time);

}  // namespace lineshaft::plant
