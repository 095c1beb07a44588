#include "intake/import_json.h"

#include <exception>
#include <functional>

#include "intake/json_parts.h"

namespace lineshaft::intake {
namespace {

// --- out ---

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kMissing:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kDenied:
      return 403;
    case ErrorCode::kUnreachable:
      return 502;
    case ErrorCode::kTimeout:
      return 504;
    case ErrorCode::kFull:
      return 503;
    default:
      return 500;
  }
}

Json problem_value(const Error& error) {
  const ErrorEntry& entry = error_entry(error.id);
  const std::string number = error_number(error.id);
  return {
      {"type", "/errors/" + number}, {"title", entry.title}, {"status", http_status(entry.code)},
      {"detail", error.what},        {"id", number},         {"remedy", entry.remedy}};
}

// --- in: a change of a plan, field by field ---

Error wrong(const std::string& field, const std::string& problem) {
  return {ErrorId::kInvalidArgument, field + ": " + problem};
}

std::optional<Error> read(const std::string& field, const Json& value,
                          std::optional<std::string>& out) {
  if (!value.is_string()) return wrong(field, "must be a text");
  out = value.get<std::string>();
  return std::nullopt;
}

std::optional<Error> read(const std::string& field, const Json& value, std::optional<bool>& out) {
  if (!value.is_boolean()) return wrong(field, "must be true or false");
  out = value.get<bool>();
  return std::nullopt;
}

std::optional<Error> read(const std::string& field, const Json& value,
                          std::optional<std::uint32_t>& out) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 1'000'000) {
    return wrong(field, "must be a number from 0 to 1,000,000");
  }
  out = value.get<std::uint32_t>();
  return std::nullopt;
}

// A word that `parse` knows.
template <typename T, typename Parse>
std::optional<Error> read_word(const std::string& field, const Json& value, Parse parse,
                               std::optional<T>& out) {
  std::optional<std::string> text;
  if (auto error = read(field, value, text)) return error;
  Result<T> parsed = parse(*text);
  if (!parsed.ok()) return std::move(parsed).error();
  out = std::move(parsed).value();
  return std::nullopt;
}

// One of the given characters.
std::optional<Error> read_char(const std::string& field, const Json& value,
                               std::string_view allowed, std::optional<char>& out) {
  std::optional<std::string> text;
  if (auto error = read(field, value, text)) return error;
  if (text->size() != 1 || allowed.find(text->front()) == std::string_view::npos) {
    return wrong(field, "must be one character of '" + std::string(allowed) + "'");
  }
  out = text->front();
  return std::nullopt;
}

std::optional<Error> read_start(const std::string& field, const Json& value,
                                std::optional<std::optional<Timestamp>>& out) {
  out.emplace();
  if (value.is_null()) return std::nullopt;
  std::optional<std::string> text;
  if (auto error = read(field, value, text)) return error;
  const Result<Timestamp> time = parse_timestamp(*text);
  if (!time.ok()) return wrong(field, time.error().what);
  *out = *time;
  return std::nullopt;
}

std::optional<Error> read_step(const std::string& field, const Json& value,
                               std::optional<std::optional<std::int64_t>>& out) {
  constexpr std::int64_t kStepMax = 366LL * 86'400'000;
  out.emplace();
  if (value.is_null()) return std::nullopt;
  if (!value.is_number_integer() || value.get<std::int64_t>() < 1 ||
      value.get<std::int64_t>() > kStepMax) {
    return wrong(field, "must be a number of milliseconds from 1 to one year");
  }
  *out = value.get<std::int64_t>();
  return std::nullopt;
}

using ReadField = std::function<std::optional<Error>(const std::string& field, const Json& value)>;
struct KnownField {
  std::string_view name;
  ReadField read;
};

const ReadField kIgnored = [](const std::string&, const Json&) { return std::optional<Error>(); };

std::optional<Error> read_object(const std::string& where, const Json& object,
                                 std::initializer_list<KnownField> known) {
  if (!object.is_object()) return wrong(where.empty() ? "plan" : where, "must be an object");
  for (const auto& [name, value] : object.items()) {
    const KnownField* found = nullptr;
    for (const KnownField& field : known) {
      if (field.name == name) found = &field;
    }
    const std::string field = where.empty() ? name : where + "." + name;
    if (found == nullptr) return wrong(field, "there is no such field");
    if (auto error = found->read(field, value)) return error;
  }
  return std::nullopt;
}

// A lambda around `read` for a member of the same type.
template <typename T>
ReadField into(T& out) {
  return [&out](const std::string& field, const Json& value) { return read(field, value, out); };
}
template <typename T, typename Parse>
ReadField into_word(Parse parse, std::optional<T>& out) {
  return [&out, parse](const std::string& field, const Json& value) {
    return read_word(field, value, parse, out);
  };
}

std::optional<Error> read_columns(const std::string& where, const Json& array,
                                  std::vector<ColumnChange>& out) {
  if (!array.is_array()) return wrong(where, "must be a list");
  if (array.size() > kSignalsMax) return wrong(where, "has too many entries");
  for (std::size_t i = 0; i < array.size(); ++i) {
    ColumnChange change;
    std::optional<std::uint32_t> index;
    const std::string field = where + "[" + std::to_string(i) + "]";
    if (auto error = read_object(
            field, array[i],
            {{"index", into(index)},
             {"name", kIgnored},
             {"use", into_word(parse_use, change.use)},
             {"path", into(change.path)},
             {"type", into_word(parse_type, change.type)},
             {"unit", into(change.unit)},
             {"interpolation", into_word(parse_interpolation, change.interpolation)}})) {
      return error;
    }
    if (!index) return wrong(field + ".index", "is missing");
    change.index = *index;
    out.push_back(std::move(change));
  }
  return std::nullopt;
}

std::optional<Error> read_time(const std::string& where, const Json& value, PlanChange& change) {
  const ReadField column = [&](const std::string& field, const Json& text) {
    if (!text.is_null()) return read(field, text, change.time_column);
    change.time_column = "";
    return std::optional<Error>();
  };
  return read_object(where, value,
                     {{"column", column},
                      {"format", into(change.time_format)},
                      {"zone", into(change.time_zone)},
                      {"midnight_ends_day", into(change.midnight_ends_day)},
                      {"start", [&](const std::string& f,
                                    const Json& v) { return read_start(f, v, change.time_start); }},
                      {"step_ms", [&](const std::string& f, const Json& v) {
                         return read_step(f, v, change.step_ms);
                       }}});
}

std::optional<Error> read_change(const Json& plan, PlanChange& change) {
  return read_object(
      "", plan,
      {{"encoding", into_word(parse_encoding, change.encoding)},
       {"bom", kIgnored},
       {"delimiter", [&](const std::string& f,
                         const Json& v) { return read_char(f, v, ",;\t| ", change.delimiter); }},
       {"decimal",
        [&](const std::string& f, const Json& v) { return read_char(f, v, ".,", change.decimal); }},
       {"header", into(change.header)},
       {"skip_lines", into(change.skip_lines)},
       {"layout", into_word(parse_layout, change.layout)},
       {"time", [&](const std::string& f, const Json& v) { return read_time(f, v, change); }},
       {"columns",
        [&](const std::string& f, const Json& v) { return read_columns(f, v, change.columns); }},
       {"tags",
        [&](const std::string& f, const Json& v) { return read_columns(f, v, change.tags); }},
       {"skip_refused", into(change.skip_refused)}});
}

}  // namespace

std::string import_to_json(const Import& import) {
  Json value{{"id", import.id},
             {"name", import.name},
             {"prefix", import.prefix},
             {"created", format_rfc3339(import.created)},
             {"state", state_name(import.state)},
             {"plan", plan_value(import.plan)}};
  value.update(report_value(import.report));
  value["progress"] = nullptr;
  if (import.progress) {
    value["progress"] = {{"rows", import.progress->rows},
                         {"samples", import.progress->samples},
                         {"rows_per_second", import.progress->rows_per_second}};
  }
  value["error"] = import.error ? problem_value(*import.error) : Json(nullptr);
  return dump(value);
}

std::string plan_to_json(const Plan& plan) { return dump(plan_value(plan)); }

Result<Plan> json_to_plan(std::string_view text) {
  try {
    return plan_from(Json::parse(text));
  } catch (const std::exception& problem) {
    return wrong("plan", problem.what());
  }
}

Result<PlanChange> json_to_plan_change(std::string_view text) {
  const Json body = Json::parse(text, nullptr, false);
  if (body.is_discarded()) return wrong("body", "is not JSON");
  PlanChange change;
  const ReadField plan = [&](const std::string&, const Json& value) {
    return read_change(value, change);
  };
  if (!body.is_object() || !body.contains("plan")) return wrong("plan", "is missing");
  if (auto error = read_object("", body, {{"plan", plan}})) return *std::move(error);
  return change;
}

}  // namespace lineshaft::intake
