#include "connect/mtconnect/outlet.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "connect/mtconnect/agent.h"

namespace lineshaft::connect {

namespace {

using mtconnect::Category;
using mtconnect::Component;
using mtconnect::DataItem;

// Tags come in portions: one start for all of them.
constexpr Nanoseconds kSettle = std::chrono::milliseconds(200);

// The sample that a unit suggests. Units as MTConnect writes them; codes of UNECE Rec 20.
struct Suggested {
  std::string_view code, type, units;
};
constexpr std::array<Suggested, 12> kSamples = {{{"CEL", "TEMPERATURE", "CELSIUS"},
                                                 {"WTT", "WATTAGE", "WATT"},
                                                 {"PAL", "PRESSURE", "PASCAL"},
                                                 {"RPM", "ROTARY_VELOCITY", "REVOLUTION/MINUTE"},
                                                 {"HTZ", "FREQUENCY", "HERTZ"},
                                                 {"MMT", "LENGTH", "MILLIMETER"},
                                                 {"KGM", "MASS", "KILOGRAM"},
                                                 {"NEW", "LINEAR_FORCE", "NEWTON"},
                                                 {"NU", "TORQUE", "NEWTON_METER"},
                                                 {"P1", "LOAD", "PERCENT"},
                                                 {"DD", "ANGLE", "DEGREE"},
                                                 {"C16", "LINEAR_VELOCITY", "MILLIMETER/SECOND"}}};

std::string item_id(TagId tag) { return "t" + std::to_string(tag.value); }

DataItem data_item(const FlowTag& tag, const std::string& name) {
  DataItem item;
  item.id = item_id(tag.id);
  item.name = name;
  const bool number = tag.spec.type == ValueType::kFloat32 || tag.spec.type == ValueType::kFloat64;
  const auto sample = std::ranges::find(kSamples, tag.spec.unit, &Suggested::code);
  if (number && sample != kSamples.end()) {
    item.category = Category::kSample;
    item.type = sample->type;
    item.units = sample->units;
  } else {
    item.category = Category::kEvent;
    item.type = "VARIABLE";
  }
  return item;
}

mtconnect::Observation observation(TagId tag, const Sample& sample) {
  mtconnect::Observation seen;
  seen.data_item_id = item_id(tag);
  seen.time = sample.time;
  seen.unavailable = sample.quality.bad();
  seen.text = seen.unavailable ? std::string(mtconnect::kUnavailableText) : to_text(sample.value);
  return seen;
}

class MtconnectOutlet : public Outlet {
 public:
  MtconnectOutlet(const MtconnectAgentFlowSettings& settings, const OutletMeans& means)
      : settings_(settings), means_(means), settle_(means.loop.make_timer()) {}

  Status start() {
    agent_.reset();  // first: it holds the port
    MtconnectAgentOptions options;
    options.listen = {settings_.listen, settings_.port};
    options.connections_max = settings_.connections_max;
    options.responder.buffer_size = settings_.buffer_size;
    // Of the clock: another one after every start.
    options.responder.instance_id =
        static_cast<std::uint64_t>(std::max<std::int64_t>(1, means_.clock.now().ns / 1'000'000));
    std::vector<const FlowTag*> tags;
    for (const auto& [id, tag] : tags_) tags.push_back(&tag);
    std::vector<Component> devices = devices_of_tags(tags);
    auto agent = make_mtconnect_agent(means_.loop, means_.clock, devices, options);
    if (!agent) return agent.error();
    agent_ = *std::move(agent);
    at_ = agent_->local().text();
    for (const Component& device : devices) {
      mtconnect::Observation available;
      available.data_item_id = device.data_items.front().id;
      available.time = means_.clock.now();
      available.text = "AVAILABLE";
      tell(std::move(available));
    }
    for (const auto& [id, tag] : tags_) {
      if (tag.current) tell(observation(tag.id, *tag.current));
    }
    return {};
  }

  Status put(std::span<const FlowTag> tags) override {
    for (const FlowTag& tag : tags) tags_.insert_or_assign(tag.id.value, tag);
    settle();
    return {};
  }
  void remove(std::span<const TagId> tags) override {
    for (const TagId tag : tags) tags_.erase(tag.value);
    settle();
  }

  void publish(std::vector<FlowSample> samples, Taken taken) override {
    for (const FlowSample& one : samples) {
      const auto tag = tags_.find(one.sample.tag.value);
      if (tag == tags_.end()) continue;
      if (!one.is_past) tag->second.current = one.sample;
      samples_out_ += 1;
      // A tag that waits for the new start is told with it.
      if (!settling_ && agent_ && !one.is_past) tell(observation(tag->second.id, one.sample));
    }
    taken({});
  }

  OutletStatus status() const override {
    OutletStatus status;
    status.state = agent_ ? OutletState::kUp : OutletState::kDown;
    status.at = at_;
    status.clients = agent_ ? agent_->counters().connections : 0;
    status.samples_out = samples_out_;
    status.last_error = trouble_;
    return status;
  }

 private:
  void tell(mtconnect::Observation seen) {
    const Status told = agent_->observe(std::move(seen));
    LS_ASSERT(told.ok());
  }
  void settle() {
    settling_ = true;
    settle_->start(kSettle, [this] {
      settling_ = false;
      const Status started = start();
      trouble_ = started ? std::nullopt : std::optional(started.error().text());
      if (!started) settle();
    });
  }

  const MtconnectAgentFlowSettings settings_;
  const OutletMeans means_;
  std::map<std::uint32_t, FlowTag> tags_;  // by id
  std::unique_ptr<sys::Timer> settle_;
  bool settling_ = false;
  std::string at_;
  std::optional<std::string> trouble_;
  std::uint64_t samples_out_ = 0;
  std::unique_ptr<MtconnectAgent> agent_;
};

}  // namespace

std::vector<Component> devices_of_tags(std::span<const FlowTag* const> tags) {
  std::map<std::string, std::vector<const FlowTag*>> machines;
  for (const FlowTag* tag : tags) {
    const std::string& path = tag->spec.path;
    const std::size_t slash = path.rfind('/');
    machines[slash == path.npos ? "lineshaft" : path.substr(0, slash)].push_back(tag);
  }
  if (machines.empty()) machines["lineshaft"];  // an agent has a device, be it an empty one
  std::vector<Component> devices;
  std::set<std::string> names;
  for (const auto& [path, of] : machines) {
    Component device;
    device.element = "Device";
    device.id = "d" + std::to_string(devices.size() + 1);
    device.uuid = path;
    device.name = path.substr(path.rfind('/') + 1);
    if (!names.insert(device.name).second) device.name = path;
    DataItem availability;
    availability.id = device.id + "_avail";
    availability.category = Category::kEvent;
    availability.type = "AVAILABILITY";
    device.data_items.push_back(std::move(availability));
    for (const FlowTag* tag : of) {
      const std::string& name = tag->spec.path;
      device.data_items.push_back(data_item(*tag, name.substr(name.rfind('/') + 1)));
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

Result<std::unique_ptr<Outlet>> make_mtconnect_outlet(const MtconnectAgentFlowSettings& settings,
                                                      const OutletMeans& means) {
  auto outlet = std::make_unique<MtconnectOutlet>(settings, means);
  if (Status started = outlet->start(); !started) return started.error();
  return std::unique_ptr<Outlet>(std::move(outlet));
}

}  // namespace lineshaft::connect
