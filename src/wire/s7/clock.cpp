#include "wire/s7/clock.h"

#include <algorithm>
#include <array>

#include "base/time.h"

namespace lineshaft::s7 {

namespace {

constexpr std::int64_t kDayNs = 86'400'000'000'000;
constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kMillisecondNs = 1'000'000;
constexpr std::int64_t kDays1990 = 7305;  // from 1970-01-01 to 1990-01-01
constexpr std::array<std::int64_t, 4> kBaseMs = {10, 100, 1000, 10'000};

Error invalid(std::string what) { return Error{ErrorId::kInvalidArgument, std::move(what)}; }

// Two BCD digits; nothing if one is above 9.
std::optional<unsigned> bcd(std::uint8_t byte) {
  if (byte >> 4 > 9 || (byte & 15) > 9) return std::nullopt;
  return (byte >> 4) * 10u + (byte & 15u);
}

std::uint8_t to_bcd(unsigned number) {
  return static_cast<std::uint8_t>(number / 10 << 4 | number % 10);
}

std::optional<std::int64_t> three_digits(std::uint16_t word) {
  const auto low = bcd(static_cast<std::uint8_t>(word));
  const unsigned high = word >> 8 & 15u;
  if (!low || high > 9) return std::nullopt;
  return high * 100 + *low;
}

std::uint16_t to_three_digits(std::int64_t number) {
  const auto n = static_cast<unsigned>(number);
  return static_cast<std::uint16_t>(n / 100 << 8 | to_bcd(n % 100));
}

// A moment field by field, as DT and DTL have it.
struct Civil {
  unsigned year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  std::int64_t ns = 0;
};

// Nothing if the fields are no moment, or one that an int64 of nanoseconds does not reach.
std::optional<Timestamp> moment_of(const Civil& c) {
  if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31 || c.hour > 23 || c.minute > 59 ||
      c.second > 59 || c.ns < 0 || c.ns >= kSecondNs || c.year < 1970 || c.year > 2261) {
    return std::nullopt;
  }
  const std::int64_t days = days_from_civil(c.year, c.month, c.day);
  if (civil_from_days(days).day != c.day) return std::nullopt;  // 30 February
  const std::int64_t seconds = c.hour * 3600 + c.minute * 60 + c.second;
  return Timestamp{days * kDayNs + seconds * kSecondNs + c.ns};
}

Civil civil_of(Timestamp t) {
  std::int64_t days = t.ns / kDayNs;
  if (t.ns % kDayNs < 0) days -= 1;
  const std::int64_t in_day = t.ns - days * kDayNs;
  const CivilDate date = civil_from_days(days);
  const auto seconds = static_cast<unsigned>(in_day / kSecondNs);
  return {static_cast<unsigned>(date.year),
          date.month,
          date.day,
          seconds / 3600,
          seconds / 60 % 60,
          seconds % 60,
          in_day % kSecondNs};
}

// 1: Sunday ... 7: Saturday. 1970-01-01 was a Thursday.
unsigned weekday_of(Timestamp t) { return static_cast<unsigned>((t.ns / kDayNs + 4) % 7 + 1); }

std::optional<Timestamp> decode_dt(ByteSpan bytes) {
  std::array<unsigned, 7> fields{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto digits = bcd(bytes[i]);
    if (!digits) return std::nullopt;
    fields[i] = *digits;
  }
  const unsigned last_digit = bytes[7] >> 4;  // the other half is the day of the week
  if (last_digit > 9) return std::nullopt;
  const unsigned year = fields[0] >= 90 ? 1900 + fields[0] : 2000 + fields[0];
  return moment_of({year, fields[1], fields[2], fields[3], fields[4], fields[5],
                    (fields[6] * 10 + last_digit) * kMillisecondNs});
}

Result<Bytes> encode_dt(Timestamp t) {
  const Civil c = civil_of(t);
  if (c.year < 1990 || c.year > 2089) return invalid("DT holds the years 1990 to 2089");
  if (c.ns % kMillisecondNs != 0) return invalid("DT has no finer steps than a millisecond");
  const auto ms = static_cast<unsigned>(c.ns / kMillisecondNs);
  Bytes bytes;
  for (const unsigned field : {c.year % 100, c.month, c.day, c.hour, c.minute, c.second, ms / 10}) {
    bytes.push_back(to_bcd(field));
  }
  bytes.push_back(static_cast<std::uint8_t>(ms % 10 << 4 | weekday_of(t)));
  return bytes;
}

std::optional<Timestamp> decode_dtl(ByteSpan bytes) {
  ByteReader reader(bytes);
  Civil c;
  c.year = reader.read_be<std::uint16_t>();
  c.month = reader.u8();
  c.day = reader.u8();
  reader.u8();  // day of the week
  c.hour = reader.u8();
  c.minute = reader.u8();
  c.second = reader.u8();
  c.ns = reader.read_be<std::uint32_t>();
  return moment_of(c);
}

Result<Bytes> encode_dtl(Timestamp t) {
  const Civil c = civil_of(t);
  if (t.ns < 0 || c.year > 2261) return invalid("DTL holds the years 1970 to 2261");
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.write_be(static_cast<std::uint16_t>(c.year));
  for (const unsigned field : {c.month, c.day, weekday_of(t), c.hour, c.minute, c.second}) {
    writer.u8(static_cast<std::uint8_t>(field));
  }
  writer.write_be(static_cast<std::uint32_t>(c.ns));
  return bytes;
}

Result<Bytes> encode_day(Timestamp t) {
  const std::int64_t days = t.ns / kDayNs - kDays1990;
  if (t.ns % kDayNs != 0) return invalid("DATE has no time of day");
  if (days < 0 || days > UINT16_MAX) return invalid("DATE holds 1990-01-01 to 2169-06-06");
  Bytes bytes;
  ByteWriter(bytes).write_be(static_cast<std::uint16_t>(days));
  return bytes;
}

// "2026-11-23" or "2026-11-23T18:50:00.25", nothing behind it.
Result<Timestamp> parse_civil(std::string_view text) {
  const bool zoned = text.find_first_of("Zz+") != std::string_view::npos ||
                     text.find('-', std::min<std::size_t>(text.size(), 9)) != text.npos;
  const bool dated = text.size() >= 10 && text[4] == '-' && text[7] == '-';
  if (zoned || !dated) {
    return invalid("'" + std::string(text.substr(0, 40)) +
                   "' is no date of a CPU: write 2026-11-23 or 2026-11-23T18:50:00.25, without a "
                   "time zone");
  }
  std::string whole(text);
  if (text.size() == 10) whole += "T00:00:00";
  return parse_timestamp(whole + "Z");
}

}  // namespace

std::optional<std::int64_t> decode_s5time(std::uint16_t word) {
  const auto digits = three_digits(word);
  if (!digits) return std::nullopt;
  return *digits * kBaseMs[word >> 12 & 3u];
}

Result<std::uint16_t> encode_s5time(std::int64_t ms) {
  for (std::size_t base = 0; base < kBaseMs.size(); ++base) {
    if (ms < 0 || ms > 999 * kBaseMs[base]) continue;
    if (ms % kBaseMs[base] != 0) {
      return invalid(std::to_string(ms) + " ms: S5TIME has steps of " +
                     std::to_string(kBaseMs[base]) + " ms there");
    }
    return static_cast<std::uint16_t>(base << 12 | to_three_digits(ms / kBaseMs[base]));
  }
  return invalid(std::to_string(ms) + " ms: S5TIME holds 0 to 9990000");
}

std::optional<std::int64_t> decode_counter(std::uint16_t word) { return three_digits(word); }

Result<std::uint16_t> encode_counter(std::int64_t count) {
  if (count < 0 || count > 999)
    return invalid(std::to_string(count) + ": a counter holds 0 to 999");
  return to_three_digits(count);
}

std::optional<std::string> decode_date(DataType type, ByteSpan bytes) {
  LS_ASSERT(is_date(type));
  std::optional<Timestamp> moment;
  ByteReader reader(bytes);
  if (type == DataType::kDate) {
    const std::int64_t days = kDays1990 + reader.read_be<std::uint16_t>();
    return format_rfc3339({days * kDayNs}).substr(0, 10);
  }
  if (type == DataType::kDt) moment = decode_dt(bytes);
  if (type == DataType::kDtl) moment = decode_dtl(bytes);
  if (type == DataType::kLdt) {
    moment = Timestamp{static_cast<std::int64_t>(reader.read_be<std::uint64_t>())};
  }
  if (!moment) return std::nullopt;
  std::string text = format_rfc3339(*moment);
  text.pop_back();  // Z
  return text;
}

Result<Bytes> encode_date(DataType type, std::string_view text) {
  LS_ASSERT(is_date(type));
  const auto moment = parse_civil(text);
  if (!moment) return moment.error();
  if (type == DataType::kDate) return encode_day(*moment);
  if (type == DataType::kDt) return encode_dt(*moment);
  if (type == DataType::kDtl) return encode_dtl(*moment);
  Bytes bytes;
  ByteWriter(bytes).write_be(static_cast<std::uint64_t>(moment->ns));
  return bytes;
}

}  // namespace lineshaft::s7
