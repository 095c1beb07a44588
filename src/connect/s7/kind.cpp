#include "connect/s7/kind.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "connect/s7/probe.h"
#include "connect/s7/session.h"

namespace lineshaft::connect {

namespace {

const S7Settings& s7_of(const ProtocolSettings& settings) { return std::get<S7Settings>(settings); }

const s7::PointFormat& format_of(const SignalPoint& point) {
  return std::get<S7Point>(point).format;
}

// Where the CPU of a rack usually sits, most likely first: 1200 and 1500, 300, 400, and some 1200.
constexpr std::uint8_t kKnockSlots[] = {1, 2, 3, 0};

// Tries one slot after the other until something negotiates.
class S7Knock : public Task {
 public:
  S7Knock(sys::EventLoop& loop, sys::Random& random, Knock knock, ProtocolRuntime::KnockDone done)
      : loop_(loop), random_(random), knock_(std::move(knock)), done_(std::move(done)) {
    try_next();
  }

 private:
  void try_next() {
    S7ProbeRequest probe;
    probe.settings.host = knock_.at.host;
    probe.settings.port = knock_.at.port;
    probe.settings.timeout_ms = knock_.timeout_ms;
    probe.settings.slot = kKnockSlots[next_];
    // To connect, twice to negotiate, and a few answers about the CPU.
    probe.limit = std::chrono::milliseconds(knock_.timeout_ms) * 8;
    probe_ = std::make_unique<S7Probe>(loop_, random_, std::move(probe),
                                       [this](TestReport report) { on_report(report); });
  }

  void on_report(const TestReport& report) {
    // Nobody there, or nobody who answers: another slot will not help.
    const bool silent = report.error && (report.error->id == ErrorId::kConnectFailed ||
                                         report.error->id == ErrorId::kDestinationRefused ||
                                         report.error->id == ErrorId::kPlainRefused ||
                                         report.error->id == ErrorId::kTimeout);
    if (!report.reachable && !silent && next_ + 1 < std::size(kKnockSlots)) {
      next_ += 1;
      return try_next();
    }
    std::vector<ScanHit> hits;
    if (report.reachable) {
      hits.push_back({knock_.at.host, knock_.at.port, kKnockSlots[next_], report.identification});
      S7Settings settings;
      settings.host = knock_.at.host;
      settings.port = knock_.at.port;
      settings.slot = kKnockSlots[next_];
      hits.back().settings = std::move(settings);
    }
    const auto done = std::move(done_);
    done(std::move(hits));  // may destroy this
  }

  sys::EventLoop& loop_;
  sys::Random& random_;
  Knock knock_;
  ProtocolRuntime::KnockDone done_;
  std::size_t next_ = 0;
  std::unique_ptr<S7Probe> probe_;
};

class S7Runtime : public ProtocolRuntime {
 public:
  S7Runtime(sys::EventLoop& loop, sys::Random& random) : loop_(loop), random_(random) {}

  std::unique_ptr<Driver> make_driver(const ConnectionConfig& config, DriverHost& host) override {
    return std::make_unique<S7Session>(loop_, random_, config, host);
  }
  std::unique_ptr<Task> test(TestRequest request, TestDone done) override {
    S7ProbeRequest probe;
    probe.settings = s7_of(request.settings);
    probe.signals = std::move(request.signals);
    return std::make_unique<S7Probe>(loop_, random_, std::move(probe), std::move(done));
  }
  std::unique_ptr<Task> knock(Knock knock, KnockDone done) override {
    return std::make_unique<S7Knock>(loop_, random_, std::move(knock), std::move(done));
  }

 private:
  sys::EventLoop& loop_;
  sys::Random& random_;
};

void read_tsap(Fields& fields, const char* name, std::optional<std::uint16_t>& out) {
  std::string text;
  fields.string(name, text);
  if (text.empty()) return;
  out = s7::parse_tsap(text);
  if (!out) fields.fail_field(name, "must be two hexadecimal numbers: \"10.02\"");
}

Json tsap_json(const std::optional<std::uint16_t>& tsap) {
  return tsap ? Json(s7::tsap_text(*tsap)) : Json();
}

class S7Kind : public ProtocolKind {
 public:
  std::string_view name() const override { return "s7"; }

  ProtocolSettings read_settings(Fields& fields) const override {
    S7Settings settings;
    fields.require("host");
    fields.string("host", settings.host);
    fields.integer("port", settings.port, 1, 65535);
    fields.integer("rack", settings.rack, 0, 7);
    fields.integer("slot", settings.slot, 0, 31);
    fields.word("connection_type", settings.connection_type, s7::parse_connection_type,
                "pg, op or basic");
    fields.advanced();
    read_tsap(fields, "local_tsap", settings.local_tsap);
    read_tsap(fields, "remote_tsap", settings.remote_tsap);
    fields.integer("timeout_ms", settings.timeout_ms, 50, 60'000);
    fields.integer("pdu_bytes_max", settings.pdu_bytes_max, s7::kPduBytesMin, s7::kPduBytesMax);
    fields.integer("jobs_in_flight_max", settings.jobs_in_flight_max, 1, s7::kJobsMax);
    fields.integer("gap_max", settings.gap_max, 0, 400);
    fields.boolean("one_signal_per_read", settings.one_signal_per_read);
    fields.integer("retries", settings.retries, 0, 3);
    return settings;
  }

  Json settings_json(const ProtocolSettings& of, Secrets /*none*/) const override {
    const S7Settings& settings = s7_of(of);
    return {{"host", settings.host},
            {"port", settings.port},
            {"rack", settings.rack},
            {"slot", settings.slot},
            {"connection_type", s7::connection_type_name(settings.connection_type)},
            {"local_tsap", tsap_json(settings.local_tsap)},
            {"remote_tsap", tsap_json(settings.remote_tsap)},
            {"timeout_ms", settings.timeout_ms},
            {"pdu_bytes_max", settings.pdu_bytes_max},
            {"jobs_in_flight_max", settings.jobs_in_flight_max},
            {"gap_max", settings.gap_max},
            {"one_signal_per_read", settings.one_signal_per_read},
            {"retries", settings.retries}};
  }

  SignalPoint read_point(Fields& fields) const override {
    S7Point point;
    std::string address;
    fields.require("address");
    fields.string("address", address);
    if (!address.empty()) {
      auto parsed = s7::parse_address(address);
      if (parsed) {
        point.format.address = *parsed;
      } else {
        fields.fail_field("address", parsed.error().what);
      }
    }
    fields.number("scale", point.format.scale);
    fields.number("offset", point.format.offset);
    return point;
  }

  void add_point_json(const SignalPoint& of, Json& signal) const override {
    const s7::PointFormat& format = format_of(of);
    signal["address"] = address_text(format.address);
    signal["scale"] = format.scale;
    signal["offset"] = format.offset;
  }

  Status check_settings(const ProtocolSettings& of) const override {
    const S7Settings& s = s7_of(of);
    if (Status ok = check_host(s.host); !ok) return ok;
    return check_numbers({
        {"settings.port", s.port, 1, 65535},
        {"settings.rack", s.rack, 0, 7},
        {"settings.slot", s.slot, 0, 31},
        {"settings.timeout_ms", s.timeout_ms, 50, 60'000},
        {"settings.pdu_bytes_max", s.pdu_bytes_max, s7::kPduBytesMin, s7::kPduBytesMax},
        {"settings.jobs_in_flight_max", s.jobs_in_flight_max, 1, s7::kJobsMax},
        {"settings.gap_max", s.gap_max, 0, 400},
        {"settings.retries", s.retries, 0, 3},
    });
  }

  Status check_point(const SignalConfig& signal, const ProtocolSettings& /*of*/) const override {
    const s7::PointFormat& format = format_of(signal.point);
    if (Status sound = check_format(format); !sound) return sound;
    if (signal.writable && is_counted(format.address.area)) {
      return Error{ErrorId::kInvalidArgument,
                   "writable: timers and counters belong to the program of the CPU"};
    }
    return {};
  }

  ValueType value_type(const SignalPoint& point) const override {
    return s7::value_type(format_of(point));
  }

  bool is_measured(const SignalPoint& point) const override {
    const s7::PointFormat& format = format_of(point);
    return format.address.type == s7::DataType::kReal ||
           format.address.type == s7::DataType::kLreal || format.scaled();
  }

  std::string source(const ConnectionConfig& config, const SignalPoint& of) const override {
    return "s7:" + config.name + "/" + address_text(format_of(of).address);
  }

  std::vector<Door> doors() const override { return {{102, false}}; }
  std::optional<sys::Endpoint> seat(const ProtocolSettings& of) const override {
    const auto& s = std::get<S7Settings>(of);
    return sys::Endpoint{s.host, s.port};
  }

  std::unique_ptr<ProtocolRuntime> make_runtime(sys::EventLoop& loop, sys::Clock& /*clock*/,
                                                sys::Random& random,
                                                const ManagerOptions& /*options*/) const override {
    return std::make_unique<S7Runtime>(loop, random);
  }
};

}  // namespace

const ProtocolKind& s7_kind() {
  static const S7Kind kind;
  return kind;
}

}  // namespace lineshaft::connect
