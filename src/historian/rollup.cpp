#include "historian/rollup.h"

#include <array>
#include <bit>

#include "base/assert.h"
#include "codec/codec.h"

namespace lineshaft::historian {
namespace {

// The bytes of a summary, as they stand in an index, cut into columns.
constexpr std::size_t kCodes = 11;  // of 4 bytes: counts, qualities, flags
constexpr std::size_t kTimes =
    6;  // of 8 bytes, as all that follow; the first is that of all points
constexpr std::size_t kNumbers = 9;
constexpr std::size_t kDurations = 3;
static_assert(kCodes * 4 + (kTimes + kNumbers + kDurations) * 8 == kSummaryBytes);

constexpr auto kEffort = codec::Effort::kSealed;

struct Row {
  std::array<std::uint32_t, kCodes> codes{};
  std::array<std::uint64_t, kTimes> times{};
  std::array<std::uint64_t, kNumbers> numbers{};
  std::array<std::uint64_t, kDurations> durations{};
};

template <typename T, std::size_t N>
void read_all(std::array<T, N>& values, ByteReader& reader) {
  for (T& value : values) value = reader.read_le<T>();
}
template <typename T, std::size_t N>
void write_all(const std::array<T, N>& values, ByteWriter& writer) {
  for (T value : values) writer.write_le(value);
}

Row row_of(const Summary& summary) {
  Bytes bytes;
  ByteWriter writer(bytes);
  encode_summary(summary, writer);
  ByteReader reader(bytes);
  Row row;
  read_all(row.codes, reader);
  read_all(row.times, reader);
  read_all(row.numbers, reader);
  read_all(row.durations, reader);
  return row;
}

Summary summary_of(const Row& row) {
  Bytes bytes;
  ByteWriter writer(bytes);
  write_all(row.codes, writer);
  write_all(row.times, writer);
  write_all(row.numbers, writer);
  write_all(row.durations, writer);
  ByteReader reader(bytes);
  return decode_summary(reader);
}

template <typename T, typename Get>
void write_column(const std::vector<Row>& rows, Get get,
                  void (*encode)(std::span<const T>, codec::Effort, Bytes&), ByteWriter& writer) {
  std::vector<T> column;
  column.reserve(rows.size());
  for (const Row& row : rows) column.push_back(get(row));
  Bytes stream;
  encode(column, kEffort, stream);
  writer.varint(stream.size());
  writer.bytes(stream);
}

template <typename T, typename Put>
bool read_column(ByteReader& reader, std::vector<Row>& rows,
                 Status (*decode)(ByteSpan, std::span<T>), Put put) {
  const std::uint64_t bytes = reader.varint();
  if (!reader.ok() || bytes > reader.remaining()) return false;
  std::vector<T> column(rows.size());
  if (!decode(reader.bytes(static_cast<std::size_t>(bytes)), column)) return false;
  for (std::size_t i = 0; i < rows.size(); ++i) put(rows[i], column[i]);
  return true;
}

bool read_columns(ByteReader& reader, std::vector<Row>& rows) {
  bool ok = read_column<std::int64_t>(
      reader, rows, codec::decode_times,
      [](Row& row, std::int64_t time) { row.times[0] = static_cast<std::uint64_t>(time); });
  for (std::size_t i = 1; ok && i < kTimes; ++i) {
    ok = read_column<std::int64_t>(
        reader, rows, codec::decode_int64, [i](Row& row, std::int64_t after) {
          row.times[i] = row.times[0] + static_cast<std::uint64_t>(after);
        });
  }
  for (std::size_t i = 0; ok && i < kCodes; ++i) {
    ok = read_column<std::uint32_t>(reader, rows, codec::decode_qualities,
                                    [i](Row& row, std::uint32_t code) { row.codes[i] = code; });
  }
  for (std::size_t i = 0; ok && i < kNumbers; ++i) {
    ok = read_column<double>(reader, rows, codec::decode_float64, [i](Row& row, double number) {
      row.numbers[i] = std::bit_cast<std::uint64_t>(number);
    });
  }
  for (std::size_t i = 0; ok && i < kDurations; ++i) {
    ok = read_column<std::int64_t>(reader, rows, codec::decode_int64,
                                   [i](Row& row, std::int64_t duration) {
                                     row.durations[i] = static_cast<std::uint64_t>(duration);
                                   });
  }
  return ok && reader.at_end();
}

}  // namespace

Nanoseconds length_of(RollupStep step) {
  if (step == RollupStep::kMinute) return std::chrono::minutes(1);
  return std::chrono::hours(1);
}

void encode_rollups(std::span<const Summary> rollups, Bytes& out) {
  LS_ASSERT(!rollups.empty() && rollups.size() <= kRollupsMax);
  std::vector<Row> rows;
  rows.reserve(rollups.size());
  for (const Summary& rollup : rollups) rows.push_back(row_of(rollup));
  ByteWriter writer(out);
  writer.varint(rows.size());
  write_column<std::int64_t>(
      rows, [](const Row& row) { return static_cast<std::int64_t>(row.times[0]); },
      codec::encode_times, writer);
  for (std::size_t i = 1; i < kTimes; ++i) {
    write_column<std::int64_t>(
        rows,
        [i](const Row& row) { return static_cast<std::int64_t>(row.times[i] - row.times[0]); },
        codec::encode_int64, writer);
  }
  for (std::size_t i = 0; i < kCodes; ++i) {
    write_column<std::uint32_t>(
        rows, [i](const Row& row) { return row.codes[i]; }, codec::encode_qualities, writer);
  }
  for (std::size_t i = 0; i < kNumbers; ++i) {
    write_column<double>(
        rows, [i](const Row& row) { return std::bit_cast<double>(row.numbers[i]); },
        codec::encode_float64, writer);
  }
  for (std::size_t i = 0; i < kDurations; ++i) {
    write_column<std::int64_t>(
        rows, [i](const Row& row) { return static_cast<std::int64_t>(row.durations[i]); },
        codec::encode_int64, writer);
  }
}

Result<std::vector<Summary>> decode_rollups(ByteSpan bytes) {
  const Error damaged{ErrorId::kCorrupt, "a block of rollups cannot be read"};
  ByteReader reader(bytes);
  const std::uint64_t count = reader.varint();
  if (!reader.ok() || count == 0 || count > kRollupsMax) return damaged;
  std::vector<Row> rows(static_cast<std::size_t>(count));
  if (!read_columns(reader, rows)) return damaged;
  std::vector<Summary> rollups;
  rollups.reserve(rows.size());
  for (const Row& row : rows) {
    const Summary& rollup = rollups.emplace_back(summary_of(row));
    const bool follows =
        rollups.size() == 1 || rollups[rollups.size() - 2].last_time < rollup.first_time;
    const bool possible =
        rollup.count >= 1 && rollup.bad <= rollup.count && rollup.first_time <= rollup.last_time;
    if (!follows || !possible) return damaged;
  }
  return rollups;
}

}  // namespace lineshaft::historian
