// connect/connection.h: what a connection to a machine is set to, and what is known about it.
// Plain data, the same as the JSON of docs/reference/api.md "Connections".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "connect/heartbeat.h"
#include "connect/iec104/settings.h"
#include "connect/modbus/settings.h"
#include "connect/mqtt/settings.h"
#include "connect/mtconnect/settings.h"
#include "connect/opcua/settings.h"
#include "connect/s7/settings.h"
#include "connect/shdr/settings.h"
#include "connect/sparkplug/settings.h"
#include "connect/write_rules.h"
#include "model/tag.h"

namespace lineshaft::connect {

// Given by whoever keeps the configuration; unique in the process.
using ConnectionId = StrongId<struct ConnectionIdName, std::uint32_t>;

// One alternative a protocol, in the order of `Protocol`; what each can do: connect/protocol.h.
enum class Protocol : std::uint8_t {
  kModbusTcp,
  kS7,
  kOpcUa,
  kMqtt,
  kSparkplug,
  kIec104,
  kMtconnect,
  kShdr
};
using ProtocolSettings =
    std::variant<ModbusSettings, S7Settings, opcua::Settings, MqttSettings, SparkplugSettings,
                 Iec104Settings, MtconnectSettings, ShdrSettings>;
using SignalPoint = std::variant<ModbusPoint, S7Point, opcua::Point, MqttPoint, SparkplugPoint,
                                 Iec104Point, MtconnectPoint, ShdrPoint>;

std::string_view protocol_name(Protocol protocol);  // "modbus-tcp"
std::optional<Protocol> parse_protocol(std::string_view name);

struct PollGroup {
  std::string name;
  std::uint32_t interval_ms = 1000;  // 10..86'400'000
  friend bool operator==(const PollGroup&, const PollGroup&) = default;
};

// Which of the polled values are stored.
//
// kChanges keeps every value and none of the repetitions: of each run of equal samples the first
// one, and for linear signals the last one too, so that a line drawn through what is stored runs
// where the polled values were. Nothing that was polled is lost: between two stored samples of one
// value every poll gave that value. Once in kHeartbeat an unchanged signal is stored nevertheless:
// that tells a steady machine from a collector that stopped. It is the default because most
// signals of a plant stand still most of the time.
//
// kAll stores each poll, for whoever must show that a value was read at a certain moment.
enum class Store : std::uint8_t { kChanges, kAll };

inline constexpr Nanoseconds kHeartbeat = std::chrono::seconds(60);

struct SignalConfig {
  std::string path;
  SignalPoint point;
  std::string group;  // name of a poll group; "": the first one
  std::string unit;
  std::string description;
  Interpolation interpolation = Interpolation::kLinear;
  std::vector<EnumEntry> enum_set;
  std::optional<double> range_low;
  std::optional<double> range_high;
  bool writable = false;
  // Only changes by more than this (in the unit, from the last stored value) are stored; 0: every
  // change. Numbers only.
  double deadband = 0;
  WriteRules write;  // of writable signals
  friend bool operator==(const SignalConfig&, const SignalConfig&) = default;
};

struct ConnectionConfig {
  std::string name;
  bool enabled = true;
  ProtocolSettings settings;
  std::string profile;            // from which settings come that nobody gave (profiles.h); ""
  std::vector<PollGroup> groups;  // at least one
  Store store = Store::kChanges;
  bool writes_enabled = false;         // else every write is refused, whatever the signals say
  std::optional<Heartbeat> heartbeat;  // of one of the signals
  std::vector<SignalConfig> signals;
  friend bool operator==(const ConnectionConfig&, const ConnectionConfig&) = default;

  Protocol protocol() const { return static_cast<Protocol>(settings.index()); }
};

inline constexpr std::size_t kSignalsMax = 100'000;  // per connection
inline constexpr std::size_t kGroupsMax = 100;

// Errors: kInvalidArgument naming the field and what is allowed; for a signal with its index:
// "signals[3].address: ...". Nothing is changed.
Status check_connection(const ConnectionConfig& config);

// The tags that the signals need, in their order: for TagDirectory::ensure_tags, whose ids go back
// to ConnectionManager::put. Requires: check_connection(config) is ok.
std::vector<TagSpec> tag_specs(const ConnectionConfig& config);

// The type of the tag of a signal. Requires: as above.
ValueType value_type(const SignalConfig& signal);

// --- what is known while it runs ---

enum class ConnectionState : std::uint8_t { kDisabled, kConnecting, kConnected, kRetrying };

std::string_view state_name(ConnectionState state);  // "disabled", "connecting", ...

struct Latency {  // of answers, in milliseconds; over the last 256
  double last = 0;
  double mean = 0;
  double p99 = 0;
};

struct ConnectionStatus {
  ConnectionState state = ConnectionState::kDisabled;
  Timestamp since;                        // of the state
  std::optional<std::string> last_error;  // "LS-1105: ..."
  std::optional<Timestamp> last_error_time;
  // Since when it is past: the connection came up again, or what failed works. Absent: it may
  // stand.
  std::optional<Timestamp> last_error_until;
  std::optional<std::int64_t> retry_in_ms;  // kRetrying
  // How far the clock of the device is ahead of ours (negative: behind), where the protocol tells.
  std::optional<std::int64_t> clock_ahead_ms;
  std::optional<Latency> latency;  // absent before the first answer
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;  // answers with an exception, broken answers, timeouts
  std::uint64_t timeouts = 0;
  std::uint64_t late_answers = 0;  // after their timeout, twice, or never asked for; discarded
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t reconnects = 0;     // connections made after the first one
  std::uint64_t cycles_missed = 0;  // polls left out because the one before was not done
  double values_per_second = 0;     // read, over the last 10 s
  std::uint64_t values = 0;         // read since the connection was set up
  std::uint64_t tags = 0;
  std::uint64_t tags_bad = 0;
  std::optional<Timestamp> last_value_time;
};

struct ConnectionEvent {
  Timestamp time;
  std::string event;  // one word: "connected", "lost", "refused", "unit-lost", "write", ...
  std::string detail;
};

inline constexpr std::size_t kEventsKept = 200;

}  // namespace lineshaft::connect
