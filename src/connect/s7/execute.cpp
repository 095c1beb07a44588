#include "connect/s7/execute.h"

#include <algorithm>

namespace lineshaft::connect {

namespace {

// Where an item lies in bytes, or why there is no such place.
struct Place {
  s7::ReturnCode code = s7::ReturnCode::kOk;
  std::uint32_t start = 0;
  std::uint8_t bit = 0;
};

Place place_of(const s7::Item& item) {
  const std::size_t bytes = data_bytes(item);
  const bool counted = is_counted(item.area);
  const bool is_bit = item.element == s7::Element::kBit;
  const bool of_area =
      counted == (item.element == s7::Element::kTimer || item.element == s7::Element::kCounter);
  if (bytes == 0 || !of_area || (is_bit && item.count != 1)) {
    return {s7::ReturnCode::kTypeNotSupported};
  }
  Place place;
  place.start = counted ? item.address * 2 : item.address / 8;
  place.bit = counted ? 0 : item.address % 8;
  if ((place.bit != 0 && !is_bit) || place.start + bytes > s7::kAreaBytes) {
    return {s7::ReturnCode::kAddressOutOfRange};
  }
  return place;
}

s7::ReturnCode write_item(S7Device& device, const s7::WriteItem& part) {
  const Place place = place_of(part.item);
  if (place.code != s7::ReturnCode::kOk) return place.code;
  if (part.data.size() != data_bytes(part.item)) return s7::ReturnCode::kTypeInconsistent;
  if (part.item.element == s7::Element::kBit) {
    return device.write_bit(part.item.area, part.item.db, place.start, place.bit,
                            part.data[0] != 0);
  }
  return device.write(part.item.area, part.item.db, place.start, part.data);
}

}  // namespace

s7::ReadDone execute(S7Device& device, const s7::ReadVar& read, S7Scratch& scratch) {
  s7::ReadDone done;
  scratch.assign(read.items.size(), {});
  for (std::size_t i = 0; i < read.items.size(); ++i) {
    const s7::Item& item = read.items[i];
    const Place place = place_of(item);
    s7::ItemData data{place.code, {}};
    if (place.code == s7::ReturnCode::kOk) {
      Bytes& bytes = scratch[i];
      bytes.resize(data_bytes(item));
      data.code = device.read(item.area, item.db, place.start, bytes);
      if (item.element == s7::Element::kBit) bytes[0] = bytes[0] >> place.bit & 1;
      if (data.code == s7::ReturnCode::kOk) data.data = bytes;
    }
    done.items.push_back(data);
  }
  return done;
}

s7::WriteDone execute(S7Device& device, const s7::WriteVar& write) {
  s7::WriteDone done;
  for (const s7::WriteItem& part : write.items) done.items.push_back(write_item(device, part));
  return done;
}

s7::ReturnCode S7Device::write_bit(s7::Area area, std::uint16_t db, std::uint32_t byte,
                                   std::uint8_t bit, bool value) {
  std::uint8_t held = 0;
  const s7::ReturnCode code = read(area, db, byte, {&held, 1});
  if (code != s7::ReturnCode::kOk) return code;
  const auto mask = static_cast<std::uint8_t>(1u << bit);
  held = static_cast<std::uint8_t>(value ? held | mask : held & ~mask);
  return write(area, db, byte, {&held, 1});
}

Bytes& S7Memory::make(s7::Area area, std::uint16_t db, std::size_t bytes) {
  LS_ASSERT(bytes <= s7::kAreaBytes);
  Bytes& memory = memory_[{area, db}];
  memory.resize(bytes);
  return memory;
}

s7::ReturnCode S7Memory::read(s7::Area area, std::uint16_t db, std::uint32_t start,
                              std::span<std::uint8_t> out) {
  const auto found = memory_.find({area, db});
  if (found == memory_.end()) return s7::ReturnCode::kDoesNotExist;
  if (start + out.size() > found->second.size()) return s7::ReturnCode::kAddressOutOfRange;
  std::copy_n(found->second.begin() + start, out.size(), out.begin());
  return s7::ReturnCode::kOk;
}

s7::ReturnCode S7Memory::write(s7::Area area, std::uint16_t db, std::uint32_t start,
                               ByteSpan bytes) {
  const auto found = memory_.find({area, db});
  if (found == memory_.end()) return s7::ReturnCode::kDoesNotExist;
  if (start + bytes.size() > found->second.size()) return s7::ReturnCode::kAddressOutOfRange;
  std::ranges::copy(bytes, found->second.begin() + start);
  return s7::ReturnCode::kOk;
}

}  // namespace lineshaft::connect
