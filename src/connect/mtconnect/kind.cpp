#include "connect/mtconnect/kind.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "connect/mtconnect/browse.h"
#include "connect/mtconnect/session.h"
#include "connect/one_look.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kNameBytesMax = 256;  // of a data item's id, a device, a key

const MtconnectSettings& mtconnect_of(const ProtocolSettings& settings) {
  return std::get<MtconnectSettings>(settings);
}
const MtconnectPoint& point_of(const SignalPoint& point) { return std::get<MtconnectPoint>(point); }

MachineIdentification identification_of(const mtconnect::Component& device) {
  return {device.manufacturer, device.model.empty() ? device.name : device.model,
          device.serial_number};
}

std::optional<MachineIdentification> identify(const Driver& driver) {
  const auto* device = dynamic_cast<const MtconnectSession&>(driver).device();
  if (device == nullptr) return std::nullopt;
  return identification_of(*device);
}

// The data items as signals; what they lie in is told by their levels.
BrowseReport report_of(const mtconnect::DevicesDocument& document) {
  BrowseReport report;
  for (MtconnectEntry& entry : mtconnect_entries(document.devices)) {
    if (entry.data_item.empty()) continue;
    if (report.entries.size() == kBrowseEntriesMax) {
      report.cut = true;
      break;
    }
    entry.signal.path = proposed_path(entry.levels);
    report.entries.push_back({std::move(entry.levels), std::move(entry.data_item), false,
                              std::move(entry.type), std::move(entry.signal), std::nullopt});
  }
  return report;
}

class MtconnectRuntime : public ProtocolRuntime {
 public:
  MtconnectRuntime(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random)
      : loop_(loop), clock_(clock), random_(random) {}

  std::unique_ptr<Driver> make_driver(const ConnectionConfig& config, DriverHost& host) override {
    return std::make_unique<MtconnectSession>(loop_, random_, config, host);
  }
  std::unique_ptr<Task> test(TestRequest request, TestDone done) override {
    const auto make = [this](const ConnectionConfig& config, DriverHost& host) {
      return make_driver(config, host);
    };
    return std::make_unique<OneLook>(loop_, clock_, std::move(request),
                                     OneLook::Parts{make, identify, "the agent says UNAVAILABLE"},
                                     std::move(done));
  }
  std::unique_ptr<Task> knock(Knock knock, KnockDone done) override {
    MtconnectSettings settings;
    settings.host = knock.at.host;
    settings.port = knock.at.port;
    const auto answered = [done = std::move(done),
                           settings](const Result<mtconnect::DevicesDocument>& found) {
      std::vector<ScanHit> hits;
      if (found) {
        hits.push_back({settings.host, settings.port, 0, std::nullopt});
        hits[0].settings = settings;
        for (const mtconnect::Component& device : found->devices) {
          if (device.element == "Device") hits[0].identification = identification_of(device);
        }
      }
      done(std::move(hits));
    };
    return std::make_unique<MtconnectBrowse>(
        loop_, settings, std::chrono::milliseconds(2 * knock.timeout_ms), answered);
  }
  std::unique_ptr<Task> browse(BrowseRequest request, BrowseDone done) override {
    const MtconnectSettings& settings = mtconnect_of(request.settings);
    const auto answered = [done =
                               std::move(done)](const Result<mtconnect::DevicesDocument>& found) {
      if (!found) return done(found.error());
      done(report_of(*found));
    };
    return std::make_unique<MtconnectBrowse>(
        loop_, settings, std::chrono::milliseconds(settings.timeout_ms), answered);
  }

 private:
  sys::EventLoop& loop_;
  sys::Clock& clock_;
  sys::Random& random_;
};

class MtconnectKind : public ProtocolKind {
 public:
  std::string_view name() const override { return "mtconnect"; }
  std::vector<Door> doors() const override { return {{5000, false}}; }
  Browsing browsing() const override { return Browsing::kAtOnce; }

  ProtocolSettings read_settings(Fields& fields) const override {
    MtconnectSettings s;
    fields.require("host");
    fields.string("host", s.host);
    fields.integer("port", s.port, 1, 65535);
    fields.string("device", s.device);
    read_tls(fields, s.tls);
    fields.advanced();
    fields.integer("timeout_ms", s.timeout_ms, 100, 120'000);
    fields.integer("interval_ms", s.interval_ms, 0, 60'000);
    fields.integer("heartbeat_ms", s.heartbeat_ms, 100, 300'000);
    fields.integer("count", s.count, 1, 10'000);
    return s;
  }

  Json settings_json(const ProtocolSettings& of, Secrets secrets) const override {
    const MtconnectSettings& s = mtconnect_of(of);
    Json json = {{"host", s.host},
                 {"port", s.port},
                 {"device", s.device},
                 {"timeout_ms", s.timeout_ms},
                 {"interval_ms", s.interval_ms},
                 {"heartbeat_ms", s.heartbeat_ms},
                 {"count", s.count}};
    add_tls_json(s.tls, secrets, json);
    return json;
  }

  SignalPoint read_point(Fields& fields) const override {
    MtconnectPoint point;
    fields.require("data_item");
    fields.string("data_item", point.data_item);
    fields.word("type", point.type, parse_type, "bool, int64, float32, float64 or string");
    fields.advanced();
    fields.string("part", point.part);
    return point;
  }

  void add_point_json(const SignalPoint& of, Json& signal) const override {
    const MtconnectPoint& point = point_of(of);
    signal["data_item"] = point.data_item;
    signal["type"] = type_name(point.type);
    signal["part"] = point.part;
  }

  Status check_settings(const ProtocolSettings& of) const override {
    const MtconnectSettings& s = mtconnect_of(of);
    if (Status ok = check_host(s.host); !ok) return ok;
    if (!s.device.empty() && !is_name(s.device, kNameBytesMax)) {
      return Error{ErrorId::kInvalidArgument, "settings.device: up to 256 bytes of text"};
    }
    Status numbers = check_numbers({
        {"settings.port", s.port, 1, 65535},
        {"settings.timeout_ms", s.timeout_ms, 100, 120'000},
        {"settings.interval_ms", s.interval_ms, 0, 60'000},
        {"settings.heartbeat_ms", s.heartbeat_ms, 100, 300'000},
        {"settings.count", s.count, 1, 10'000},
    });
    if (!numbers) return numbers;
    return check_tls(s.tls);
  }

  Status check_point(const SignalConfig& signal, const ProtocolSettings& /*of*/) const override {
    const MtconnectPoint& point = point_of(signal.point);
    if (!is_name(point.data_item, kNameBytesMax)) {
      return Error{ErrorId::kInvalidArgument,
                   "data_item: the id of a data item, 1 to 256 bytes of text"};
    }
    if (!point.part.empty() && !is_name(point.part, kNameBytesMax)) {
      return Error{ErrorId::kInvalidArgument, "part: up to 256 bytes of text"};
    }
    if (signal.writable) {
      return Error{ErrorId::kInvalidArgument, "writable: MTConnect has no writing"};
    }
    return {};
  }

  ValueType value_type(const SignalPoint& point) const override { return point_of(point).type; }

  std::string source(const ConnectionConfig& config, const SignalPoint& of) const override {
    const MtconnectPoint& point = point_of(of);
    const std::string part = point.part.empty() ? "" : "#" + point.part;
    return "mtconnect:" + config.name + "/" + point.data_item + part;
  }

  std::unique_ptr<ProtocolRuntime> make_runtime(sys::EventLoop& loop, sys::Clock& clock,
                                                sys::Random& random,
                                                const ManagerOptions& /*options*/) const override {
    return std::make_unique<MtconnectRuntime>(loop, clock, random);
  }
};

}  // namespace

const ProtocolKind& mtconnect_kind() {
  static const MtconnectKind kind;
  return kind;
}

}  // namespace lineshaft::connect
