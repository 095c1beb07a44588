// connect/flows/house.h: what flows ask of the rooms that this one does not know: the catalogue of
// tags, the history, the people. Implemented in app/.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connect/flow.h"

namespace lineshaft::connect {

// Threads: any. Calls that block say so.
class FlowHouse {
 public:
  virtual ~FlowHouse() = default;

  // The tags that match a pattern as in FlowRule::select, in the order of their paths.
  virtual std::vector<TagId> select_tags(TenantId tenant, const std::string& pattern) const = 0;
  virtual std::optional<Tag> find_tag(TenantId tenant, TagId tag) const = 0;
  // Has grown whenever tags have come or got other paths.
  virtual std::uint64_t catalogue_version() const = 0;

  // The newest sample of each tag, nothing for those without. May wait for the disk when a tag is
  // asked for the first time.
  virtual std::vector<std::optional<Sample>> newest(TenantId tenant,
                                                    std::span<const TagId> tags) const = 0;
  // As FlowHost::history, not converted. Blocks.
  virtual Result<std::vector<Sample>> history(TenantId tenant, TagId tag, TimeRange range,
                                              bool newest_first, std::size_t max) const = 0;

  // As FlowHost has them, not converted. Block.
  using Aggregated = FlowHost::Aggregated;
  virtual Aggregated aggregates(TenantId tenant, TagId tag, TimeRange range, Nanoseconds step,
                                historian::Aggregate aggregate,
                                const historian::AggregateOptions& options) const = 0;
  virtual Aggregated interpolated(TenantId tenant, TagId tag, std::span<const Timestamp> times,
                                  const historian::AggregateOptions& options) const = 0;
  virtual Result<std::vector<Sample>> replaced(TenantId tenant, TagId tag,
                                               TimeRange range) const = 0;

  // As FlowHost::admit: a person of that organisation. Blocks.
  virtual Result<FlowUser> admit(TenantId tenant, std::string_view name, std::string_view password,
                                 std::string_view peer) = 0;
  // Has that person the permission to write tags at this moment? True for what is no person.
  virtual bool may_write(TenantId tenant, const FlowUser& user) const = 0;
  // Writes to the machine on a thread of its own and enters it into the audit trail, before and
  // after. `flow` is the name of the one that it came by. Errors: kBusy.
  virtual Status write(TenantId tenant, const std::string& flow, const FlowUser& user, TagId tag,
                       Value value) = 0;

  // As FlowHost::ask_write and confirm_write, of checked values; the second step then goes on as
  // write() does.
  virtual Result<PendingWrite> ask_write(TenantId tenant, const std::string& flow,
                                         const FlowUser& user, TagId tag, Value value) = 0;
  virtual Status confirm_write(TenantId tenant, const std::string& flow, const FlowUser& user,
                               TagId tag, Value value, const std::string& token,
                               const std::string& machine) = 0;

  // Runs `work`, which may block, on another thread. False: not now.
  virtual bool run(std::function<void()> work) = 0;
};

}  // namespace lineshaft::connect
