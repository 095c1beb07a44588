#include <bit>
#include <cmath>
#include <future>
#include <limits>
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/scope.h"
#include "base/bytes.h"
#include "wire/batch/batch.h"

namespace lineshaft::api {
namespace {

using identity::Permission;

constexpr std::uint64_t kRawLimitMax = 100'000;
constexpr std::uint64_t kColumnsMax = 10'000;
constexpr std::size_t kChartTagsMax = 8;
constexpr std::size_t kLastTagsMax = 2000;
constexpr std::size_t kWriteSamplesMax = 100'000;
constexpr std::int64_t kNsPerMs = 1'000'000;

Result<Reply> last(const Services& services, const Request& request) {
  const Result<std::vector<TagId>> tags = query_tags(request, kLastTagsMax);
  if (!tags) return tags.error();
  const auto allowed = tags_for(services, request, *tags, Permission::kTagRead);
  Json items = Json::array();
  for (const auto& value : services.historian.last_values(request.tenant(), allowed)) {
    if (!value.exists) continue;
    Json item = {{"tag", value.tag.value}};
    item.update(sample_json(value.sample));
    items.push_back(std::move(item));
  }
  return Reply::json({{"items", std::move(items)}});
}

// Samples of a range without any of which retention has left summaries. Texts have none.
Result<std::uint64_t> count_summarised(const Services& services, const Request& request,
                                       const Tag& tag, TimeRange range) {
  if (range.empty() || tag.spec.type == ValueType::kString) return std::uint64_t{0};
  return count_samples(services, request.tenant(), tag.id, range);
}

Result<Reply> raw(const Services& services, const Request& request) {
  const Result<Tag> tag = query_tag(services, request);
  if (!tag) return tag.error();
  const Result<TimeRange> range = request.query_range();
  if (!range) return range.error();
  const Result<std::uint64_t> limit = request.query_number("limit", 10'000, kRawLimitMax);
  if (!limit) return limit.error();
  Json items = Json::array();
  bool more = false;
  std::optional<Timestamp> first_time;
  const Status read = services.historian.scan(request.tenant(), tag->id, *range,
                                              [&](std::span<const Sample> samples) {
                                                for (const Sample& sample : samples) {
                                                  if (!first_time) first_time = sample.time;
                                                  if (items.size() == *limit) {
                                                    more = true;
                                                    return false;
                                                  }
                                                  items.push_back(sample_json(sample));
                                                }
                                                return true;
                                              });
  if (!read) return read.error();
  const Timestamp first = first_time.value_or(range->to);
  const auto summarised = count_summarised(services, request, *tag, {range->from, first});
  if (!summarised) return summarised.error();
  return Reply::json({{"items", std::move(items)}, {"more", more}, {"summarised", *summarised}});
}

// What other samples of the same time replaced, where a rule of retention says to keep it.
Result<Reply> replaced(const Services& services, const Request& request) {
  const Result<Tag> tag = query_tag(services, request);
  if (!tag) return tag.error();
  const Result<TimeRange> range = request.query_range();
  if (!range) return range.error();
  const auto samples = services.historian.replaced(request.tenant(), tag->id, *range);
  if (!samples) return samples.error();
  Json items = Json::array();
  for (const Sample& sample : *samples) {
    if (items.size() == kRawLimitMax) break;
    items.push_back(sample_json(sample));
  }
  const bool more = samples->size() > items.size();
  return Reply::json({{"items", std::move(items)}, {"more", more}});
}

// --- pixels: the binary form that the trend page reads without parsing ---

class PixelWriter {
 public:
  PixelWriter(TimeRange range, std::size_t tags, std::uint32_t columns) : writer_(bytes_) {
    bytes_.reserve(64 + tags * (32 + std::size_t{columns} * 60));
    writer_.bytes(as_bytes("LSP1"));
    writer_.write_le(static_cast<std::uint32_t>(tags));
    writer_.write_le(columns);
    writer_.write_le(std::uint32_t{0});
    writer_.write_le(static_cast<std::uint64_t>(range.from.ns));
    writer_.write_le(static_cast<std::uint64_t>(range.to.ns));
  }

  void add(const Tag& tag, const std::optional<Sample>& before,
           const std::vector<historian::PixelColumn>& columns) {
    const bool step = tag.spec.interpolation == Interpolation::kStep;
    writer_.write_le(tag.id.value);
    writer_.write_le(std::uint32_t{step} | std::uint32_t{before.has_value()} << 1);
    number(before ? as_double(before->value) : kNan);
    writer_.write_le(before ? before->quality.code : 0);
    writer_.write_le(std::uint32_t{0});
    using Column = historian::PixelColumn;
    numbers(columns, [](const Column& c) { return c.first; });
    numbers(columns, [](const Column& c) { return c.min; });
    numbers(columns, [](const Column& c) { return c.max; });
    numbers(columns, [](const Column& c) { return c.last; });
    numbers(columns, [](const Column& c) { return milliseconds(c.first_time); });
    numbers(columns, [](const Column& c) { return milliseconds(c.last_time); });
    for (const Column& c : columns) writer_.write_le(c.count);
    for (const Column& c : columns) writer_.write_le(c.bad);
    for (const Column& c : columns) writer_.write_le(std::uint32_t{c.ends_bad});
  }

  std::string take() const { return std::string(as_text(bytes_)); }

 private:
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

  static double milliseconds(Timestamp t) { return static_cast<double>(t.ns) / kNsPerMs; }
  void number(double value) { writer_.write_le(std::bit_cast<std::uint64_t>(value)); }
  template <typename Pick>
  void numbers(const std::vector<historian::PixelColumn>& columns, Pick pick) {
    for (const auto& column : columns) number(column.count > column.bad ? pick(column) : kNan);
  }

  Bytes bytes_;
  ByteWriter writer_;
};

Result<Reply> pixels(const Services& services, const Request& request) {
  const Result<std::vector<TagId>> ids = query_tags(request, kChartTagsMax);
  if (!ids) return ids.error();
  const Result<TimeRange> range = request.query_range();
  if (!range) return range.error();
  const Result<std::uint64_t> columns = request.query_number("columns", 1000, kColumnsMax);
  if (!columns) return columns.error();
  if (*columns == 0) return Error{ErrorId::kInvalidArgument, "columns: must be at least 1"};
  const auto width = static_cast<std::uint32_t>(*columns);
  PixelWriter writer(*range, ids->size(), width);
  for (TagId id : *ids) {
    const Result<Tag> tag = tag_for(services, request, id, Permission::kTagRead);
    if (!tag) return tag.error();
    const Timestamp just_before = range->from + Nanoseconds(-1);
    const auto before = services.historian.sample_before(request.tenant(), id, just_before);
    if (!before) return before.error();
    const auto drawn = services.historian.pixels(request.tenant(), id, *range, width);
    if (!drawn) return drawn.error();
    writer.add(*tag, *before, *drawn);
  }
  Reply reply;
  reply.content_type = "application/octet-stream";
  reply.body = writer.take();
  return reply;
}

// --- writing history ---

// The tag of one element: by id or by path.
Result<Tag> tag_of(const Services& services, const Request& request, const Json& item) {
  if (!item.is_object()) return Error{ErrorId::kInvalidArgument, "must be an object"};
  std::optional<Tag> tag;
  if (const auto id = item.find("tag"); id != item.end() && id->is_number_unsigned()) {
    tag = services.historian.find_tag(request.tenant(), TagId{id->get<std::uint32_t>()});
  } else if (const auto path = item.find("path"); path != item.end() && path->is_string()) {
    tag = services.historian.find_tag(request.tenant(), path->get_ref<const std::string&>());
  } else {
    return Error{ErrorId::kInvalidArgument, "needs a tag or a path"};
  }
  const Error absent{ErrorId::kNotFound, "the tag does not exist"};
  if (!tag) return absent;
  Status may = identity::authorise(request.principal, Permission::kTagWriteHistory,
                                   {request.tenant(), tag->spec.path});
  if (may) return *tag;
  return may.error().id == ErrorId::kNotFound ? absent : std::move(may).error();
}

Result<Sample> sample_of(const Services& services, const Request& request, const Json& item) {
  const Result<Tag> tag = tag_of(services, request, item);
  if (!tag) return tag.error();
  const Result<std::string> time_text = required_string(item, "time");
  if (!time_text) return time_text.error();
  const Result<Timestamp> time = parse_timestamp(*time_text);
  if (!time) return time.error();
  if (!item.contains("value")) return Error{ErrorId::kInvalidArgument, "value: is missing"};
  const Result<Value> value = value_from_json(tag->spec.type, item["value"]);
  if (!value) return value.error();
  const Result<std::int64_t> code = optional_integer(item, "quality_code", 0, 0, UINT32_MAX);
  if (!code) return code.error();
  return Sample{tag->id, *time, Quality{static_cast<std::uint32_t>(*code)}, *value};
}

Result<Reply> store(const Services& services, SampleBatch batch) {
  const std::size_t count = batch.samples.size();
  if (Status stored = append_and_wait(sink_of(services), std::move(batch)); !stored) {
    return stored.error();
  }
  return Reply::json({{"stored", count}});
}

Result<Reply> write(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto list = body->find("samples");
  if (list == body->end() || !list->is_array() || list->size() > kWriteSamplesMax) {
    return Error{ErrorId::kInvalidArgument, "samples: must be a list of at most 100000 samples"};
  }
  SampleBatch batch{request.tenant(), services.clock.now(), {}};
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Result<Sample> sample = sample_of(services, request, (*list)[i]);
    if (!sample) {
      return Error{sample.error().id, "samples[" + std::to_string(i) + "]: " + sample.error().what};
    }
    batch.samples.push_back(*sample);
  }
  return store(services, std::move(batch));
}

Result<Reply> write_batch(const Services& services, const Request& request) {
  Result<std::vector<Sample>> samples = batch::decode(as_bytes(request.http.body));
  if (!samples) return samples.error();
  if (Status may = may_store(services, request, *samples); !may) return may.error();
  return store(services, {request.tenant(), services.clock.now(), *std::move(samples)});
}

}  // namespace

Status append_and_wait(SampleSink& sink, SampleBatch batch) {
  // Shared: the commit thread may still be inside set_value when we have the answer.
  const auto durable = std::make_shared<std::promise<Status>>();
  sink.append(std::move(batch),
              [durable](Status status) { durable->set_value(std::move(status)); });
  return durable->get_future().get();
}

std::vector<Route> value_routes(const Services& services) {
  const Rule read = Rule::needs_at(Permission::kTagRead);
  return {
      {"GET", "/values/last", read, "Last values of up to 2000 tags", "", "LastValues",
       bind(services, last)},
      {"GET", "/values/raw", read, "Samples of one tag", "", "RawValues", bind(services, raw)},
      {"GET", "/values/pixels", read, "What a chart of that width can show (binary)", "", "",
       bind(services, pixels)},
      {"GET", "/values/replaced", read, "Samples of one tag that others of the same time replaced",
       "", "ReplacedValues", bind(services, replaced)},
      {"POST", "/values", Rule::needs_at(Permission::kTagWriteHistory),
       "Store samples; answers when they are durable", "SampleList", "Stored",
       bind(services, write)},
      {"POST", "/values/batch", Rule::needs_at(Permission::kTagWriteHistory),
       "Store samples in binary form; answers when they are durable", "", "Stored",
       bind(services, write_batch)},
  };
}

}  // namespace lineshaft::api
