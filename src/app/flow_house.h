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
  Aggregated aggregates(TenantId tenant, TagId tag, TimeRange range, Nanoseconds step,
                        historian::Aggregate aggregate,
                        const historian::AggregateOptions& options) const override {
    return historian_.aggregates(tenant, tag, range, step, std::span(&aggregate, 1), options);
  }
  Aggregated interpolated(TenantId tenant, TagId tag, std::span<const Timestamp> times,
                          const historian::AggregateOptions& options) const override {
    return historian_.interpolated(tenant, tag, times, options);
  }
  Result<std::vector<Sample>> replaced(TenantId tenant, TagId tag, TimeRange range) const override {
    return historian_.replaced(tenant, tag, range);
  }
  Result<connect::FlowUser> admit(TenantId tenant, std::string_view name, std::string_view password,
                                  std::string_view peer) override;
  bool may_write(TenantId tenant, const connect::FlowUser& user) const override;
  Status write(TenantId tenant, const std::string& flow, const connect::FlowUser& user, TagId tag,
               Value value) override;
  Result<connect::PendingWrite> ask_write(TenantId tenant, const std::string& flow,
                                          const connect::FlowUser& user, TagId tag,
                                          Value value) override;
  Status confirm_write(TenantId tenant, const std::string& flow, const connect::FlowUser& user,
                       TagId tag, Value value, const std::string& token,
                       const std::string& machine) override;
  bool run(std::function<void()> work) override;

 private:
  connect::WriteOrder order_of(TenantId tenant, const connect::FlowUser& user, TagId tag,
                               Value value) const;
  Status carry_out_soon(const std::string& flow, connect::WriteOrder order);
  void carry_out(const std::string& flow, const connect::WriteOrder& order);
  // Into the audit trail; `what` happened to the tag of the order.
  Status note(const connect::WriteOrder& order, const char* action, const std::string& what,
              const connect::WriteOutcome* done = nullptr);

  historian::Historian& historian_;
  identity::Identity& identity_;
  connect::Registry& connections_;
  std::mutex mutex_;
  std::unique_ptr<sys::WorkerPool> workers_;  // guarded; null at the end
};

}  // namespace lineshaft::app
