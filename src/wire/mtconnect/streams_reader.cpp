#include <algorithm>
#include <charconv>

#include "wire/mtconnect/document.h"

namespace lineshaft::mtconnect {

namespace {

Error bad(std::string what) { return Error{ErrorId::kBadAnswer, std::move(what)}; }

std::optional<Category> category_of(std::string_view list) {
  if (list == "Samples") return Category::kSample;
  if (list == "Events") return Category::kEvent;
  if (list == "Condition") return Category::kCondition;
  return std::nullopt;
}

std::optional<Level> parse_level(std::string_view element) {
  for (const auto level : {Level::kUnavailable, Level::kNormal, Level::kWarning, Level::kFault}) {
    if (level_name(level) == element) return level;
  }
  return std::nullopt;
}

Entry read_entry(const XmlElement& element) {
  Entry entry;
  entry.key = element.attribute("key");
  entry.value = element.text;
  entry.removed = element.attribute("removed") == "true";
  for (const XmlElement& cell : element.children) {
    entry.cells.emplace_back(cell.attribute("key"), cell.text);
  }
  return entry;
}

Result<Observation> read_observation(const XmlElement& element, Category category) {
  Observation seen;
  seen.data_item_id = element.attribute("dataItemId");
  seen.category = category;
  const std::string_view sequence = element.attribute("sequence");
  const auto [end, error] =
      std::from_chars(sequence.data(), sequence.data() + sequence.size(), seen.sequence);
  const auto time = parse_timestamp(element.attribute("timestamp"));
  if (seen.data_item_id.empty() || seen.data_item_id.size() > kIdBytesMax || !time ||
      sequence.empty() || error != std::errc() || end != sequence.data() + sequence.size()) {
    return bad("an observation has no dataItemId, sequence or timestamp that is one: <" +
               element.name.substr(0, 64) + ">");
  }
  seen.time = *time;
  seen.text = element.text;
  seen.native_code = element.attribute("nativeCode");
  seen.native_severity = element.attribute("nativeSeverity");
  seen.qualifier = element.attribute("qualifier");
  seen.condition_id = element.attribute("conditionId");
  seen.reset_triggered = element.attribute("resetTriggered");
  const std::string_view rate = element.attribute("sampleRate");
  std::from_chars(rate.data(), rate.data() + rate.size(), seen.sample_rate);
  if (!(seen.sample_rate > 0 && seen.sample_rate < 1e9)) seen.sample_rate = 0;
  seen.is_set = element.name.ends_with("DataSet") || element.name.ends_with("Table");
  if (seen.is_set) {
    for (const XmlElement& child : element.children) seen.entries.push_back(read_entry(child));
  }
  if (category == Category::kCondition) {
    const auto level = parse_level(element.name);
    if (!level) return bad("a condition is none of the four: <" + element.name.substr(0, 64) + ">");
    seen.level = *level;
    seen.unavailable = *level == Level::kUnavailable;
  } else {
    seen.unavailable = seen.text == kUnavailableText;
  }
  return seen;
}

Status read_component(const XmlElement& stream, std::vector<Observation>& all) {
  for (const XmlElement& list : stream.children) {
    const auto category = category_of(list.name);
    if (!category) continue;
    for (const XmlElement& element : list.children) {
      if (all.size() == kObservationsMax) return bad("the document has too many observations");
      auto seen = read_observation(element, *category);
      if (!seen) return seen.error();
      all.push_back(*std::move(seen));
    }
  }
  return {};
}

}  // namespace

namespace detail {

Result<StreamsDocument> read_streams(const XmlElement& root) {
  auto header = read_header(root);
  if (!header) return header.error();
  StreamsDocument document;
  document.header = *std::move(header);
  const XmlElement* streams = root.child("Streams");
  if (streams == nullptr) return bad("the document has no Streams");
  for (const XmlElement& device : streams->children) {
    for (const XmlElement& component : device.children) {
      if (Status read = read_component(component, document.observations); !read) {
        return read.error();
      }
    }
  }
  // A document groups by component; what happened first is told by the numbers.
  std::ranges::stable_sort(document.observations, {}, &Observation::sequence);
  return document;
}

}  // namespace detail

}  // namespace lineshaft::mtconnect
