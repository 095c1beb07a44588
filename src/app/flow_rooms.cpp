#include "app/flow_rooms.h"

#include <thread>

#include "connect/on_loop.h"

namespace lineshaft::app {

namespace {

// A disk that takes longer than two seconds for the last samples takes them without the flows.
constexpr int kDrainLooks = 100;
constexpr auto kDrainLook = std::chrono::milliseconds(20);

}  // namespace

Status FlowRooms::open(identity::Identity& identity, connect::Registry& connections,
                       records::Documents& documents, const std::string& folder,
                       connect::opcua::TrustStore* trust, std::span<const TenantId> tenants) {
  house_ = std::make_unique<HouseOfFlows>(historian_, identity, connections);
  auto flows = connect::Flows::open(
      {{loop_, sys::real_clock(), sys::real_random(), files_, folder, trust, *house_},
       tap_,
       documents,
       [&connections](TenantId tenant) { return connections.configs(tenant); },
       [&connections] { return connections.changes(); }},
      tenants);
  if (!flows) return flows.error();
  flows_ = *std::move(flows);
  return {};
}

void FlowRooms::end(connect::ConnectionManager& manager) {
  for (int i = 0; i < kDrainLooks; ++i) {
    const auto waiting =
        connect::on_loop(loop_, [&manager] { return manager.counters().samples_waiting; });
    if (waiting == 0) break;
    std::this_thread::sleep_for(kDrainLook);
  }
  connect::on_loop(loop_, [this] { flows_->stop(); });
}

void FlowRooms::stop() {
  if (flows_) flows_->stop();
}

}  // namespace lineshaft::app
