// app/flow_rooms.h: the tap before the historian, the flows behind it, and what they ask of the
// house; joined for the server.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "app/flow_house.h"
#include "connect/flows/flows.h"
#include "connect/manager.h"

namespace lineshaft::app {

class FlowRooms {
 public:
  // All must outlive it; `files`: of the queues.
  FlowRooms(sys::EventLoop& loop, historian::Historian& historian, sys::FileSystem& files)
      : loop_(loop), historian_(historian), files_(files), tap_(loop, historian) {}

  // Where every writer of samples appends.
  SampleSink& sink() { return tap_; }
  // Requires: open().
  connect::Flows& flows() { return *flows_; }

  // Starts the flows of `tenants`. Before the loop runs. What is borrowed must outlive it, but the
  // trust store, which may be null. Errors: of the store.
  Status open(identity::Identity& identity, connect::Registry& connections,
              records::Documents& documents, const std::string& folder,
              connect::opcua::TrustStore* trust, std::span<const TenantId> tenants);

  // For the end of the server, before and after the machines are told to stop: finishes writes that
  // came by flows; hands them what the machines said last, then ends them. Not the loop's thread.
  void finish_writes() { house_->stop(); }
  void end(connect::ConnectionManager& manager);
  // Ends the flows, if that was not done. The loop does not run.
  void stop();

 private:
  sys::EventLoop& loop_;
  historian::Historian& historian_;
  sys::FileSystem& files_;
  connect::FlowTap tap_;
  std::unique_ptr<HouseOfFlows> house_;
  std::unique_ptr<connect::Flows> flows_;
};

}  // namespace lineshaft::app
