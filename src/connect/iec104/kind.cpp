#include "connect/iec104/kind.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "connect/iec104/session.h"
#include "connect/one_look.h"
#include "connect/stream_knock.h"

namespace lineshaft::connect {

namespace {

using iec104::CommandKind;
using iec104::PointKind;

Error invalid(std::string what) { return Error{ErrorId::kInvalidArgument, std::move(what)}; }

const Iec104Settings& iec104_of(const ProtocolSettings& settings) {
  return std::get<Iec104Settings>(settings);
}
const Iec104Point& iec104_of(const SignalPoint& point) { return std::get<Iec104Point>(point); }

bool is_switch(PointKind kind) { return kind == PointKind::kSingle || kind == PointKind::kDouble; }
bool is_switch(CommandKind kind) {
  return kind == CommandKind::kSingle || kind == CommandKind::kDouble;
}
bool is_number(PointKind kind) {
  return kind == PointKind::kNormalized || kind == PointKind::kScaled || kind == PointKind::kFloat;
}
bool is_number(CommandKind kind) {
  return kind == CommandKind::kNormalized || kind == CommandKind::kScaled ||
         kind == CommandKind::kFloat;
}

// Whether a command of this kind can set such a point.
bool commands(CommandKind command, PointKind point) {
  if (is_switch(command)) return is_switch(point);
  if (is_number(command)) return is_number(point);
  return command == CommandKind::kStep ? point == PointKind::kStep : point == PointKind::kBitstring;
}

// As StreamKnock::Judge.
std::optional<bool> confirms_test(iec104::FrameReader& reader, ByteSpan bytes) {
  while (!bytes.empty()) {
    const auto frame = reader.next(bytes);
    if (!frame) return false;
    if (!*frame) break;
    const auto* u = std::get_if<iec104::UFrame>(&**frame);
    if (u != nullptr && u->function == iec104::UFunction::kTestConfirmation) return true;
  }
  return std::nullopt;
}

class Iec104Runtime : public ProtocolRuntime {
 public:
  Iec104Runtime(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random)
      : loop_(loop), clock_(clock), random_(random) {}

  std::unique_ptr<Driver> make_driver(const ConnectionConfig& config, DriverHost& host) override {
    return std::make_unique<Iec104Session>(loop_, random_, config, host);
  }
  std::unique_ptr<Task> test(TestRequest request, TestDone done) override {
    // It interrogates once. Where a connection runs, that one is asked instead: driver.h.
    std::get<Iec104Settings>(request.settings).clock_sync_interval_s = 0;  // a test changes nothing
    const auto make = [this](const ConnectionConfig& config, DriverHost& host) {
      return make_driver(config, host);
    };
    return std::make_unique<OneLook>(
        loop_, clock_, std::move(request),
        OneLook::Parts{make, nullptr, "the station tells nothing of this address"},
        std::move(done));
  }
  std::unique_ptr<Task> knock(Knock knock, KnockDone done) override {
    // A test frame, which every station answers and which changes nothing there.
    Bytes say;
    iec104::append_frame(iec104::UFrame{iec104::UFunction::kTestActivation}, say);
    const auto judge = [reader = iec104::FrameReader()](ByteSpan bytes) mutable {
      return confirms_test(reader, bytes);
    };
    Iec104Settings settings;
    settings.host = knock.at.host;
    settings.port = knock.at.port;
    return std::make_unique<StreamKnock>(loop_, knock, std::move(say), judge, std::move(settings),
                                         std::move(done));
  }

 private:
  sys::EventLoop& loop_;
  sys::Clock& clock_;
  sys::Random& random_;
};

class Iec104Kind : public ProtocolKind {
 public:
  std::string_view name() const override { return "iec104"; }

  ProtocolSettings read_settings(Fields& fields) const override {
    Iec104Settings s;
    fields.require("host");
    fields.string("host", s.host);
    fields.integer("port", s.port, 1, 65535);
    fields.integer("common_address", s.common_address, 1, 65534);
    read_tls(fields, s.tls);
    fields.advanced();
    fields.integer("originator", s.originator, 0, 255);
    fields.integer("utc_offset_minutes", s.utc_offset_minutes, -840, 840);
    fields.integer("interrogation_interval_s", s.interrogation_interval_s, 0, 86'400);
    fields.integer("counter_interval_s", s.counter_interval_s, 0, 86'400);
    fields.integer("clock_sync_interval_s", s.clock_sync_interval_s, 0, 86'400);
    fields.integer("command_timeout_ms", s.command_timeout_ms, 100, 600'000);
    fields.integer("k", s.k, 1, 32767);
    fields.integer("w", s.w, 1, 32767);
    fields.integer("t0_s", s.t0_s, 1, 255);
    fields.integer("t1_s", s.t1_s, 1, 255);
    fields.integer("t2_s", s.t2_s, 1, 255);
    fields.integer("t3_s", s.t3_s, 1, 65535);
    return s;
  }

  Json settings_json(const ProtocolSettings& of, Secrets secrets) const override {
    const Iec104Settings& s = iec104_of(of);
    Json json = {{"host", s.host},
                 {"port", s.port},
                 {"common_address", s.common_address},
                 {"originator", s.originator},
                 {"utc_offset_minutes", s.utc_offset_minutes},
                 {"interrogation_interval_s", s.interrogation_interval_s},
                 {"counter_interval_s", s.counter_interval_s},
                 {"clock_sync_interval_s", s.clock_sync_interval_s},
                 {"command_timeout_ms", s.command_timeout_ms},
                 {"k", s.k},
                 {"w", s.w},
                 {"t0_s", s.t0_s},
                 {"t1_s", s.t1_s},
                 {"t2_s", s.t2_s},
                 {"t3_s", s.t3_s}};
    add_tls_json(s.tls, secrets, json);
    return json;
  }

  SignalPoint read_point(Fields& fields) const override {
    Iec104Point point;
    for (const char* name : {"address", "type"}) fields.require(name);
    fields.integer("address", point.address, 1, iec104::kObjectAddressMax);
    fields.word("type", point.format.kind, iec104::parse_point_kind,
                "single, double, step, bitstring, normalized, scaled, float or counter");
    fields.number("scale", point.format.scale);
    fields.number("offset", point.format.offset);
    fields.boolean("select", point.select);
    fields.advanced();
    fields.optional_int("common_address", point.common_address, 65534);
    fields.word("command", point.command, iec104::parse_command_kind,
                "single, double, step, normalized, scaled, float or bitstring");
    fields.optional_int("command_address", point.command_address, iec104::kObjectAddressMax);
    fields.integer("qualifier", point.qualifier, 0, 127);
    fields.boolean("command_time", point.command_time);
    return point;
  }

  void add_point_json(const SignalPoint& of, Json& signal) const override {
    const Iec104Point& point = iec104_of(of);
    signal["address"] = point.address;
    signal["common_address"] = point.common_address ? Json(*point.common_address) : Json();
    signal["type"] = iec104::point_kind_name(point.format.kind);
    signal["scale"] = point.format.scale;
    signal["offset"] = point.format.offset;
    signal["command"] = point.command ? Json(iec104::command_kind_name(*point.command)) : Json();
    signal["command_address"] = point.command_address ? Json(*point.command_address) : Json();
    signal["select"] = point.select;
    signal["qualifier"] = point.qualifier;
    signal["command_time"] = point.command_time;
  }

  Status check_settings(const ProtocolSettings& of) const override {
    const Iec104Settings& s = iec104_of(of);
    if (Status ok = check_host(s.host); !ok) return ok;
    Status numbers = check_numbers({
        {"settings.port", s.port, 1, 65535},
        {"settings.common_address", s.common_address, 1, 65534},
        {"settings.interrogation_interval_s", s.interrogation_interval_s, 0, 86'400},
        {"settings.counter_interval_s", s.counter_interval_s, 0, 86'400},
        {"settings.clock_sync_interval_s", s.clock_sync_interval_s, 0, 86'400},
        {"settings.command_timeout_ms", s.command_timeout_ms, 100, 600'000},
        {"settings.t0_s", s.t0_s, 1, 255},
        {"settings.t1_s", s.t1_s, 1, 255},
    });
    if (!numbers) return numbers;
    if (s.utc_offset_minutes < -840 || s.utc_offset_minutes > 840) {
      return invalid("settings.utc_offset_minutes: allowed are -840 to 840");
    }
    if (Status link = iec104::check_link_settings(link_settings(s)); !link) {
      return invalid("settings." + link.error().what);
    }
    return check_tls(s.tls);
  }

  Status check_point(const SignalConfig& signal, const ProtocolSettings& /*of*/) const override {
    const Iec104Point& point = iec104_of(signal.point);
    if (Status ok = check_number("address", point.address, 1, iec104::kObjectAddressMax); !ok) {
      return ok;
    }
    if (Status format = iec104::check_format(point.format); !format) return format;
    if (point.common_address) {
      if (Status ok = check_number("common_address", *point.common_address, 1, 65534); !ok) {
        return ok;
      }
    }
    return signal.writable ? check_command(point) : Status();
  }

  ValueType value_type(const SignalPoint& point) const override {
    return iec104::value_type(iec104_of(point).format);
  }

  bool is_measured(const SignalPoint& of) const override {
    const iec104::PointFormat& format = iec104_of(of).format;
    return is_number(format.kind);
  }

  std::string source(const ConnectionConfig& config, const SignalPoint& of) const override {
    const Iec104Point& point = iec104_of(of);
    const std::uint16_t station =
        point.common_address.value_or(iec104_of(config.settings).common_address);
    return "iec104:" + config.name + "/" + std::to_string(station) + "/" +
           std::to_string(point.address);
  }

  std::vector<Door> doors() const override { return {{2404, false}, {19998, true}}; }

  std::unique_ptr<ProtocolRuntime> make_runtime(sys::EventLoop& loop, sys::Clock& clock,
                                                sys::Random& random,
                                                const ManagerOptions& /*options*/) const override {
    return std::make_unique<Iec104Runtime>(loop, clock, random);
  }

 private:
  static Status check_command(const Iec104Point& point) {
    const std::optional<CommandKind> command = command_of(point);
    if (!command) return invalid("writable: a counter takes no command");
    if (!commands(*command, point.format.kind)) {
      return invalid("command: a " + std::string(iec104::command_kind_name(*command)) +
                     " command does not set a " +
                     std::string(iec104::point_kind_name(point.format.kind)) + " point");
    }
    if (point.select && !iec104::has_select(*command)) {
      return invalid("select: a bit string has no select");
    }
    if (point.command_address) {
      if (Status ok =
              check_number("command_address", *point.command_address, 1, iec104::kObjectAddressMax);
          !ok) {
        return ok;
      }
    }
    return check_number("qualifier", point.qualifier, 0, iec104::qualifier_max(*command));
  }
};

}  // namespace

std::optional<CommandKind> command_of(const Iec104Point& point) {
  if (point.command) return point.command;
  switch (point.format.kind) {
    case PointKind::kSingle:
      return CommandKind::kSingle;
    case PointKind::kDouble:
      return CommandKind::kDouble;
    case PointKind::kStep:
      return CommandKind::kStep;
    case PointKind::kBitstring:
      return CommandKind::kBitstring;
    case PointKind::kNormalized:
      return CommandKind::kNormalized;
    case PointKind::kScaled:
      return CommandKind::kScaled;
    case PointKind::kFloat:
      return CommandKind::kFloat;
    case PointKind::kCounter:
      break;
  }
  return std::nullopt;
}

iec104::LinkSettings link_settings(const Iec104Settings& settings) {
  using std::chrono::seconds;
  return {settings.k, settings.w, seconds(settings.t1_s), seconds(settings.t2_s),
          seconds(settings.t3_s)};
}

const ProtocolKind& iec104_kind() {
  static const Iec104Kind kind;
  return kind;
}

}  // namespace lineshaft::connect
