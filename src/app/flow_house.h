// app/flow_house.h: what flows ask of the historian, the people and the machines.
#pragma once

#include <memory>
#include <mutex>

#include "connect/flows/house.h"
#include "connect/registry.h"
#include "historian/historian.h"
#include "identity/identity.h"
#include "sys/worker_pool.h"

namespace lineshaft::app {

class HouseOfFlows final : public connect::FlowHouse {
 public:
  // What is borrowed must outlive it.
  HouseOfFlows(historian::Historian& historian, identity::Identity& identity,
               connect::Registry& connections);

  // Finishes the work under way and takes no more. Requires: the loop and the connections run, and
  // the caller is not the loop's thread.
  void stop();

  std::vector<TagId> select_tags(TenantId tenant, const std::string& pattern) const override;
  std::optional<Tag> find_tag(TenantId tenant, TagId tag) const override;
  std::uint64_t catalogue_version() const override;
  std::vector<std::optional<Sample>> newest(TenantId tenant,
                                            std::span<const TagId> tags) const override;
  Result<std::vector<Sample>> history(TenantId tenant, TagId tag, TimeRange range,
                                      bool newest_first, std::size_t max) const override;
  Result<connect::FlowUser> admit(TenantId tenant, std::string_view name, std::string_view password,
                                  std::string_view peer) override;
  bool may_write(TenantId tenant, const connect::FlowUser& user) const override;
  Status write(TenantId tenant, const std::string& flow, const connect::FlowUser& user, TagId tag,
               Value value) override;
  bool run(std::function<void()> work) override;

 private:
  void carry_out(TenantId tenant, const std::string& flow, const connect::FlowUser& user, TagId tag,
                 const Value& value);

  historian::Historian& historian_;
  identity::Identity& identity_;
  connect::Registry& connections_;
  std::mutex mutex_;
  std::unique_ptr<sys::WorkerPool> workers_;  // guarded; null at the end
};

}  // namespace lineshaft::app
