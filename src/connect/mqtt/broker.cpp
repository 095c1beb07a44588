#include "connect/mqtt/broker.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "base/utf8.h"
#include "connect/protocol.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kTextBytesMax = 1'000;  // of names and passwords
constexpr std::uint32_t kPacketKibMax = 65'536;

std::optional<mqtt::Version> parse_version(std::string_view text) {
  if (text == "5") return mqtt::Version::k5;
  if (text == "3.1.1") return mqtt::Version::k311;
  return std::nullopt;
}

}  // namespace

void read_broker(Fields& fields, MqttBroker& broker) {
  fields.require("host");
  fields.string("host", broker.host);
  fields.integer("port", broker.port, 1, 65535);
  fields.string("user_name", broker.user_name);
  fields.secret("password", broker.password);
  read_tls(fields, broker.tls);
  fields.advanced();
  fields.word("version", broker.version, parse_version, "5 or 3.1.1");
  fields.string("client_id", broker.client_id);
  fields.integer("timeout_ms", broker.timeout_ms, 100, 60'000);
  fields.integer("keep_alive_s", broker.keep_alive_s, 5, 3'600);
  fields.integer("packet_kib_max", broker.packet_kib_max, 1, kPacketKibMax);
}

void add_broker_json(const MqttBroker& broker, Secrets secrets, Json& settings) {
  settings["host"] = broker.host;
  settings["port"] = broker.port;
  settings["user_name"] = broker.user_name;
  if (secrets == Secrets::kShown) settings["password"] = broker.password;
  add_tls_json(broker.tls, secrets, settings);
  settings["version"] = broker.version == mqtt::Version::k5 ? "5" : "3.1.1";
  settings["client_id"] = broker.client_id;
  settings["timeout_ms"] = broker.timeout_ms;
  settings["keep_alive_s"] = broker.keep_alive_s;
  settings["packet_kib_max"] = broker.packet_kib_max;
}

Status check_broker(const MqttBroker& broker) {
  if (Status host = check_host(broker.host); !host) return host;
  const std::pair<const char*, const std::string*> texts[] = {
      {"settings.client_id", &broker.client_id}, {"settings.user_name", &broker.user_name}};
  for (const auto& [field, text] : texts) {
    if (text->empty() || is_name(*text, kTextBytesMax)) continue;
    return Error{ErrorId::kInvalidArgument,
                 std::string(field) + ": must be at most 1000 bytes of text"};
  }
  if (broker.password.size() > kTextBytesMax) {
    return Error{ErrorId::kInvalidArgument, "settings.password: must be at most 1000 bytes"};
  }
  if (!broker.password.empty() && broker.user_name.empty() &&
      broker.version == mqtt::Version::k311) {
    return Error{ErrorId::kInvalidArgument,
                 "settings.password: version 3.1.1 has no password without a user_name"};
  }
  Status numbers = check_numbers({
      {"settings.port", broker.port, 1, 65535},
      {"settings.timeout_ms", broker.timeout_ms, 100, 60'000},
      {"settings.keep_alive_s", broker.keep_alive_s, 5, 3'600},
      {"settings.packet_kib_max", broker.packet_kib_max, 1, kPacketKibMax},
  });
  if (!numbers) return numbers;
  return check_tls(broker.tls);
}

mqtt::ClientOptions client_options(const MqttBroker& broker, sys::Random& random) {
  mqtt::ClientOptions options;
  options.connect.version = broker.version;
  options.connect.client_id = broker.client_id;
  if (broker.client_id.empty()) {
    std::array<std::uint8_t, 6> lot{};
    random.fill(lot);
    options.connect.client_id = "lineshaft-" + hex_text(lot);  // 22 bytes; 23 are always allowed
  }
  options.connect.keep_alive_s = broker.keep_alive_s;
  if (!broker.user_name.empty()) options.connect.user_name = broker.user_name;
  if (!broker.password.empty()) {
    options.connect.password = Bytes(broker.password.begin(), broker.password.end());
  }
  options.answer_timeout = std::chrono::milliseconds(broker.timeout_ms);
  options.packet_bytes_max =
      std::min<std::size_t>(std::size_t{broker.packet_kib_max} * 1024, mqtt::kRemainingLengthMax);
  return options;
}

}  // namespace lineshaft::connect
