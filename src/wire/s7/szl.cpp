#include "wire/s7/szl.h"

#include <algorithm>
#include <string_view>

#include "wire/s7/text.h"

namespace lineshaft::s7 {

namespace {

constexpr int kPartsMax = 64;

// Records of kSzlModule: index, order number, type and two versions.
constexpr std::size_t kModuleBytes = 28;
constexpr std::size_t kModuleBytesMin = 22;  // some devices leave the versions out
constexpr std::size_t kOrderNumberBytes = 20;
constexpr std::uint16_t kModuleItself = 0x0001;
constexpr std::uint16_t kModuleFirmware = 0x0007;

// Records of kSzlComponents: index and text.
constexpr std::size_t kComponentBytes = 34;
constexpr std::size_t kNameBytes = 24;
constexpr std::size_t kLongNameBytes = 32;

struct Component {
  std::uint16_t index;
  std::string Identification::*field;  // null: not ours to tell
  std::size_t bytes;
};
// All that a CPU has up to the last that we want: there are clients that look at fixed offsets.
constexpr Component kComponents[] = {
    {1, &Identification::system_name, kNameBytes},
    {2, &Identification::module_name, kNameBytes},
    {3, nullptr, kLongNameBytes},  // designation of the plant
    {4, nullptr, kLongNameBytes},  // copyright
    {5, &Identification::serial_number, kNameBytes},
    {7, &Identification::module_type, kLongNameBytes},
};

std::string text_of(ByteSpan bytes) {
  const auto end = std::ranges::find(bytes, 0);
  bytes = bytes.first(static_cast<std::size_t>(end - bytes.begin()));
  while (!bytes.empty() && bytes.back() == ' ') bytes = bytes.first(bytes.size() - 1);
  return utf8_of_latin1(bytes);
}

// The text as ISO 8859-1 ('?' for what it does not have), cut or filled up with `fill`.
void append_text(std::string_view text, std::size_t size, std::uint8_t fill, Bytes& out) {
  Bytes bytes;
  const auto latin1 = latin1_of_utf8(text);
  if (latin1) {
    bytes = *latin1;
  } else {
    for (const char c : text)
      bytes.push_back(static_cast<unsigned char>(c) < 0x80 ? static_cast<std::uint8_t>(c) : '?');
  }
  bytes.resize(size, fill);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void read_module(ByteSpan record, Identification& known) {
  if (record.size() < kModuleBytesMin) return;
  ByteReader reader(record);
  const auto index = reader.read_be<std::uint16_t>();
  const ByteSpan order_number = reader.bytes(kOrderNumberBytes);
  if (index == kModuleItself) known.order_number = text_of(order_number);
  if (index == kModuleFirmware && record.size() >= kModuleBytes) {  // 'V' and three numbers
    known.firmware = "V" + std::to_string(record[25]) + "." + std::to_string(record[26]) + "." +
                     std::to_string(record[27]);
  }
}

void read_component(ByteSpan record, Identification& known) {
  if (record.size() < kComponentBytes) return;
  ByteReader reader(record);
  const auto index = reader.read_be<std::uint16_t>();
  for (const Component& component : kComponents) {
    if (component.index != index || component.field == nullptr) continue;
    known.*component.field = text_of(reader.bytes(component.bytes));
  }
}

void append_module(std::uint16_t index, std::string_view order_number, ByteSpan version,
                   Bytes& out) {
  ByteWriter writer(out);
  writer.write_be(index);
  append_text(order_number, kOrderNumberBytes, ' ', out);
  writer.write_be(std::uint16_t{0});
  writer.bytes(version);
}

// "V3.2.6" as 'V' 3 2 6; zeros for what is no number.
Bytes version_bytes(std::string_view text) {
  Bytes bytes = {'V', 0, 0, 0};
  std::size_t part = 1;
  unsigned number = 0;
  for (const char c : text) {
    if (c == '.' && part < 3) {
      part += 1;
      number = 0;
    } else if (c >= '0' && c <= '9') {
      number = std::min(number * 10 + static_cast<unsigned>(c - '0'), 255u);
      bytes[part] = static_cast<std::uint8_t>(number);
    }
  }
  return bytes;
}

void append_head(std::uint16_t id, std::size_t record_bytes, std::size_t records, Bytes& out) {
  ByteWriter writer(out);
  writer.write_be(id);
  writer.write_be(std::uint16_t{0});
  writer.write_be(static_cast<std::uint16_t>(record_bytes));
  writer.write_be(static_cast<std::uint16_t>(records));
}

}  // namespace

std::optional<ReadSzl> SzlReader::take(const SzlPart& part) {
  list_.insert(list_.end(), part.data.begin(), part.data.end());
  parts_ += 1;
  if (part.last || part.data.empty() || parts_ >= kPartsMax) return std::nullopt;
  return ReadSzl{id_, 0, part.sequence};
}

void SzlReader::read_into(Identification& known) const {
  ByteReader reader(list_);
  const auto id = reader.read_be<std::uint16_t>();
  reader.read_be<std::uint16_t>();
  const std::size_t record_bytes = reader.read_be<std::uint16_t>();
  const std::size_t records = reader.read_be<std::uint16_t>();
  if (!reader.ok() || id != id_) return;
  for (std::size_t i = 0; i < records; ++i) {
    const ByteSpan record = reader.bytes(record_bytes);
    if (!reader.ok() || record.empty()) return;
    if (id == kSzlModule) read_module(record, known);
    if (id == kSzlComponents) read_component(record, known);
  }
}

std::optional<Bytes> szl_list(const Identification& identification, std::uint16_t id) {
  Bytes list;
  if (id == kSzlModule) {
    append_head(id, kModuleBytes, 2, list);
    append_module(kModuleItself, identification.order_number, Bytes(4), list);
    append_module(kModuleFirmware, "", version_bytes(identification.firmware), list);
    return list;
  }
  if (id != kSzlComponents) return std::nullopt;
  append_head(id, kComponentBytes, std::size(kComponents), list);
  for (const Component& component : kComponents) {
    ByteWriter(list).write_be(component.index);
    const bool ours = component.field != nullptr;
    append_text(ours ? identification.*component.field : "", component.bytes, 0, list);
    list.resize(list.size() + kLongNameBytes - component.bytes);
  }
  return list;
}

SzlPart szl_part(ByteSpan list, std::optional<std::uint8_t> after, std::size_t bytes_max) {
  LS_ASSERT(bytes_max >= 1);
  const std::size_t number = after.value_or(0);  // parts are numbered from 1
  const std::size_t start = std::min(number * bytes_max, list.size());
  SzlPart part;
  part.sequence = static_cast<std::uint8_t>(number + 1);
  part.data = list.subspan(start, std::min(bytes_max, list.size() - start));
  part.last = start + part.data.size() == list.size();
  return part;
}

}  // namespace lineshaft::s7
