#include "wire/batch/batch.h"

#include <bit>
#include <cstring>
#include <type_traits>

#include "base/utf8.h"

namespace lineshaft::batch {
namespace {

constexpr std::string_view kMagic = "LSB1";
constexpr std::size_t kPartHeadBytes = 8;
constexpr std::uint8_t kHasQualities = 1;
constexpr std::size_t kTagAndTimeBytes = 4 + 8;

std::size_t bytes_of_value(ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return 1;
    case ValueType::kFloat32:
    case ValueType::kString:  // its size
      return 4;
    case ValueType::kInt64:
    case ValueType::kFloat64:
      return 8;
  }
  return 0;
}

// Element `i` of a column of little-endian numbers.
template <typename T>
T number_at(ByteSpan column, std::size_t i) {
  static_assert(std::endian::native == std::endian::little);
  T number{};
  std::memcpy(&number, column.data() + i * sizeof(T), sizeof(T));
  return number;
}

struct Part {
  ValueType type = ValueType::kBool;
  std::size_t count = 0;
  ByteSpan tags, times, qualities, values;
};

class Decoder {
 public:
  explicit Decoder(ByteSpan bytes) : reader_(bytes) {}

  Result<std::vector<Sample>> run() {
    if (as_text(reader_.bytes(kMagic.size())) != kMagic) {
      return Error{ErrorId::kInvalidArgument, "a batch begins with LSB1"};
    }
    for (std::size_t number = 0; !reader_.at_end(); ++number) {
      Result<Part> part = read_part(number);
      if (!part) return part.error();
      if (Status added = add(*part); !added) return added.error();
    }
    return std::move(samples_);
  }

 private:
  static Error bad_part(std::size_t number, const char* problem) {
    return {ErrorId::kInvalidArgument,
            "part " + std::to_string(number) + " of the batch " + problem};
  }
  Error bad_sample(const char* problem) const {
    return {ErrorId::kInvalidArgument,
            "sample " + std::to_string(samples_.size()) + " of the batch " + problem};
  }

  Result<Part> read_part(std::size_t number) {
    if (reader_.remaining() < kPartHeadBytes) return bad_part(number, "is cut off");
    Part part;
    const std::uint8_t type = reader_.u8();
    const std::uint8_t flags = reader_.u8();
    const auto reserved = reader_.read_le<std::uint16_t>();
    part.count = reader_.read_le<std::uint32_t>();
    if (type < 1 || type > 5) return bad_part(number, "has a type that is not 1 to 5");
    if (flags > kHasQualities || reserved != 0) {
      return bad_part(number, "has flags of a newer version");
    }
    part.type = static_cast<ValueType>(type);
    const std::size_t quality_bytes = flags == kHasQualities ? 4 : 0;
    const std::size_t value_bytes = bytes_of_value(part.type);
    const std::size_t bytes_each = kTagAndTimeBytes + quality_bytes + value_bytes;
    if (part.count > reader_.remaining() / bytes_each) {
      return bad_part(number, "is shorter than its count of samples");
    }
    part.tags = reader_.bytes(part.count * 4);
    part.times = reader_.bytes(part.count * 8);
    part.qualities = reader_.bytes(part.count * quality_bytes);
    part.values = reader_.bytes(part.count * value_bytes);
    return part;
  }

  // `value_of` gives the value at an index.
  template <typename ValueOf>
  void add_all(const Part& part, ValueOf value_of) {
    // Not each time: many small parts would take the square of their number.
    if (samples_.empty()) samples_.reserve(part.count);
    for (std::size_t i = 0; i < part.count; ++i) {
      const Quality quality = part.qualities.empty()
                                  ? quality::kGood
                                  : Quality{number_at<std::uint32_t>(part.qualities, i)};
      samples_.push_back({{number_at<std::uint32_t>(part.tags, i)},
                          {number_at<std::int64_t>(part.times, i)},
                          quality,
                          value_of(i)});
    }
  }

  Status add(const Part& part) {
    switch (part.type) {
      case ValueType::kBool:
        return add_bools(part);
      case ValueType::kInt64:
        add_all(part, [&](std::size_t i) { return number_at<std::int64_t>(part.values, i); });
        break;
      case ValueType::kFloat32:
        add_all(part, [&](std::size_t i) { return number_at<float>(part.values, i); });
        break;
      case ValueType::kFloat64:
        add_all(part, [&](std::size_t i) { return number_at<double>(part.values, i); });
        break;
      case ValueType::kString:
        return add_texts(part);
    }
    return {};
  }

  Status add_bools(const Part& part) {
    Status allowed;
    add_all(part, [&](std::size_t i) {
      if (part.values[i] > 1 && allowed) allowed = bad_sample("is neither 0 nor 1");
      return part.values[i] == 1;
    });
    return allowed;
  }

  Status add_texts(const Part& part) {
    Status allowed;
    add_all(part, [&](std::size_t i) {
      const auto size = number_at<std::uint32_t>(part.values, i);
      if (!allowed) return std::string();
      if (size > kStringValueBytesMax) {
        allowed = bad_sample("is a text longer than 64 KiB");
      } else if (size > reader_.remaining()) {
        allowed = bad_sample("is a text that is cut off");
      } else {
        const std::string_view text = as_text(reader_.bytes(size));
        if (is_utf8(text)) return std::string(text);
        allowed = bad_sample("is a text that is not UTF-8");
      }
      return std::string();
    });
    return allowed;
  }

  ByteReader reader_;
  std::vector<Sample> samples_;
};

void write_value(ByteWriter& writer, const Value& value) {
  std::visit(
      [&](const auto& of) {
        using T = std::decay_t<decltype(of)>;
        if constexpr (std::is_same_v<T, bool>) {
          writer.u8(of ? 1 : 0);
        } else if constexpr (std::is_same_v<T, std::string>) {
          writer.write_le(static_cast<std::uint32_t>(of.size()));
        } else if constexpr (sizeof(T) == 4) {
          writer.write_le(std::bit_cast<std::uint32_t>(of));
        } else {
          writer.write_le(std::bit_cast<std::uint64_t>(of));
        }
      },
      value);
}

void write_part(ByteWriter& writer, std::span<const Sample> samples) {
  bool all_good = true;
  for (const Sample& sample : samples) all_good = all_good && sample.quality == quality::kGood;
  writer.u8(static_cast<std::uint8_t>(type_of(samples.front().value)));
  writer.u8(all_good ? 0 : kHasQualities);
  writer.write_le(std::uint16_t{0});
  writer.write_le(static_cast<std::uint32_t>(samples.size()));
  for (const Sample& sample : samples) writer.write_le(sample.tag.value);
  for (const Sample& sample : samples) writer.write_le(static_cast<std::uint64_t>(sample.time.ns));
  if (!all_good) {
    for (const Sample& sample : samples) writer.write_le(sample.quality.code);
  }
  for (const Sample& sample : samples) write_value(writer, sample.value);
  for (const Sample& sample : samples) {
    if (const auto* text = std::get_if<std::string>(&sample.value)) writer.bytes(as_bytes(*text));
  }
}

}  // namespace

Result<std::vector<Sample>> decode(ByteSpan bytes) { return Decoder(bytes).run(); }

Bytes encode(std::span<const Sample> samples) {
  Bytes out;
  ByteWriter writer(out);
  writer.bytes(as_bytes(kMagic));
  while (!samples.empty()) {
    std::size_t run = 1;
    while (run < samples.size() && type_of(samples[run].value) == type_of(samples[0].value)) ++run;
    write_part(writer, samples.first(run));
    samples = samples.subspan(run);
  }
  return out;
}

}  // namespace lineshaft::batch
