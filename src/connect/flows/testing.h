// connect/flows/testing.h: a house with a few tags, for the tests of this folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "connect/flows/house.h"
#include "connect/flows/runner.h"
#include "connect/testing.h"
#include "sys/sim/disk.h"

namespace lineshaft::connect::testing {

// Tags in a map; a pattern is "**", or the beginning of paths before "/**", or a path.
class MapHouse : public FlowHouse {
 public:
  std::map<std::uint32_t, Tag> tags;
  std::map<std::uint32_t, Sample> values;
  std::map<std::string, std::string> passwords;  // of people, who may all write
  struct Write {
    std::string user;
    TagId tag;
    Value value;
  };
  std::vector<Write> writes;

  Tag& add(std::uint32_t id, std::string path, ValueType type = ValueType::kFloat64,
           std::string unit = "") {
    Tag tag;
    tag.id = {id};
    tag.spec.path = std::move(path);
    tag.spec.type = type;
    tag.spec.unit = std::move(unit);
    return tags[id] = tag;
  }

  std::vector<TagId> select_tags(TenantId, const std::string& pattern) const override {
    std::map<std::string, TagId> found;
    for (const auto& [id, tag] : tags) {
      const bool below = pattern.ends_with("/**") &&
                         tag.spec.path.starts_with(pattern.substr(0, pattern.size() - 2));
      if (pattern == "**" || pattern == tag.spec.path || below) found[tag.spec.path] = tag.id;
    }
    std::vector<TagId> ids;
    for (const auto& [path, id] : found) ids.push_back(id);
    return ids;
  }
  std::optional<Tag> find_tag(TenantId, TagId tag) const override {
    const auto found = tags.find(tag.value);
    return found == tags.end() ? std::nullopt : std::optional(found->second);
  }
  std::uint64_t catalogue_version() const override { return tags.size(); }
  std::vector<std::optional<Sample>> newest(TenantId, std::span<const TagId> ids) const override {
    std::vector<std::optional<Sample>> samples;
    for (TagId id : ids) {
      const auto found = values.find(id.value);
      samples.push_back(found == values.end() ? std::nullopt : std::optional(found->second));
    }
    return samples;
  }
  Result<std::vector<Sample>> history(TenantId, TagId, TimeRange, bool,
                                      std::size_t) const override {
    return std::vector<Sample>();
  }
  Aggregated aggregates(TenantId, TagId, TimeRange, Nanoseconds, historian::Aggregate,
                        const historian::AggregateOptions&) const override {
    return std::vector<historian::AggregateValue>();
  }
  Aggregated interpolated(TenantId, TagId, std::span<const Timestamp>,
                          const historian::AggregateOptions&) const override {
    return std::vector<historian::AggregateValue>();
  }
  Result<std::vector<Sample>> replaced(TenantId, TagId, TimeRange) const override {
    return std::vector<Sample>();
  }
  Result<FlowUser> admit(TenantId, std::string_view name, std::string_view password,
                         std::string_view) override {
    const auto found = passwords.find(std::string(name));
    if (found != passwords.end() && found->second == password) return FlowUser{found->first, true};
    return Error{ErrorId::kSignInFailed, "no"};
  }
  bool may_write(TenantId, const FlowUser& user) const override {
    return !user.is_person || passwords.contains(user.name);
  }
  Status write(TenantId, const std::string&, const FlowUser& user, TagId tag,
               Value value) override {
    writes.push_back({user.name, tag, std::move(value)});
    return {};
  }
  std::vector<std::string> steps;
  Result<PendingWrite> ask_write(TenantId, const std::string&, const FlowUser& user, TagId tag,
                                 Value value) override {
    steps.push_back(user.name + " asks " + std::to_string(tag.value) + " = " + to_text(value));
    return PendingWrite{"token", "press", value, user.name, {}, false};
  }
  Status confirm_write(TenantId, const std::string&, const FlowUser& user, TagId tag, Value value,
                       const std::string& token, const std::string& machine) override {
    if (token != "token") return Error{ErrorId::kConflict, "token"};
    steps.push_back(user.name + " confirms " + std::to_string(tag.value) + " = " + to_text(value) +
                    " of " + machine);
    return {};
  }
  bool run(std::function<void()> work) override {
    work();
    return true;
  }
};

// A flow on a simulated loop.
struct FlowPlant {
  sys::SimLoop loop;
  sys::SimClock clock{loop};
  sys::SimRandom random{42};
  sys::SimDisk disk;
  MapHouse house;
  AddressBook addresses;
  const FlowMeans means{loop, clock, random, disk, "flows", nullptr, house};
  std::unique_ptr<FlowRunner> runner;

  std::shared_ptr<const FlowPlan> plan(const FlowConfig& config,
                                       const std::vector<ConnectionConfig>& connections = {}) {
    return std::make_shared<const FlowPlan>(
        make_plan(config, kTenant, house, connections, addresses));
  }
  void start(const FlowConfig& config) {
    runner = std::make_unique<FlowRunner>(means, kTenant, 1, plan(config));
    loop.run_for(1ms);
  }
  // A sample of now, as the tap hands it over.
  void sample(std::uint32_t tag, Value value, Quality quality = quality::kGood) {
    const Sample sample{{tag}, clock.now(), quality, std::move(value)};
    house.values[tag] = sample;
    runner->take(std::span(&sample, 1), [](const Status&) {});
  }
};

}  // namespace lineshaft::connect::testing
