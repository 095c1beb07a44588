// A machine with an MTConnect agent of its own.
#include <algorithm>

#include "connect/mtconnect/agent.h"

#include "connect/mtconnect/outlet.h"
#include "plant/feed.h"
#include "plant/served_machine.h"

namespace lineshaft::plant {
namespace {

class MtconnectMachine final : public ServedMachine {
 public:
  MtconnectMachine(const Machine& machine, const Hall& hall)
      : machine_(machine),
        feed_(machine, hall.loop, hall.clock, hall.speed, [this](const auto& changed) {
          for (const std::size_t signal : changed) tell(signal);
        }) {}

  Status start(const Hall& hall) {
    std::vector<connect::FlowTag> tags(machine_.signals.size());
    std::vector<const connect::FlowTag*> all;
    for (std::size_t i = 0; i < tags.size(); ++i) {
      tags[i].id = {static_cast<std::uint32_t>(i + 1)};
      tags[i].spec.path = machine_.signals[i].config.path;
      tags[i].spec.type = type_of(feed_.value(i));
      tags[i].spec.unit = machine_.signals[i].config.unit;
      all.push_back(&tags[i]);
    }
    std::vector<mtconnect::Component> devices = connect::devices_of_tags(all);
    const std::string availability = devices.front().data_items.front().id;
    connect::MtconnectAgentOptions options;
    options.listen = {"127.0.0.1", machine_.port};
    options.responder.instance_id =
        static_cast<std::uint64_t>(std::max<std::int64_t>(1, feed_.time().ns / 1'000'000));
    auto agent = connect::make_mtconnect_agent(hall.loop, hall.clock, std::move(devices), options);
    if (!agent) return agent.error();
    agent_ = *std::move(agent);
    observe(availability, "AVAILABLE");
    for (std::size_t i = 0; i < tags.size(); ++i) tell(i);
    return {};
  }

 private:
  void tell(std::size_t signal) {
    const auto& point = std::get<connect::MtconnectPoint>(machine_.signals[signal].config.point);
    observe(point.data_item, to_text(feed_.value(signal)));
  }
  void observe(const std::string& item, std::string text) {
    mtconnect::Observation seen;
    seen.data_item_id = item;
    seen.time = feed_.time();
    seen.text = std::move(text);
    const Status told = agent_->observe(std::move(seen));
    LS_ASSERT(told.ok());
  }

  const Machine& machine_;
  Feed feed_;
  std::unique_ptr<connect::MtconnectAgent> agent_;
};

}  // namespace

MadeMachine serve_mtconnect_machine(const Machine& machine, const Hall& hall) {
  auto made = std::make_unique<MtconnectMachine>(machine, hall);
  if (Status started = made->start(hall); !started) return started.error();
  return std::unique_ptr<ServedMachine>(std::move(made));
}

}  // namespace lineshaft::plant
