#include "connect/shdr/kind.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "connect/one_look.h"
#include "connect/shdr/session.h"
#include "connect/stream_knock.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kNameBytesMax = 256;  // of a key, a part

// In the order of shdr::Kind, without its first.
constexpr std::array<std::string_view, 5> kKinds = {"value", "condition", "message", "time-series",
                                                    "data-set"};

std::optional<shdr::Kind> parse_kind(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<shdr::Kind>(found - kKinds.begin() + 1);
}

std::string_view kind_name(shdr::Kind kind) { return kKinds[static_cast<std::size_t>(kind) - 1]; }

const ShdrSettings& shdr_of(const ProtocolSettings& settings) {
  return std::get<ShdrSettings>(settings);
}
const ShdrPoint& point_of(const SignalPoint& point) { return std::get<ShdrPoint>(point); }

std::optional<MachineIdentification> identify(const Driver& driver) {
  const MachineIdentification& plate = dynamic_cast<const ShdrSession&>(driver).plate();
  if (plate.vendor.empty() && plate.product.empty()) return std::nullopt;
  return plate;
}

// As StreamKnock::Judge: an adapter answers the ping, or tells readings unasked.
std::optional<bool> is_adapter(shdr::LineReader& reader, ByteSpan bytes) {
  while (!bytes.empty()) {
    const auto line = reader.next(bytes);
    if (!line) return false;
    if (!*line) break;
    const auto command = shdr::parse_command((*line)->text);
    const auto readings =
        shdr::parse_readings((*line)->text, [](std::string_view) { return shdr::Kind::kUnknown; });
    const bool pong = command && command->name == "PONG";
    return pong || (readings && readings->time.has_value());
  }
  return std::nullopt;
}

class ShdrRuntime : public ProtocolRuntime {
 public:
  ShdrRuntime(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random)
      : loop_(loop), clock_(clock), random_(random) {}

  std::unique_ptr<Driver> make_driver(const ConnectionConfig& config, DriverHost& host) override {
    return std::make_unique<ShdrSession>(loop_, random_, config, host);
  }
  std::unique_ptr<Task> test(TestRequest request, TestDone done) override {
    const auto make = [this](const ConnectionConfig& config, DriverHost& host) {
      return make_driver(config, host);
    };
    return std::make_unique<OneLook>(loop_, clock_, std::move(request),
                                     OneLook::Parts{make, identify, "the adapter says UNAVAILABLE"},
                                     std::move(done));
  }
  std::unique_ptr<Task> knock(Knock knock, KnockDone done) override {
    const ByteSpan ping = as_bytes(shdr::kPing);
    const auto judge = [reader = shdr::LineReader()](ByteSpan bytes) mutable {
      return is_adapter(reader, bytes);
    };
    ShdrSettings settings;
    settings.host = knock.at.host;
    settings.port = knock.at.port;
    return std::make_unique<StreamKnock>(loop_, knock, Bytes(ping.begin(), ping.end()), judge,
                                         std::move(settings), std::move(done));
  }

 private:
  sys::EventLoop& loop_;
  sys::Clock& clock_;
  sys::Random& random_;
};

class ShdrKind : public ProtocolKind {
 public:
  std::string_view name() const override { return "shdr"; }
  std::vector<Door> doors() const override { return {{7878, false}}; }
  std::optional<sys::Endpoint> seat(const ProtocolSettings& of) const override {
    const ShdrSettings& s = shdr_of(of);
    return sys::Endpoint{s.host, s.port};
  }

  ProtocolSettings read_settings(Fields& fields) const override {
    ShdrSettings s;
    fields.require("host");
    fields.string("host", s.host);
    fields.integer("port", s.port, 1, 65535);
    read_tls(fields, s.tls);
    fields.advanced();
    fields.integer("timeout_ms", s.timeout_ms, 100, 60'000);
    fields.integer("silence_max_s", s.silence_max_s, 1, 86'400);
    return s;
  }

  Json settings_json(const ProtocolSettings& of, Secrets secrets) const override {
    const ShdrSettings& s = shdr_of(of);
    Json json = {{"host", s.host},
                 {"port", s.port},
                 {"timeout_ms", s.timeout_ms},
                 {"silence_max_s", s.silence_max_s}};
    add_tls_json(s.tls, secrets, json);
    return json;
  }

  SignalPoint read_point(Fields& fields) const override {
    ShdrPoint point;
    fields.require("key");
    fields.string("key", point.key);
    fields.word("kind", point.kind, parse_kind,
                "value, condition, message, time-series or data-set");
    fields.word("type", point.type, parse_type, "bool, int64, float32, float64 or string");
    fields.advanced();
    fields.string("part", point.part);
    return point;
  }

  void add_point_json(const SignalPoint& of, Json& signal) const override {
    const ShdrPoint& point = point_of(of);
    signal["key"] = point.key;
    signal["kind"] = kind_name(point.kind);
    signal["type"] = type_name(point.type);
    signal["part"] = point.part;
  }

  Status check_settings(const ProtocolSettings& of) const override {
    const ShdrSettings& s = shdr_of(of);
    if (Status ok = check_host(s.host); !ok) return ok;
    if (Status ok = check_number("settings.port", s.port, 1, 65535); !ok) return ok;
    if (Status ok = check_number("settings.timeout_ms", s.timeout_ms, 100, 60'000); !ok) return ok;
    if (Status ok = check_number("settings.silence_max_s", s.silence_max_s, 1, 86'400); !ok) {
      return ok;
    }
    return check_tls(s.tls);
  }

  Status check_point(const SignalConfig& signal, const ProtocolSettings& /*of*/) const override {
    const ShdrPoint& point = point_of(signal.point);
    if (!is_name(point.key, kNameBytesMax) || point.key.find('|') != std::string::npos) {
      return Error{ErrorId::kInvalidArgument, "key: 1 to 256 bytes of text without '|'"};
    }
    if (!point.part.empty() && !is_name(point.part, kNameBytesMax)) {
      return Error{ErrorId::kInvalidArgument, "part: up to 256 bytes of text"};
    }
    if (signal.writable) {
      return Error{ErrorId::kInvalidArgument, "writable: an adapter takes no values"};
    }
    return {};
  }

  ValueType value_type(const SignalPoint& point) const override { return point_of(point).type; }

  std::string source(const ConnectionConfig& config, const SignalPoint& of) const override {
    const ShdrPoint& point = point_of(of);
    const std::string part = point.part.empty() ? "" : "#" + point.part;
    return "shdr:" + config.name + "/" + point.key + part;
  }

  std::unique_ptr<ProtocolRuntime> make_runtime(sys::EventLoop& loop, sys::Clock& clock,
                                                sys::Random& random,
                                                const ManagerOptions& /*options*/) const override {
    return std::make_unique<ShdrRuntime>(loop, clock, random);
  }
};

}  // namespace

const ProtocolKind& shdr_kind() {
  static const ShdrKind kind;
  return kind;
}

}  // namespace lineshaft::connect
