// Samples that come as line protocol: where Telegraf and the clients of InfluxDB write to.
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "api/resources.h"
#include "api/scope.h"
#include "intake/lines.h"
#include "sys/gzip.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t kUnpackedBytesMax = 16 * 1024 * 1024;

Result<std::int64_t> unit_of(const Request& request) {
  struct Unit {
    std::string_view name;
    std::int64_t ns;
  };
  constexpr Unit kUnits[] = {{"ns", 1},
                             {"n", 1},
                             {"us", 1'000},
                             {"u", 1'000},
                             {"ms", 1'000'000},
                             {"s", 1'000'000'000},
                             {"m", 60'000'000'000},
                             {"h", 3'600'000'000'000}};
  const std::string name = request.query("precision").value_or("ns");
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return unit.ns;
  }
  return Error{ErrorId::kInvalidArgument, "precision: must be ns, us, ms, s, m or h"};
}

// What clients call the database or the bucket is the beginning of the path.
std::string prefix_of(const Request& request) {
  for (const std::string_view name : {"prefix", "db", "bucket"}) {
    if (const auto prefix = request.query(name); prefix && !prefix->empty()) return *prefix;
  }
  return {};
}

// By the paths alone: the answer is the same whether a tag is there or not.
Status may_store_lines(const Services& services, const Request& request,
                       const intake::LineSamples& lines) {
  constexpr auto kStore = identity::Permission::kTagWriteHistory;
  if (has_everywhere(request, kStore)) return {};
  std::set<std::string> paths;
  for (const TagSpec& tag : lines.new_tags) paths.insert(tag.path);
  for (const Sample& sample : lines.batch.samples) {
    if (sample.tag == TagId{}) continue;  // one of the new ones
    const auto tag = services.historian.find_tag(request.tenant(), sample.tag);
    if (tag) paths.insert(tag->spec.path);
  }
  for (const std::string& path : paths) {
    if (Status may = may_at(request, kStore, path); !may) return may;
  }
  return {};
}

Status make_tags(const Services& services, const Request& request, intake::LineTags& lines,
                 intake::LineSamples& samples) {
  if (samples.new_tags.empty()) return {};
  for (const TagSpec& tag : samples.new_tags) {
    if (Status may = may_at(request, identity::Permission::kTagManage, tag.path); !may) return may;
  }
  const std::size_t more = samples.new_tags.size() - 1;
  const std::string detail =
      "line protocol" + (more == 0 ? "" : ", and " + std::to_string(more) + " more");
  if (Status noted = audit(services, request, "tag.create", samples.new_tags.front().path, detail);
      !noted) {
    return noted;
  }
  return lines.make_tags(samples);
}

Result<Reply> write(const Services& services, const Request& request, intake::LineTags& lines) {
  const Result<std::int64_t> unit = unit_of(request);
  if (!unit) return unit.error();
  const std::string_view coding = request.http.header("content-encoding");
  std::string unpacked;
  std::string_view text = request.http.body;
  if (coding == "gzip") {
    Result<std::string> plain = sys::gunzip(text, kUnpackedBytesMax);
    if (!plain) return plain.error();
    unpacked = *std::move(plain);
    text = unpacked;
  } else if (!coding.empty() && coding != "identity") {
    return Error{ErrorId::kUnsupported, "content-encoding: must be gzip or identity"};
  }
  Result<intake::LineSamples> samples =
      lines.read({request.tenant(), prefix_of(request), *unit, services.clock.now()}, text);
  if (!samples) return samples.error();
  if (Status may = may_store_lines(services, request, *samples); !may) return may.error();
  if (Status made = make_tags(services, request, lines, *samples); !made) return made.error();
  Status stored = append_and_wait(sink_of(services), std::move(samples->batch));
  if (stored) return Reply::nothing();
  if (stored.error().id == ErrorId::kNotFound) lines.forget();
  return stored.error();
}

}  // namespace

std::vector<Route> line_routes(const Services& services) {
  // Shared: a handler is copied.
  const auto lines = std::make_shared<intake::LineTags>(
      services.historian, [&services] { return services.historian.path_changes(); });
  return {
      {"POST", "/write", Rule::needs_at(identity::Permission::kTagWriteHistory),
       "Store samples as line protocol; answers when they are durable", "", "",
       [&services, lines](const Request& request) { return write(services, request, *lines); }}};
}

}  // namespace lineshaft::api
