#include "connect/flows/plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "connect/flows/name.h"
#include "model/json.h"

namespace lineshaft::connect {

namespace {

// Level by level, as the catalogue sorts: "a/b" comes before "a b/c".
bool path_before(std::string_view a, std::string_view b) {
  const auto key = [](char c) { return c == '/' ? 0 : 1 + static_cast<unsigned char>(c); };
  return std::ranges::lexicographical_compare(a, b, {}, key, key);
}

bool is_number(ValueType type) {
  return type == ValueType::kInt64 || type == ValueType::kFloat32 || type == ValueType::kFloat64;
}

// The name of the connection in a source: "modbus:press 4/1/holding/100" is of "press 4".
bool is_from(const std::string& source, const std::string& connection) {
  const std::size_t colon = source.find(':');
  if (colon == std::string::npos) return false;
  return std::string_view(source).substr(colon + 1).starts_with(connection + "/");
}

class Planner {
 public:
  Planner(const FlowConfig& config, std::span<const ConnectionConfig> connections,
          AddressBook& addresses)
      : kind_(kind_of(config.settings)), addresses_(addresses) {
    plan_.config = config;
    for (const ConnectionConfig& connection : connections) {
      connections_.push_back(connection.name);
      if (kind_.reads_from(config.settings, connection)) plan_.loops.push_back(connection.name);
    }
  }

  void add(Tag tag, std::size_t rule) {
    LeftOutTag left{tag.id, tag.spec.path, rule, {}};
    if (const Status added = try_add(std::move(tag), rule); !added) {
      left.why = added.error();
      plan_.left_out.push_back(std::move(left));
    }
  }

  FlowPlan done() && {
    for (std::size_t i = 0; i < plan_.tags.size(); ++i) {
      plan_.by_tag.emplace(plan_.tags[i].tag.id.value, i);
    }
    return std::move(plan_);
  }

 private:
  Status try_add(Tag tag, std::size_t rule_index) {
    const FlowRule& rule = plan_.config.rules[rule_index];
    for (const std::string& connection : plan_.loops) {
      if (is_from(tag.spec.source, connection)) {
        return Error{ErrorId::kConflict,
                     "the connection '" + connection +
                         "' reads it from there: it would go round in a circle"};
      }
    }
    if (plan_.tags.size() >= kFlowTagsMax) {
      return Error{ErrorId::kConflict, "a flow takes " + std::to_string(kFlowTagsMax) +
                                           " tags; divide it into several"};
    }
    PlannedTag planned;
    planned.rule = rule_index;
    planned.type = tag.spec.type;
    planned.tag.id = tag.id;
    planned.tag.path = tag.spec.path;
    planned.tag.spec = std::move(tag.spec);
    Result<std::string> name = make_name(rule.name, planned.tag.path);
    if (!name) return Error{name.error().id, "name: " + name.error().what};
    planned.tag.spec.path = *std::move(name);
    planned.tag.spec.writable = planned.tag.spec.writable && plan_.config.writes_enabled;
    if (Status unit = convert_unit(rule.unit, planned); !unit) return unit;
    const TagSpec& spec = planned.tag.spec;
    if (Status can = kind_.check_tag(plan_.config.settings, spec); !can) return can;
    if (names_.contains(spec.path)) {
      return Error{ErrorId::kConflict, "'" + spec.path + "' is the name of another tag already"};
    }
    if (Status has = give_address(planned); !has) return has;
    names_.insert(spec.path);
    plan_.sources[connection_of(spec.source)] += 1;
    plan_.tags.push_back(std::move(planned));
    return {};
  }

  std::string connection_of(const std::string& source) const {
    if (source.empty()) return "";
    const auto found = std::ranges::find_if(
        connections_, [&](const std::string& name) { return is_from(source, name); });
    return found == connections_.end() ? "" : *found;
  }

  static Status convert_unit(const std::string& unit, PlannedTag& planned) {
    TagSpec& spec = planned.tag.spec;
    if (unit.empty() || unit == spec.unit) return {};
    if (!is_number(spec.type) || !spec.enum_set.empty()) {
      return Error{ErrorId::kInvalidArgument, "unit: the tag is no number that has a unit"};
    }
    const Result<UnitConversion> conversion = unit_conversion(spec.unit, unit);
    if (!conversion) return Error{conversion.error().id, "unit: " + conversion.error().what};
    planned.conversion = *conversion;
    spec.unit = unit;
    spec.type = converted_type(spec.type);
    for (auto* bound : {&spec.range_low, &spec.range_high}) {
      if (*bound) *bound = conversion->apply(**bound);
    }
    return {};
  }

  Status give_address(PlannedTag& planned) {
    const std::uint32_t width = kind_.width(plan_.config.settings, planned.tag.spec);
    if (width == 0) return {};
    const auto address =
        addresses_.give(planned.tag.id, width, kind_.addresses(plan_.config.settings));
    if (!address) {
      return Error{ErrorId::kConflict,
                   "every address is given away; serve fewer tags, or some in a second flow"};
    }
    planned.tag.address = *address;
    return {};
  }

  const FlowKind& kind_;
  AddressBook& addresses_;
  std::vector<std::string> connections_;  // their names
  FlowPlan plan_;
  std::unordered_set<std::string> names_;
};

}  // namespace

bool operator==(const PlannedTag& a, const PlannedTag& b) {
  return a.tag.id == b.tag.id && a.tag.path == b.tag.path && a.tag.spec == b.tag.spec &&
         a.tag.address == b.tag.address && a.conversion == b.conversion && a.type == b.type &&
         a.rule == b.rule;
}

const PlannedTag* FlowPlan::find(TagId tag) const {
  const auto found = by_tag.find(tag.value);
  return found == by_tag.end() ? nullptr : &tags[found->second];
}

std::optional<std::uint32_t> AddressBook::give(TagId tag, std::uint32_t width,
                                               const FlowKind::Addresses& range) {
  LS_ASSERT(width > 0 && range.align > 0 && width <= range.page);
  if (const auto found = extents_.find(tag); found != extents_.end()) {
    const Extent& has = found->second;
    if (has.width == width && has.address >= range.first &&
        std::uint64_t{has.address} + width - 1 <= range.last) {
      return has.address;
    }
  }
  std::uint64_t at = std::max<std::uint64_t>(range.first, end_);
  at = (at + range.align - 1) / range.align * range.align;
  if (at % range.page + width > range.page) at = (at / range.page + 1) * range.page;
  if (at + width - 1 > range.last) return std::nullopt;
  end_ = at + width;
  extents_[tag] = {static_cast<std::uint32_t>(at), width};
  return static_cast<std::uint32_t>(at);
}

std::string AddressBook::text() const {
  Json list = Json::array();
  for (const auto& [tag, extent] : extents_) {
    list.push_back(Json::array({tag.value, extent.address, extent.width}));
  }
  return dump({{"end", end_}, {"tags", std::move(list)}});
}

Result<AddressBook> AddressBook::read(std::string_view text) {
  const Error broken{ErrorId::kCorrupt, "the list of addresses of a flow cannot be read"};
  const Result<Json> json = parse_json(text);
  if (!json || !json->is_object() || !json->contains("end") || !(*json)["end"].is_number_unsigned())
    return broken;
  AddressBook book;
  book.end_ = (*json)["end"].get<std::uint64_t>();
  for (const Json& item : json->value("tags", Json::array())) {
    if (!item.is_array() || item.size() != 3) return broken;
    for (const Json& number : item) {
      if (!number.is_number_unsigned() || number.get<std::uint64_t>() > UINT32_MAX) return broken;
    }
    const Extent extent{item[1].get<std::uint32_t>(), item[2].get<std::uint32_t>()};
    book.extents_[{item[0].get<std::uint32_t>()}] = extent;
    book.end_ = std::max(book.end_, std::uint64_t{extent.address} + extent.width);
  }
  return book;
}

FlowPlan make_plan(const FlowConfig& config, TenantId tenant, const FlowHouse& house,
                   std::span<const ConnectionConfig> connections, AddressBook& addresses) {
  struct Chosen {
    Tag tag;
    std::size_t rule;
  };
  std::vector<Chosen> chosen;
  std::unordered_set<std::uint32_t> seen;
  for (std::size_t rule = 0; rule < config.rules.size(); ++rule) {
    for (TagId id : house.select_tags(tenant, config.rules[rule].select)) {
      if (!seen.insert(id.value).second || config.rules[rule].leave_out) continue;
      if (auto tag = house.find_tag(tenant, id)) chosen.push_back({*std::move(tag), rule});
    }
  }
  if (config.rules.size() > 1) {
    std::ranges::stable_sort(chosen, [](const Chosen& a, const Chosen& b) {
      return path_before(a.tag.spec.path, b.tag.spec.path);
    });
  }
  Planner planner(config, connections, addresses);
  for (Chosen& one : chosen) planner.add(std::move(one.tag), one.rule);
  return std::move(planner).done();
}

Sample convert(const PlannedTag& tag, Sample sample) {
  if (tag.conversion.changes()) sample.value = convert(tag.conversion, sample.value);
  return sample;
}

}  // namespace lineshaft::connect
