// connect/flows/plan.h: which tags a flow sends, under which names and addresses, and which it does
// not, and why: what the rules come to with the tags that there are.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connect/flow.h"
#include "connect/flows/house.h"
#include "connect/flows/units.h"

namespace lineshaft::connect {

struct PlannedTag {
  FlowTag tag;  // without its current sample
  UnitConversion conversion;
  ValueType type = ValueType::kFloat64;  // in this house
  std::size_t rule = 0;                  // its index
  friend bool operator==(const PlannedTag& a, const PlannedTag& b);
};

struct LeftOutTag {
  TagId id;
  std::string path;
  std::size_t rule = 0;
  Error why;
};

struct FlowPlan {
  FlowConfig config;
  std::vector<PlannedTag> tags;                           // in the order of their paths
  std::unordered_map<std::uint32_t, std::size_t> by_tag;  // index into tags
  std::vector<LeftOutTag> left_out;                       // in the order of their paths
  // Connections that read from where the flow sends to: what they bring in does not go back.
  std::vector<std::string> loops;
  // How many of the tags come from which connection; "" stands for programs and files.
  std::map<std::string, std::uint64_t> sources;

  const PlannedTag* find(TagId tag) const;
};

// Which addresses are given to which tags: for ever, so that a client that is set up stays right.
class AddressBook {
 public:
  // Has the tag an address that fits, it is that one. Nothing: all are given away.
  std::optional<std::uint32_t> give(TagId tag, std::uint32_t width,
                                    const FlowKind::Addresses& range);
  std::size_t size() const { return extents_.size(); }

  // As a list of [tag, address, width]. Errors: kCorrupt.
  std::string text() const;
  static Result<AddressBook> read(std::string_view text);
  friend bool operator==(const AddressBook&, const AddressBook&) = default;

 private:
  struct Extent {
    std::uint32_t address;
    std::uint32_t width;
    friend bool operator==(const Extent&, const Extent&) = default;
  };
  std::map<TagId, Extent> extents_;
  std::uint64_t end_ = 0;  // behind the highest address that was ever given
};

// Cost: all texts of the selected tags; 100,000 take some tenths of a second.
FlowPlan make_plan(const FlowConfig& config, TenantId tenant, const FlowHouse& house,
                   std::span<const ConnectionConfig> connections, AddressBook& addresses);

// Sample and value as they go out.
Sample convert(const PlannedTag& tag, Sample sample);

}  // namespace lineshaft::connect
