#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "wire/mtconnect/document.h"

namespace lineshaft::mtconnect {

namespace {

constexpr std::array<std::pair<Category, std::string_view>, 3> kLists = {
    {{Category::kSample, "Samples"},
     {Category::kEvent, "Events"},
     {Category::kCondition, "Condition"}}};

using ById = std::map<std::string_view, std::vector<const Observation*>>;

void write_entries(const Observation& seen, std::string_view /*element*/, XmlWriter& out) {
  for (const Entry& entry : seen.entries) {
    out.open("Entry").attribute("key", entry.key);
    if (entry.removed) out.attribute("removed", "true");
    for (const auto& [key, value] : entry.cells) {
      out.open("Cell").attribute("key", key).text(value).close();
    }
    if (entry.cells.empty() && !entry.value.empty()) out.text(entry.value);
    out.close();
  }
}

std::uint64_t count_words(std::string_view text) {
  std::uint64_t count = 0;
  bool inside = false;
  for (const char c : text) {
    count += c != ' ' && !inside ? 1 : 0;
    inside = c != ' ';
  }
  return count;
}

// A warning or fault needs one that tells it from the others of its data item.
std::string_view condition_id(const DataItem& item, const Observation& seen) {
  if (!seen.condition_id.empty()) return seen.condition_id;
  return seen.native_code.empty() ? item.id : seen.native_code;
}

void write_observation(const DataItem& item, const Observation& seen, XmlWriter& out) {
  const bool condition = item.category == Category::kCondition;
  const std::string element = condition ? std::string(level_name(seen.level))
                                        : element_name(item.type, item.representation);
  out.open(element)
      .attribute("dataItemId", item.id)
      .attribute("sequence", seen.sequence)
      .attribute("timestamp", format_rfc3339(seen.time))
      .optional("name", item.name)
      .optional("subType", item.sub_type)
      .optional("compositionId", item.composition_id);
  if (condition) out.attribute("type", item.type);
  if (condition) out.optional("nativeCode", seen.native_code);
  if (condition && !seen.unavailable) {
    out.optional("nativeSeverity", seen.native_severity).optional("qualifier", seen.qualifier);
    if (seen.level != Level::kNormal) out.attribute("conditionId", condition_id(item, seen));
  }
  out.optional("resetTriggered", seen.reset_triggered);
  if (item.representation == Representation::kTimeSeries) {
    out.attribute("sampleCount", seen.unavailable ? 0 : count_words(seen.text));
    if (seen.sample_rate > 0) {
      char text[32];
      const auto [end, error] = std::to_chars(text, text + sizeof text, seen.sample_rate);
      out.attribute("sampleRate", std::string_view(text, end));
    }
  }
  if (item.representation == Representation::kDataSet ||
      item.representation == Representation::kTable) {
    out.attribute("count", seen.entries.size());
    if (!seen.unavailable) {
      write_entries(seen, element, out);
      out.close();
      return;
    }
  }
  if (seen.unavailable && !condition) {
    out.text(kUnavailableText);
  } else if (!seen.text.empty()) {
    out.text(seen.text);
  }
  out.close();
}

bool has_any(const Component& component, const ById& seen) {
  return std::ranges::any_of(component.data_items,
                             [&](const DataItem& item) { return seen.contains(item.id); });
}

void write_component(const Component& component, const ById& seen, XmlWriter& out) {
  if (has_any(component, seen)) {
    out.open("ComponentStream")
        .attribute("component", component.element)
        .optional("name", component.name)
        .attribute("componentId", component.id);
    for (const auto& [category, list] : kLists) {
      bool opened = false;
      for (const DataItem& item : component.data_items) {
        const auto found = seen.find(item.id);
        if (item.category != category || found == seen.end()) continue;
        if (!opened) out.open(list);
        opened = true;
        for (const Observation* one : found->second) write_observation(item, *one, out);
      }
      if (opened) out.close();
    }
    out.close();
  }
  for (const Component& part : component.components) write_component(part, seen, out);
}

bool has_any_below(const Component& component, const ById& seen) {
  return has_any(component, seen) ||
         std::ranges::any_of(component.components,
                             [&](const Component& part) { return has_any_below(part, seen); });
}

}  // namespace

std::string write_streams(const StreamsDocument& document, const std::vector<Component>& devices) {
  ById seen;
  for (const Observation& one : document.observations) seen[one.data_item_id].push_back(&one);
  XmlWriter out;
  detail::write_header(document.header, "Streams", out);
  out.open("Streams");
  for (const Component& device : devices) {
    if (!has_any_below(device, seen)) continue;
    out.open("DeviceStream").attribute("name", device.name).attribute("uuid", device.uuid);
    write_component(device, seen, out);
    out.close();
  }
  out.close().close();
  return out.take();
}

}  // namespace lineshaft::mtconnect
