#include "connect/iec104/outlet.h"

#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "connect/flows/narrow.h"
#include "connect/iec104/server.h"

namespace lineshaft::connect {

namespace {

// Tags come in portions: one start for all of them.
constexpr Nanoseconds kSettle = std::chrono::milliseconds(200);

class Iec104Outlet : public Outlet, private Iec104Plant {
 public:
  Iec104Outlet(const Iec104ServerFlowSettings& settings, const OutletMeans& means)
      : settings_(settings), means_(means), settle_(means.loop.make_timer()) {
    settle();  // a flow without tags answers too
  }

  Status start() {
    server_.reset();  // first: it holds the port
    settling_ = false;
    settle_->cancel();
    std::vector<Iec104ServedPoint> points;
    points.reserve(served_.size());
    for (const auto& [address, served] : served_) points.push_back(served.point);
    Iec104ServerOptions options;
    options.listen = {settings_.listen, settings_.port};
    options.common_address = settings_.common_address;
    options.utc_offset_minutes = settings_.utc_offset_minutes;
    options.connections_max = settings_.connections_max;
    options.tls = tls_context(settings_.tls, sys::TlsSide::kServer);
    auto server = make_iec104_server(means_.loop, *this, std::move(points), options);
    if (!server) return server.error();
    server_ = *std::move(server);
    at_ = server_->local().text();
    return {};
  }

  Status put(std::span<const FlowTag> tags) override {
    for (const FlowTag& tag : tags) {
      Served served;
      served.tag = tag.id;
      served.type = tag.spec.type;
      const bool is_bool = tag.spec.type == ValueType::kBool;
      served.point.address = tag.address;
      served.point.format.kind = is_bool ? iec104::PointKind::kSingle : iec104::PointKind::kFloat;
      served.point.reading = {is_bool ? Value(false) : Value(0.0f),
                              quality::kBadWaitingForInitialData};
      if (tag.current) served.point.reading = reading_of(served, *tag.current);
      if (tag.spec.writable) {
        served.point.command = is_bool ? iec104::CommandKind::kSingle : iec104::CommandKind::kFloat;
        served.point.select_required = settings_.select_required;
      }
      addresses_[tag.id.value] = tag.address;
      served_[tag.address] = served;
    }
    // At first there is nobody who would have to come back.
    if (!server_) return start();
    settle();
    return {};
  }

  void remove(std::span<const TagId> tags) override {
    for (TagId tag : tags) {
      const auto address = addresses_.find(tag.value);
      if (address == addresses_.end()) continue;
      served_.erase(address->second);
      addresses_.erase(address);
    }
    settle();
  }

  void publish(std::vector<FlowSample> samples, Taken taken) override {
    for (const FlowSample& sample : samples) {
      const auto address = addresses_.find(sample.sample.tag.value);
      if (sample.is_past || address == addresses_.end()) continue;
      Served& served = served_.at(address->second);
      served.point.reading = reading_of(served, sample.sample);
      samples_out_ += 1;
      // A point that waits for the new start is told with it.
      if (!settling_ && server_) {
        server_->set(address->second, served.point.reading, sample.sample.time);
      }
    }
    taken({});
  }

  OutletStatus status() const override {
    OutletStatus status;
    status.state = server_ ? OutletState::kUp : OutletState::kDown;
    status.at = at_;
    status.clients = server_ ? server_->counters().connections : 0;
    status.samples_out = samples_out_;
    status.last_error = trouble_;
    return status;
  }

 private:
  struct Served {
    TagId tag;
    ValueType type = ValueType::kFloat64;
    Iec104ServedPoint point;
  };

  static iec104::Reading reading_of(const Served& served, const Sample& sample) {
    if (served.type == ValueType::kBool) return {sample.value, sample.quality};
    Value value = as_double(sample.value);
    const bool fits = narrow(false, true, value);
    // A number that is told as the nearest one is marked by the overflow bit.
    const bool mark = !fits && !sample.quality.bad();
    return {std::move(value), mark ? quality::kUncertainEngineeringUnitsExceeded : sample.quality};
  }

  void settle() {
    settling_ = true;
    settle_->start(kSettle, [this] {
      const Status started = start();
      trouble_ = started ? std::nullopt : std::optional(started.error().text());
      if (!started) settle();
    });
  }

  // --- Iec104Plant ---
  bool on_command(std::uint32_t address, const Value& value) override {
    const auto found = served_.find(address);
    if (found == served_.end()) return false;
    const Served& served = found->second;
    Value wanted = value;
    if (served.type == ValueType::kInt64) {
      const double whole = as_double(value);
      if (!(whole >= -0x1p53 && whole <= 0x1p53)) return false;
      wanted = static_cast<std::int64_t>(std::nearbyint(whole));
    } else {
      widen(served.type, wanted);
    }
    if (type_of(wanted) != served.type) return false;
    return means_.host.write({"control centre", false}, served.tag, std::move(wanted)).ok();
  }

  const Iec104ServerFlowSettings settings_;
  const OutletMeans means_;
  std::map<std::uint32_t, Served> served_;                      // by address
  std::unordered_map<std::uint32_t, std::uint32_t> addresses_;  // by tag
  std::unique_ptr<sys::Timer> settle_;
  bool settling_ = false;
  std::string at_;
  std::optional<std::string> trouble_;
  std::uint64_t samples_out_ = 0;
  std::unique_ptr<Iec104Server> server_;  // last: it asks all of the above
};

}  // namespace

Result<std::unique_ptr<Outlet>> make_iec104_outlet(const Iec104ServerFlowSettings& settings,
                                                   const OutletMeans& means) {
  return std::unique_ptr<Outlet>(std::make_unique<Iec104Outlet>(settings, means));
}

}  // namespace lineshaft::connect
