#include "historian/oracle_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <future>

namespace lineshaft::historian {
namespace {

double double_of(std::uint64_t bits) { return std::bit_cast<double>(bits); }
float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

__extension__ using Wide = __int128;

std::string name_of(SeriesKey key) {
  return "tag " + std::to_string(key.tag.value) + " of tenant " + std::to_string(key.tenant.value);
}

// Extends a column or window by a sample. `Any` has count, first, last, min and max.
template <typename Any>
void extend(Any& any, double number, bool is_first) {
  if (is_first) {
    any.first = any.min = any.max = number;
  } else if (!std::isnan(number)) {
    if (std::isnan(any.min) || number < any.min) any.min = number;
    if (std::isnan(any.max) || number > any.max) any.max = number;
  }
  any.last = number;
}

}  // namespace

// IEEE 754: quiet and signalling NaN with payloads, infinities, zeros, denormals, extremes.
std::vector<Value> strange_values(ValueType type) {
  std::vector<Value> values;
  switch (type) {
    case ValueType::kBool:
      return {false, true};
    case ValueType::kInt64:
      for (std::int64_t number :
           {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN, (std::int64_t{1} << 53) + 1}) {
        values.emplace_back(number);
      }
      return values;
    case ValueType::kFloat32:
      for (std::uint32_t bits :
           {0x00000000U, 0x80000000U, 0x7f800000U, 0xff800000U, 0x7fc00001U, 0xffc12345U,
            0x7f800001U, 0x00000001U, 0x007fffffU, 0x7f7fffffU, 0x3dcccccdU}) {
        values.emplace_back(float_of(bits));
      }
      return values;
    case ValueType::kFloat64:
      for (std::uint64_t bits : std::initializer_list<std::uint64_t>{
               0x0000000000000000U, 0x8000000000000000U, 0x7ff0000000000000U, 0xfff0000000000000U,
               0x7ff8000000000001U, 0xfff8dead0000beefU, 0x7ff0000000000001U, 0x0000000000000001U,
               0x000fffffffffffffU, 0x7fefffffffffffffU, 0x3fb999999999999aU}) {
        values.emplace_back(double_of(bits));
      }
      return values;
    case ValueType::kString:
      return {std::string(), std::string("\0x\xff", 3), std::string("öffnen 开"),
              std::string(kStringValueBytesMax, 'z')};
  }
  return values;
}

Columns columns_of(const std::vector<Point>& points) {
  Columns columns(type_of(points.front().value));
  for (const Point& point : points) columns.add(point);
  return columns;
}

std::vector<Point> points_of(const Columns& columns) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < columns.size(); ++i) points.push_back(columns.point(i));
  return points;
}

bool same_points(const std::vector<Point>& a, const std::vector<Point>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Point& x, const Point& y) {
    return x.time == y.time && x.quality == y.quality && same_bits(x.value, y.value);
  });
}

bool same_sample(const Sample& a, const Sample& b) {
  return a.tag == b.tag && a.time == b.time && a.quality == b.quality &&
         same_bits(a.value, b.value);
}

std::string text_of(const Sample& sample) {
  return std::to_string(sample.time.ns) + " " + quality_name(sample.quality) + " " +
         to_text(sample.value).substr(0, 40);
}

void Oracle::append(const SampleBatch& batch) {
  for (const Sample& sample : batch.samples) {
    const SeriesKey key{batch.tenant, sample.tag};
    series_[key][sample.time.ns] = sample;
    ever_[key].push_back(sample);
  }
}

void Oracle::erase(SeriesKey key, TimeRange range) {
  std::map<std::int64_t, Sample>& series = series_[key];
  series.erase(series.lower_bound(range.from.ns), series.lower_bound(range.to.ns));
}

std::vector<Sample> Oracle::scan(SeriesKey key, TimeRange range) const {
  std::vector<Sample> samples;
  const auto series = series_.find(key);
  if (series == series_.end()) return samples;
  for (const auto& [time, sample] : series->second) {
    if (range.contains(sample.time)) samples.push_back(sample);
  }
  return samples;
}

std::optional<Sample> Oracle::before(SeriesKey key, Timestamp at) const {
  std::optional<Sample> last;
  for (const Sample& sample : scan(key, TimeRange{})) {
    if (sample.time <= at) last = sample;
  }
  return last;
}

// Column i holds the instants t with from + length * i / columns <= t < the same of i + 1.
std::vector<PixelColumn> Oracle::pixels(SeriesKey key, TimeRange range,
                                        std::uint32_t columns) const {
  std::vector<PixelColumn> drawn(columns);
  const Wide length = Wide{range.to.ns} - range.from.ns;
  std::uint32_t i = 0;
  for (const Sample& sample : scan(key, range)) {
    while ((Wide{sample.time.ns} - range.from.ns) * columns >= length * (i + 1)) ++i;
    PixelColumn& column = drawn[i];
    ++column.count;
    column.ends_bad = sample.quality.bad();
    if (sample.quality.bad()) {
      ++column.bad;
      continue;
    }
    const bool is_first = column.count - column.bad == 1;
    if (is_first) column.first_time = sample.time;
    column.last_time = sample.time;
    extend(column, as_double(sample.value), is_first);
  }
  return drawn;
}

std::vector<AggregateWindow> Oracle::aggregate(SeriesKey key, TimeRange range,
                                               Nanoseconds step) const {
  std::vector<AggregateWindow> windows;
  for (Wide from = range.from.ns; from < range.to.ns; from += step.count()) {
    AggregateWindow window;
    window.from = {static_cast<std::int64_t>(from)};
    windows.push_back(window);
  }
  std::size_t i = 0;
  for (const Sample& sample : scan(key, range)) {
    while (i + 1 < windows.size() && windows[i + 1].from <= sample.time) ++i;
    if (sample.quality.bad()) {
      ++windows[i].bad_count;
      continue;
    }
    const double number = as_double(sample.value);
    extend(windows[i], number, windows[i].count == 0);
    ++windows[i].count;
    windows[i].sum += number;
  }
  return windows;
}

std::string Oracle::difference(const Historian& historian) const {
  for (const auto& [key, tag] : tags_) {
    const std::optional<Tag> found = historian.find_tag(key.tenant, key.tag);
    if (!found) return name_of(key) + " is lost";
    if (found->spec != tag.spec) return name_of(key) + " is " + found->spec.path;
    const std::optional<Tag> by_path = historian.find_tag(key.tenant, tag.spec.path);
    if (!by_path || by_path->id != key.tag) return name_of(key) + " is not found by its path";
    const std::vector<Sample> wanted = scan(key, TimeRange{});
    const std::vector<Sample> got = scan_all(historian, key);
    for (std::size_t i = 0; i < std::max(wanted.size(), got.size()); ++i) {
      if (i >= got.size()) return name_of(key) + " has lost " + text_of(wanted[i]);
      if (i >= wanted.size()) return name_of(key) + " has invented " + text_of(got[i]);
      if (!same_sample(wanted[i], got[i])) {
        return name_of(key) + " has " + text_of(got[i]) + " for " + text_of(wanted[i]);
      }
    }
    const LastValue last = historian.last_values(key.tenant, std::vector{key.tag})[0];
    const bool is_last = wanted.empty() ? !last.exists : same_sample(last.sample, wanted.back());
    if (!is_last) {
      return name_of(key) + " says its last value is " + text_of(last.sample) + " instead of " +
             (wanted.empty() ? "none" : text_of(wanted.back()));
    }
  }
  if (historian.counters().tags != tags_.size()) return "there are more tags than were made";
  return {};
}

std::string Oracle::invented(const Historian& historian) const {
  for (const auto& [key, tag] : tags_) {
    const std::optional<Tag> found = historian.find_tag(key.tenant, key.tag);
    if (!found) continue;
    const auto known = ever_.find(key);
    for (const Sample& sample : scan_all(historian, key)) {
      const bool was_appended =
          known != ever_.end() &&
          std::any_of(known->second.begin(), known->second.end(),
                      [&](const Sample& other) { return same_sample(sample, other); });
      if (!was_appended) return name_of(key) + " has invented " + text_of(sample);
    }
  }
  return {};
}

std::string Oracle::missing(const Historian& historian) const {
  for (const auto& [key, tag] : tags_) {
    if (!historian.find_tag(key.tenant, key.tag)) return name_of(key) + " is lost";
    const std::vector<Sample> got = scan_all(historian, key);
    for (const Sample& wanted : scan(key, TimeRange{})) {
      const bool is_there = std::any_of(
          got.begin(), got.end(), [&](const Sample& other) { return same_sample(wanted, other); });
      if (!is_there) return name_of(key) + " has lost " + text_of(wanted);
    }
  }
  return {};
}

std::vector<Sample> scan_all(const Historian& historian, SeriesKey key, TimeRange range) {
  std::vector<Sample> samples;
  const Status done = historian.scan(key.tenant, key.tag, range, [&](std::span<const Sample> run) {
    EXPECT_LE(run.size(), 8192u);
    samples.insert(samples.end(), run.begin(), run.end());
    return true;
  });
  EXPECT_TRUE(done.ok()) << done.error().text();
  return samples;
}

Status append(Historian& historian, SampleBatch batch) {
  std::promise<Status> outcome;
  historian.append(std::move(batch), [&](Status status) { outcome.set_value(std::move(status)); });
  return outcome.get_future().get();
}

TagSpec spec_of(const std::string& path, ValueType type) {
  TagSpec spec;
  spec.path = path;
  spec.type = type;
  return spec;
}

Status OnDisk::open() {
  historian_.reset();
  auto opened = Historian::open(disk_, clock_, random_, options_);
  if (!opened) return opened.error();
  historian_ = *std::move(opened);
  return {};
}

}  // namespace lineshaft::historian
