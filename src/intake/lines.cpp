#include "intake/lines.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "base/utf8.h"
#include "wire/lineprotocol/reader.h"

namespace lineshaft::intake {
namespace {

using lineprotocol::FieldValue;
using lineprotocol::Line;

// What names are remembered may take; then all of it is forgotten. Some 500,000 tags.
constexpr std::size_t kKnownBytesMax = 64 * 1024 * 1024;

// Scopes of `known_`. In this one tenants with prefixes have numbers, in that number as a scope the
// series of lines, in theirs the keys of fields, and the number of such a key is a KnownTag.
constexpr std::uint32_t kRoots = 0;

struct KnownTag {
  TagId tag;
  ValueType type;

  static KnownTag of(std::uint64_t number) {
    return {{static_cast<std::uint32_t>(number)}, static_cast<ValueType>(number >> 32)};
  }
  std::uint64_t number() const { return std::uint64_t{tag.value} | std::uint64_t(type) << 32; }
};

std::string root_of(const LineRequest& request) {
  return std::to_string(request.tenant.value) + " " + request.prefix;
}

ValueType type_of_field(const FieldValue& value) {
  constexpr ValueType kTypes[] = {ValueType::kBool, ValueType::kInt64, ValueType::kFloat64,
                                  ValueType::kString};
  return kTypes[value.index()];
}

Error at_line(std::size_t number, const Error& error) {
  return {error.id, "line " + std::to_string(number) + ": " + error.what};
}
Error bad(const char* problem) { return {ErrorId::kInvalidArgument, problem}; }

Error mismatch(std::string_view key, ValueType sent, ValueType is) {
  return {ErrorId::kTypeMismatch, "the field " + lineprotocol::unescape_name(key) + " is " +
                                      std::string(type_name(sent)) + ", its tag is " +
                                      std::string(type_name(is))};
}

Result<Value> value_of(const FieldValue& value) {
  if (const auto* truth = std::get_if<bool>(&value)) return Value(*truth);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return Value(*whole);
  if (const auto* number = std::get_if<double>(&value)) return Value(*number);
  std::string text = lineprotocol::unescape_text(std::get<std::string_view>(value));
  if (text.size() > kStringValueBytesMax) return bad("has a text longer than 64 KiB");
  if (!is_utf8(text)) return bad("has a text that is not UTF-8");
  return Value(std::move(text));
}

// One level of a path that stands for `name` alone: what would be taken for something else is
// written as in an address of the web.
std::string level_of(std::string_view name, std::string_view reserved = "/%") {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string level;
  for (const char c : name) {
    if (reserved.find(c) == std::string_view::npos) {
      level += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    level += '%';
    level += kDigits[byte >> 4];
    level += kDigits[byte & 15];
  }
  return level;
}

Result<std::string> path_of(std::string_view prefix, std::string_view series,
                            std::string_view key) {
  const auto parsed = lineprotocol::parse_series(series);
  if (!parsed) return parsed.error();
  std::string path(prefix);
  if (!path.empty()) path += '/';
  path += level_of(parsed->measurement);
  for (const auto& [name, value] : parsed->tags) {
    path += '/' + level_of(name, "/%=") + '=' + level_of(value);
  }
  path += '/' + level_of(lineprotocol::unescape_name(key));
  if (Status allowed = check_tag_path(path); !allowed) return allowed.error();
  return path;
}

}  // namespace

// One text on its way. A field whose tag is not remembered waits for look_up().
class LineTags::Reading {
 public:
  Reading(LineTags& of, const LineRequest& request) : of_(of), request_(request) {
    out_.batch = {request.tenant, request.now, {}};
  }

  Status read(std::string_view text);
  Status look_up();
  LineSamples take() { return std::move(out_); }

 private:
  struct Unknown {
    std::size_t sample;
    std::size_t line;
    std::string_view series, key;
    ValueType type;
  };

  Status add(const Line& line, std::optional<std::uint32_t> root);
  Status add(const lineprotocol::Field& field, const Line& line, Timestamp time,
             std::optional<std::uint64_t> scope);
  Result<Timestamp> time_of(const Line& line) const;
  Status find(const Unknown& unknown);
  void remember();

  LineTags& of_;
  const LineRequest& request_;
  LineSamples out_;
  std::vector<Unknown> unknown_;
  std::map<std::string, std::size_t, std::less<>> spec_of_path_;
  struct Found {
    std::string_view series, key;
    std::uint64_t known;  // number of a KnownTag
  };
  std::vector<Found> found_;
  std::uint64_t found_since_ = 0;
};

Status LineTags::Reading::read(std::string_view text) {
  const std::shared_lock lock(of_.mutex_);
  std::optional<std::uint64_t> root;
  if (of_.known_since_ == of_.path_changes_()) root = of_.known_.find(kRoots, root_of(request_));
  out_.batch.samples.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) +
                             1);
  lineprotocol::Reader reader(text);
  Line line;
  while (reader.next(line)) {
    Status added =
        add(line, root ? std::optional(static_cast<std::uint32_t>(*root)) : std::nullopt);
    if (!added) return at_line(line.number, added.error());
  }
  return reader.problem();
}

Status LineTags::Reading::add(const Line& line, std::optional<std::uint32_t> root) {
  const Result<Timestamp> time = time_of(line);
  if (!time) return time.error();
  std::optional<std::uint64_t> scope;
  if (root) scope = of_.known_.find(*root, line.series);
  for (const lineprotocol::Field& field : line.fields) {
    if (Status added = add(field, line, *time, scope); !added) return added;
  }
  return {};
}

Status LineTags::Reading::add(const lineprotocol::Field& field, const Line& line, Timestamp time,
                              std::optional<std::uint64_t> scope) {
  const ValueType type = type_of_field(field.value);
  TagId tag;
  std::optional<std::uint64_t> known;
  if (scope) known = of_.known_.find(static_cast<std::uint32_t>(*scope), field.key);
  if (known) {
    tag = KnownTag::of(*known).tag;
    const ValueType is = KnownTag::of(*known).type;
    if (is != type) return mismatch(field.key, type, is);
  } else {
    unknown_.push_back({out_.batch.samples.size(), line.number, line.series, field.key, type});
  }
  Result<Value> value = value_of(field.value);
  if (!value) return value.error();
  out_.batch.samples.push_back({tag, time, quality::kGood, *std::move(value)});
  return {};
}

Result<Timestamp> LineTags::Reading::time_of(const Line& line) const {
  if (!line.time) return request_.now;
  Timestamp time;
  if (__builtin_mul_overflow(*line.time, request_.unit_ns, &time.ns) || time == kTimestampMax) {
    return bad("has a time outside 1677 to 2262: see the parameter precision");
  }
  return time;
}

// By path, which makes texts. What is found is remembered.
Status LineTags::Reading::look_up() {
  if (unknown_.empty()) return {};
  found_since_ = of_.path_changes_();  // before the first path is asked for
  for (const Unknown& unknown : unknown_) {
    if (Status found = find(unknown); !found) return at_line(unknown.line, found.error());
  }
  remember();
  return {};
}

Status LineTags::Reading::find(const Unknown& unknown) {
  Result<std::string> path = path_of(request_.prefix, unknown.series, unknown.key);
  if (!path) return path.error();
  if (const std::optional<Tag> tag = of_.tags_.find_tag(request_.tenant, *path)) {
    if (tag->spec.type != unknown.type) {
      return mismatch(unknown.key, unknown.type, tag->spec.type);
    }
    out_.batch.samples[unknown.sample].tag = tag->id;
    found_.push_back({unknown.series, unknown.key, KnownTag{tag->id, unknown.type}.number()});
    return {};
  }
  const auto [spec, is_new] = spec_of_path_.try_emplace(*path, out_.new_tags.size());
  if (is_new) {
    const bool slopes = unknown.type == ValueType::kFloat64;
    TagSpec& tag = out_.new_tags.emplace_back();
    tag.path = *std::move(path);
    tag.type = unknown.type;
    tag.interpolation = slopes ? Interpolation::kLinear : Interpolation::kStep;
  }
  const ValueType type = out_.new_tags[spec->second].type;
  if (type != unknown.type) return mismatch(unknown.key, unknown.type, type);
  out_.missing.push_back({unknown.sample, spec->second});
  return {};
}

void LineTags::Reading::remember() {
  const std::unique_lock lock(of_.mutex_);
  TextIds& known = of_.known_;
  if (of_.known_since_ < found_since_ || known.bytes() > kKnownBytesMax) {
    known.clear();
    of_.scopes_ = kRoots;
    of_.known_since_ = found_since_;
  }
  if (of_.known_since_ > found_since_) return;  // somebody else knows better
  const auto scope_of = [&](std::uint32_t in, std::string_view text) {
    if (const auto number = known.find(in, text)) return static_cast<std::uint32_t>(*number);
    known.add(in, text, ++of_.scopes_);
    return of_.scopes_;
  };
  const std::uint32_t root = scope_of(kRoots, root_of(request_));
  for (const Found& found : found_) {
    const std::uint32_t series = scope_of(root, found.series);
    if (!known.find(series, found.key)) known.add(series, found.key, found.known);
  }
}

LineTags::LineTags(TagDirectory& tags, std::function<std::uint64_t()> path_changes)
    : tags_(tags), path_changes_(std::move(path_changes)) {}

Result<LineSamples> LineTags::read(const LineRequest& request, std::string_view text) {
  Reading reading(*this, request);
  if (Status read = reading.read(text); !read) return read.error();
  if (Status found = reading.look_up(); !found) return found.error();
  return reading.take();
}

Status LineTags::make_tags(LineSamples& samples) {
  const auto ids = tags_.ensure_tags(samples.batch.tenant, samples.new_tags);
  if (!ids) return ids.error();
  for (const LineSamples::Missing& missing : samples.missing) {
    samples.batch.samples[missing.sample].tag = (*ids)[missing.spec];
  }
  return {};
}

void LineTags::forget() {
  const std::unique_lock lock(mutex_);
  known_.clear();
}

}  // namespace lineshaft::intake
