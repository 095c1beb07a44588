#include "historian/memtable.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace lineshaft::historian {
namespace {

// Some 500 points a series: enough for a block of its own, which readers of other series need not
// decode, and of which the index tells the summary.
constexpr std::size_t kSeriesBytesWanted = 12 * 1024;

std::uint64_t bits_of(const Value& value) {
  switch (type_of(value)) {
    case ValueType::kBool:
      return std::get<bool>(value) ? 1 : 0;
    case ValueType::kInt64:
      return static_cast<std::uint64_t>(std::get<std::int64_t>(value));
    case ValueType::kFloat32:
      return std::bit_cast<std::uint32_t>(std::get<float>(value));
    case ValueType::kFloat64:
      return std::bit_cast<std::uint64_t>(std::get<double>(value));
    case ValueType::kString:
      break;
  }
  return 0;
}

}  // namespace

void Memtable::add(SeriesKey key, Timestamp time, Quality quality, const Value& value) {
  LS_ASSERT(size_ < kNone);
  Series& series = series_.at(key);
  const bool is_new = series.count == 0;
  if (is_new) {
    series.type = type_of(value);
    ++series_count_;
  }
  LS_ASSERT(series.type == type_of(value));
  if (size_ % kChunk == 0) chunks_.push_back(std::make_unique<std::array<Entry, kChunk>>());
  Entry& added = (*chunks_.back())[size_ % kChunk];
  added.time = time.ns;
  added.quality = quality;
  added.before = series.newest;
  if (const auto* text = std::get_if<std::string>(&value)) {
    added.value = texts_.size();
    texts_.push_back(*text);
    text_bytes_ += sizeof(std::string) + text->size();
  } else {
    added.value = bits_of(value);
  }
  series.sorted = series.sorted && (is_new || series.last_added < time.ns);
  series.last_added = time.ns;
  series.newest = size_++;
  ++series.count;
}

void Memtable::erase(const Erasure& erasure) {
  erased_[erasure.key].push_back(erasure.range);
  ++erased_count_;
  if (series_.find(erasure.key) == nullptr) return;
  Series& series = series_.at(erasure.key);
  for (std::uint32_t* link = &series.newest; *link != kNone;) {
    Entry& found = entry(*link);
    if (erasure.range.contains({found.time})) {
      *link = found.before;
      --series.count;
    } else {
      link = &found.before;
    }
  }
  if (series.count > 0) return;
  series = Series();
  --series_count_;
}

std::span<const TimeRange> Memtable::erased(SeriesKey key) const {
  const auto found = erased_.find(key);
  if (found == erased_.end()) return {};
  return found->second;
}

std::vector<Erasure> Memtable::erasures() const {
  std::vector<Erasure> all;
  for (const auto& [key, ranges] : erased_) {
    for (TimeRange range : ranges) all.push_back({key, range});
  }
  return joined(std::move(all));
}

Point Memtable::point_of(const Series& series, const Entry& entry) const {
  const auto value = [&]() -> Value {
    switch (series.type) {
      case ValueType::kBool:
        return entry.value != 0;
      case ValueType::kInt64:
        return static_cast<std::int64_t>(entry.value);
      case ValueType::kFloat32:
        return std::bit_cast<float>(static_cast<std::uint32_t>(entry.value));
      case ValueType::kFloat64:
        return std::bit_cast<double>(entry.value);
      case ValueType::kString:
        break;
    }
    return texts_[static_cast<std::size_t>(entry.value)];
  };
  return {{entry.time}, entry.quality, value()};
}

void Memtable::find(const Series& series, TimeRange range, std::vector<const Entry*>& found) const {
  found.clear();
  for (std::uint32_t place = series.newest; place != kNone;) {
    const Entry& at = entry(place);
    place = at.before;
    if (range.contains({at.time})) found.push_back(&at);
    if (series.sorted && at.time < range.from.ns) break;
  }
  if (series.sorted) {
    std::reverse(found.begin(), found.end());
    return;
  }
  // The newest of each time comes first and stays.
  std::stable_sort(found.begin(), found.end(),
                   [](const Entry* a, const Entry* b) { return a->time < b->time; });
  found.erase(std::unique(found.begin(), found.end(),
                          [](const Entry* a, const Entry* b) { return a->time == b->time; }),
              found.end());
}

Columns Memtable::columns_of(const Series& series, std::span<const Entry* const> entries) const {
  std::vector<std::int64_t> times(entries.size());
  std::vector<Quality> qualities;
  bool all_good = true;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    times[i] = entries[i]->time;
    all_good = all_good && entries[i]->quality == quality::kGood;
  }
  if (!all_good) {
    for (const Entry* entry : entries) qualities.push_back(entry->quality);
  }
  const auto values_by = [&](auto value_of) {
    std::vector<decltype(value_of(std::uint64_t{0}))> values(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) values[i] = value_of(entries[i]->value);
    return Columns::of(std::move(times), std::move(qualities), std::move(values));
  };
  switch (series.type) {
    case ValueType::kBool:
      return values_by([](std::uint64_t bits) { return static_cast<std::uint8_t>(bits); });
    case ValueType::kInt64:
      return values_by([](std::uint64_t bits) { return static_cast<std::int64_t>(bits); });
    case ValueType::kFloat32:
      return values_by([](std::uint64_t bits) {
        return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
      });
    case ValueType::kFloat64:
      return values_by([](std::uint64_t bits) { return std::bit_cast<double>(bits); });
    case ValueType::kString:
      break;
  }
  return values_by([&](std::uint64_t place) { return texts_[static_cast<std::size_t>(place)]; });
}

std::optional<Columns> Memtable::points(SeriesKey key, TimeRange range) const {
  const Series* series = series_.find(key);
  if (series == nullptr) return std::nullopt;
  std::vector<const Entry*> found;
  find(*series, range, found);
  if (found.empty()) return std::nullopt;
  return columns_of(*series, found);
}

std::vector<Point> Memtable::arrivals(SeriesKey key, TimeRange range) const {
  std::vector<Point> found;
  const Series* series = series_.find(key);
  if (series == nullptr) return found;
  for (std::uint32_t place = series->newest; place != kNone;) {
    const Entry& at = entry(place);
    place = at.before;
    if (range.contains({at.time})) found.push_back(point_of(*series, at));
  }
  std::reverse(found.begin(), found.end());
  return found;
}

std::optional<Point> Memtable::before(SeriesKey key, Timestamp at) const {
  const Series* series = series_.find(key);
  if (series == nullptr) return std::nullopt;
  const Entry* best = nullptr;
  for (std::uint32_t place = series->newest; place != kNone;) {
    const Entry& found = entry(place);
    place = found.before;
    if (found.time > at.ns) continue;
    if (best == nullptr || best->time < found.time) best = &found;
    if (series->sorted) break;
  }
  if (best == nullptr) return std::nullopt;
  return point_of(*series, *best);
}

Status Memtable::each_series(const std::function<Status(SeriesKey, const Columns&)>& visit) const {
  std::vector<const Entry*> found;
  Status outcome;
  series_.each([&](SeriesKey key, const Series& series) {
    if (!outcome) return;
    find(series, {}, found);
    outcome = visit(key, columns_of(series, found));
  });
  return outcome;
}

std::vector<SeriesKey> Memtable::keys() const {
  std::vector<SeriesKey> keys;
  series_.each([&](SeriesKey key, const Series&) { keys.push_back(key); });
  return keys;
}

std::size_t Memtable::bytes() const {
  return size_ * sizeof(Entry) + series_count_ * sizeof(Series) + text_bytes_ +
         erased_count_ * sizeof(Erasure);
}

std::size_t Memtable::bytes_wanted(std::size_t bytes_min) const {
  return std::clamp(series_count_ * kSeriesBytesWanted, bytes_min, bytes_min * kGrowthMax);
}

}  // namespace lineshaft::historian
