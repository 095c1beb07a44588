#include "wire/modbus/identification.h"

namespace lineshaft::modbus {

namespace {

constexpr int kPartsMax = 256;         // a device cannot have more objects than that
constexpr std::size_t kHeadBytes = 7;  // function, MEI, level, conformity, more, next, count
constexpr std::size_t kObjectHeadBytes = 2;
constexpr std::uint8_t kConformityExtendedSingle = 0x83;

// The highest object of an access level (objects 0x07..0x7F of level 2 are reserved but allowed).
std::uint8_t last_object(DeviceIdLevel level) {
  switch (level) {
    case DeviceIdLevel::kBasic:
      return kRevision;
    case DeviceIdLevel::kRegular:
      return 0x7F;
    default:
      return 0xFF;
  }
}

DeviceIdObject cut_object(std::uint8_t id, const std::string& text) {
  return {id, text.substr(0, kObjectBytesMax)};
}

}  // namespace

std::optional<ReadDeviceId> IdentificationReader::take(const DeviceIdPart& part) {
  for (const DeviceIdObject& object : part.objects) objects_[object.id] = object.text;
  if (!part.more || ++parts_ >= kPartsMax || part.next <= last_asked_) return std::nullopt;
  last_asked_ = part.next;
  return ReadDeviceId{level_, part.next};
}

Response identification_part(const Identification& all, const ReadDeviceId& asked) {
  if (all.empty()) return Exception::kIllegalFunction;
  DeviceIdPart part;
  part.conformity = kConformityExtendedSingle;
  if (asked.level == DeviceIdLevel::kSpecific) {
    const auto found = all.find(asked.object);
    if (found == all.end()) return Exception::kIllegalDataAddress;
    part.objects.push_back(cut_object(found->first, found->second));
    return part;
  }
  auto next = all.find(asked.object);
  if (next == all.end() || asked.object > last_object(asked.level)) next = all.begin();
  std::size_t bytes = kHeadBytes;
  for (; next != all.end() && next->first <= last_object(asked.level); ++next) {
    DeviceIdObject object = cut_object(next->first, next->second);
    bytes += kObjectHeadBytes + object.text.size();
    if (bytes > kPduBytesMax) {
      part.more = true;
      part.next = next->first;
      break;
    }
    part.objects.push_back(std::move(object));
  }
  return part;
}

}  // namespace lineshaft::modbus
