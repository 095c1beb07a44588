#include "intake/json_parts.h"

namespace lineshaft::intake {
namespace {

Json time_or_null(const std::optional<Timestamp>& time) {
  return time ? Json(format_rfc3339(*time)) : Json(nullptr);
}

std::optional<Timestamp> time_from(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const Result<Timestamp> time = parse_timestamp(value.get_ref<const std::string&>());
  return time.ok() ? std::optional(*time) : std::nullopt;
}

Json signal_value(const ColumnPlan& column) {
  Json value{{"index", column.index}, {"name", column.name}, {"use", use_name(column.use)}};
  if (column.use != Use::kValue && column.path.empty()) return value;
  value["path"] = column.path;
  value["type"] = type_name(column.type);
  value["unit"] = column.unit;
  value["interpolation"] = interpolation_name(column.interpolation);
  return value;
}

// Takes a parsed word, or keeps the first error.
template <typename T>
void take(Result<T> parsed, T& out, std::optional<Error>& error) {
  if (parsed.ok()) {
    out = std::move(parsed).value();
  } else if (!error) {
    error = std::move(parsed).error();
  }
}

ColumnPlan signal_from(const Json& value, std::optional<Error>& error) {
  ColumnPlan column;
  column.index = value.at("index").get<std::uint32_t>();
  column.name = value.at("name").get<std::string>();
  take(parse_use(value.at("use").get<std::string>()), column.use, error);
  if (!value.contains("path")) return column;
  column.path = value.at("path").get<std::string>();
  column.unit = value.at("unit").get<std::string>();
  take(parse_type(value.at("type").get<std::string>()), column.type, error);
  take(parse_interpolation(value.at("interpolation").get<std::string>()), column.interpolation,
       error);
  return column;
}

}  // namespace

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json plan_value(const Plan& plan) {
  const TimePlan& time = plan.time;
  Json value{{"encoding", encoding_name(plan.encoding)},
             {"bom", plan.bom},
             {"delimiter", std::string(1, plan.delimiter)},
             {"decimal", std::string(1, plan.decimal)},
             {"header", plan.header},
             {"skip_lines", plan.skip_lines},
             {"layout", layout_name(plan.layout)},
             {"time",
              {{"column", time.column.empty() ? Json(nullptr) : Json(time.column)},
               {"format", time.format},
               {"zone", time.zone},
               {"midnight_ends_day", time.midnight_ends_day},
               {"start", time_or_null(time.start)},
               {"step_ms", time.step_ms ? Json(*time.step_ms) : Json(nullptr)}}},
             {"columns", Json::array()},
             {"tags", Json::array()},
             {"skip_refused", plan.skip_refused}};
  for (const ColumnPlan& column : plan.columns) value["columns"].push_back(signal_value(column));
  for (const ColumnPlan& tag : plan.tags) value["tags"].push_back(signal_value(tag));
  return value;
}

Result<Plan> plan_from(const Json& value) {
  Plan plan;
  std::optional<Error> error;
  take(parse_encoding(value.at("encoding").get<std::string>()), plan.encoding, error);
  take(parse_layout(value.at("layout").get<std::string>()), plan.layout, error);
  plan.bom = value.at("bom").get<bool>();
  plan.delimiter = value.at("delimiter").get<std::string>().at(0);
  plan.decimal = value.at("decimal").get<std::string>().at(0);
  plan.header = value.at("header").get<bool>();
  plan.skip_lines = value.at("skip_lines").get<std::uint32_t>();
  plan.skip_refused = value.at("skip_refused").get<bool>();
  const Json& time = value.at("time");
  if (time.at("column").is_string()) plan.time.column = time.at("column").get<std::string>();
  plan.time.format = time.at("format").get<std::string>();
  plan.time.zone = time.at("zone").get<std::string>();
  plan.time.midnight_ends_day = time.at("midnight_ends_day").get<bool>();
  plan.time.start = time_from(time.at("start"));
  if (time.at("step_ms").is_number()) plan.time.step_ms = time.at("step_ms").get<std::int64_t>();
  for (const Json& column : value.at("columns")) {
    plan.columns.push_back(signal_from(column, error));
  }
  for (const Json& tag : value.at("tags")) plan.tags.push_back(signal_from(tag, error));
  if (error) return *std::move(error);
  return plan;
}

Json report_value(const Report& report) {
  Json refused = Json::array();
  for (const RefusedRow& row : report.refused) {
    refused.push_back({{"line", row.line}, {"column", row.column}, {"problem", row.problem}});
  }
  return {{"rows", report.rows},
          {"rows_good", report.rows_good},
          {"rows_refused", report.rows_refused},
          {"refused", std::move(refused)},
          {"samples", report.samples},
          {"duplicates", report.duplicates},
          {"first_time", time_or_null(report.first_time)},
          {"last_time", time_or_null(report.last_time)},
          {"preview", report.preview},
          {"notes", report.notes},
          {"needs", report.needs}};
}

Report report_from(const Json& value) {
  Report report;
  report.rows = value.at("rows").get<std::uint64_t>();
  report.rows_good = value.at("rows_good").get<std::uint64_t>();
  report.rows_refused = value.at("rows_refused").get<std::uint64_t>();
  for (const Json& row : value.at("refused")) {
    report.refused.push_back({row.at("line").get<std::uint64_t>(),
                              row.at("column").get<std::string>(),
                              row.at("problem").get<std::string>()});
  }
  report.samples = value.at("samples").get<std::uint64_t>();
  report.duplicates = value.at("duplicates").get<std::uint64_t>();
  report.first_time = time_from(value.at("first_time"));
  report.last_time = time_from(value.at("last_time"));
  report.preview = value.at("preview").get<std::vector<std::vector<std::string>>>();
  report.notes = value.at("notes").get<std::vector<std::string>>();
  report.needs = value.at("needs").get<std::vector<std::string>>();
  return report;
}

}  // namespace lineshaft::intake
