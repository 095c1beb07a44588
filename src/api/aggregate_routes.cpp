#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/resources.h"

namespace lineshaft::api {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
// Windows times aggregates of one answer; each takes some 150 bytes of JSON.
constexpr std::uint64_t kCellsMax = 200'000;
constexpr std::size_t kInstantsMax = 10'000;

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

Json window_json(const historian::AggregateWindow& window) {
  Json json = {{"from", format_rfc3339(window.from)},
               {"count", window.count},
               {"bad_count", window.bad_count}};
  const auto number = [&](double value) {
    return window.count == 0 ? Json() : value_json(Value(value));
  };
  json["min"] = number(window.min);
  json["max"] = number(window.max);
  json["mean"] = number(window.sum / static_cast<double>(window.count));
  json["sum"] = number(window.sum);
  json["first"] = number(window.first);
  json["last"] = number(window.last);
  return json;
}

Result<bool> query_flag(const Request& request, const char* name, bool fallback) {
  const std::optional<std::string> text = request.query(name);
  if (!text) return fallback;
  if (*text == "true" || *text == "false") return *text == "true";
  return Error{ErrorId::kInvalidArgument, std::string(name) + ": must be true or false"};
}

Result<historian::AggregateOptions> query_options(const Request& request) {
  historian::AggregateOptions options;
  const auto bad = request.query_number("percent_data_bad", options.percent_data_bad, 100);
  if (!bad) return bad.error();
  const auto good = request.query_number("percent_data_good", options.percent_data_good, 100);
  if (!good) return good.error();
  const auto uncertain =
      query_flag(request, "treat_uncertain_as_bad", options.treat_uncertain_as_bad);
  if (!uncertain) return uncertain.error();
  const auto sloped =
      query_flag(request, "use_sloped_extrapolation", options.use_sloped_extrapolation);
  if (!sloped) return sloped.error();
  options.percent_data_bad = static_cast<std::uint32_t>(*bad);
  options.percent_data_good = static_cast<std::uint32_t>(*good);
  options.treat_uncertain_as_bad = *uncertain;
  options.use_sloped_extrapolation = *sloped;
  return options;
}

Result<std::vector<historian::Aggregate>> parse_aggregates(std::string_view text) {
  std::vector<historian::Aggregate> aggregates;
  for (std::string_view name : split(text)) {
    const Result<historian::Aggregate> aggregate = historian::parse_aggregate(name);
    if (!aggregate) return Error{aggregate.error().id, "aggregates: " + aggregate.error().what};
    if (std::find(aggregates.begin(), aggregates.end(), *aggregate) == aggregates.end()) {
      aggregates.push_back(*aggregate);
    }
  }
  return aggregates;
}

// Where a value comes from, in words; the StatusCode says the same in its low bits.
const char* origin(std::uint32_t code) {
  if ((code & historian::history_bits::kDataValue) == 0) return "raw";
  if ((code & historian::history_bits::kCalculated) != 0) return "calculated";
  return (code & historian::history_bits::kInterpolated) != 0 ? "interpolated" : "raw";
}

Json answer_json(const historian::AggregateValue& answer, bool is_quality) {
  const std::uint32_t code = answer.status.code;
  Json json = {{"time", format_rfc3339(answer.time)},
               {"value", nullptr},
               {"quality", quality_name({code & 0xFFFF0000})},
               {"quality_code", code}};
  if (!answer.value) return json;
  json["value"] = is_quality ? Json(quality_name({static_cast<std::uint32_t>(*answer.value)}))
                             : value_json(Value(*answer.value));
  json["origin"] = origin(code);
  if ((code & historian::history_bits::kPartial) != 0) json["partial"] = true;
  if ((code & historian::history_bits::kMultiValue) != 0) json["multiple_values"] = true;
  return json;
}

// Aggregates of OPC UA Part 13: an object of answers for each window, by their names.
Result<Reply> processed(const Services& services, const Request& request, const Tag& tag,
                        TimeRange range, Nanoseconds step, std::string_view names) {
  const auto aggregates = parse_aggregates(names);
  if (!aggregates) return aggregates.error();
  const auto options = query_options(request);
  if (!options) return options.error();
  if (range.empty()) return Error{ErrorId::kInvalidArgument, "from: must be before to"};
  const std::uint64_t windows = historian::Windows::steps_in(range, step);
  if (windows > kCellsMax / aggregates->size()) {
    return Error{ErrorId::kInvalidArgument,
                 "step_ms: more than 200000 answers; ask for fewer windows or aggregates"};
  }
  const auto answers =
      services.historian.aggregates(request.tenant(), tag.id, range, step, *aggregates, *options);
  if (!answers) return answers.error();
  Json items = Json::array();
  Timestamp from = range.from;
  for (auto answer = answers->begin(); answer != answers->end(); from = from + step) {
    Json item = {{"from", format_rfc3339(from)}};
    for (historian::Aggregate aggregate : *aggregates) {
      const bool is_quality = aggregate == historian::Aggregate::kWorstQuality;
      item[std::string(historian::aggregate_name(aggregate))] = answer_json(*answer++, is_quality);
    }
    items.push_back(std::move(item));
  }
  return Reply::json({{"items", std::move(items)}});
}

Result<Reply> aggregate(const Services& services, const Request& request) {
  const Result<Tag> tag = query_tag(services, request);
  if (!tag) return tag.error();
  const Result<TimeRange> range = request.query_range();
  if (!range) return range.error();
  const Result<std::uint64_t> step_ms = request.query_number("step_ms", 60'000, 1ULL << 40);
  if (!step_ms) return step_ms.error();
  if (*step_ms == 0) return Error{ErrorId::kInvalidArgument, "step_ms: must be at least 1"};
  const Nanoseconds step(static_cast<std::int64_t>(*step_ms) * kNsPerMs);
  if (const auto names = request.query("aggregates")) {
    return processed(services, request, *tag, *range, step, *names);
  }
  const auto windows = services.historian.aggregate(request.tenant(), tag->id, *range, step);
  if (!windows) return windows.error();
  Json items = Json::array();
  for (const auto& window : *windows) items.push_back(window_json(window));
  return Reply::json({{"items", std::move(items)}});
}

// The value at each of some instants, interpolated where there is no sample.
Result<Reply> at(const Services& services, const Request& request) {
  const Result<Tag> tag = query_tag(services, request);
  if (!tag) return tag.error();
  const auto options = query_options(request);
  if (!options) return options.error();
  const std::string text = request.query("times").value_or("");
  const std::vector<std::string_view> parts = split(text);
  if (parts.size() > kInstantsMax) {
    return Error{ErrorId::kInvalidArgument, "times: at most 10000"};
  }
  std::vector<Timestamp> times;
  for (std::string_view part : parts) {
    const Result<Timestamp> time = parse_timestamp(part);
    if (!time) return Error{time.error().id, "times: " + time.error().what};
    times.push_back(*time);
  }
  const auto answers = services.historian.interpolated(request.tenant(), tag->id, times, *options);
  if (!answers) return answers.error();
  Json items = Json::array();
  for (const auto& answer : *answers) items.push_back(answer_json(answer, false));
  return Reply::json({{"items", std::move(items)}});
}

}  // namespace

std::vector<Route> aggregate_routes(const Services& services) {
  const Rule read = Rule::needs_at(identity::Permission::kTagRead);
  return {
      {"GET", "/values/aggregate", read, "Aggregates of one tag per window", "", "Aggregates",
       bind(services, aggregate)},
      {"GET", "/values/at", read, "Values of one tag at instants, interpolated", "",
       "InterpolatedValues", bind(services, at)},
  };
}

}  // namespace lineshaft::api
