#include "wire/iec104/asdu.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.h"

namespace lineshaft::iec104 {

namespace {

constexpr std::uint8_t kSequenceBit = 0x80;
constexpr std::uint8_t kTestBit = 0x80;
constexpr std::uint8_t kNegativeBit = 0x40;
constexpr std::size_t kCauseOffset = 2;

Error broken(std::string what) { return {ErrorId::kBadAnswer, std::move(what)}; }

std::size_t time_bytes(TimeKind kind) {
  return kind == TimeKind::kNone ? 0 : kind == TimeKind::kTime24 ? kTime24Bytes : kTime56Bytes;
}

// An object without its address.
std::size_t body_bytes(const TypeInfo& info) {
  return element_bytes(info.element) + time_bytes(info.time);
}

bool is_single(const TypeInfo& info) { return info.type_class != TypeClass::kMonitor; }

std::uint8_t cause_byte(Cause cause, bool negative, bool test) {
  LS_ASSERT(static_cast<std::uint8_t>(cause) <= kCauseMax);
  return static_cast<std::uint8_t>(static_cast<unsigned>(cause) | (negative ? kNegativeBit : 0) |
                                   (test ? kTestBit : 0));
}

std::uint32_t read_address(ByteReader& reader) {
  const std::uint32_t low = reader.read_le<std::uint16_t>();
  return low | std::uint32_t{reader.u8()} << 16;
}

void append_address(std::uint32_t address, Bytes& out) {
  LS_ASSERT(address <= kObjectAddressMax);
  ByteWriter writer(out);
  writer.write_le(static_cast<std::uint16_t>(address & 0xFFFF));
  writer.u8(static_cast<std::uint8_t>(address >> 16));
}

ObjectTime read_time(TimeKind kind, ByteReader& reader) {
  if (kind == TimeKind::kTime24) return read_time24(reader);
  if (kind == TimeKind::kTime56) return read_time56(reader);
  return {};
}

void append_body(const TypeInfo& info, const InformationObject& object, Bytes& out) {
  LS_ASSERT(object.time.index() == static_cast<std::size_t>(info.time));
  append_element(info.element, object.element, out);
  if (const auto* time = std::get_if<Time24>(&object.time)) append_time24(*time, out);
  if (const auto* time = std::get_if<Time56>(&object.time)) append_time56(*time, out);
}

AsduHead read_head(ByteReader& reader, std::uint8_t& structure) {
  AsduHead head;
  head.type = static_cast<Type>(reader.u8());
  structure = reader.u8();
  const std::uint8_t cause = reader.u8();
  head.cause = static_cast<Cause>(cause & kCauseMax);
  head.negative = (cause & kNegativeBit) != 0;
  head.test = (cause & kTestBit) != 0;
  head.originator = reader.u8();
  head.common_address = reader.read_le<std::uint16_t>();
  return head;
}

// Whether as many bytes are there as the count says.
Status check_size(const TypeInfo& info, bool sequence, std::size_t count, std::size_t bytes) {
  if (count == 0) return broken(std::string(info.name) + " without an object");
  if (is_single(info) && (count != 1 || sequence)) {
    return broken(std::string(info.name) + " with more than its one object");
  }
  const std::size_t addresses = sequence ? 1 : count;
  const std::size_t expected = addresses * kObjectAddressBytes + count * body_bytes(info);
  if (bytes != expected) {
    return broken(std::string(info.name) + " with " + std::to_string(count) + " objects in " +
                  std::to_string(bytes) + " bytes instead of " + std::to_string(expected));
  }
  return {};
}

}  // namespace

std::size_t object_count_max(Type type, bool sequence) {
  const TypeInfo* info = find_type(type);
  LS_ASSERT(info != nullptr);
  if (is_single(*info)) return 1;
  const std::size_t room = kAsduBytesMax - kAsduHeadBytes;
  const std::size_t count = sequence ? (room - kObjectAddressBytes) / body_bytes(*info)
                                     : room / (kObjectAddressBytes + body_bytes(*info));
  return std::min(count, kObjectsMax);
}

Result<AsduHead> decode_head(ByteSpan asdu) {
  if (asdu.size() < kAsduHeadBytes) {
    return broken("an ASDU of " + std::to_string(asdu.size()) + " bytes; its head takes 6");
  }
  ByteReader reader(asdu);
  std::uint8_t structure = 0;
  return read_head(reader, structure);
}

Result<Asdu> decode_asdu(ByteSpan asdu) {
  if (Result<AsduHead> head = decode_head(asdu); !head) return head.error();
  ByteReader reader(asdu);
  std::uint8_t structure = 0;
  Asdu decoded;
  decoded.head = read_head(reader, structure);
  const TypeInfo* info = find_type(decoded.head.type);
  if (info == nullptr) {
    return Error{ErrorId::kUnsupported, type_name(decoded.head.type) + " is not known"};
  }
  decoded.sequence = (structure & kSequenceBit) != 0;
  const std::size_t count = structure & kObjectsMax;
  if (Status sized = check_size(*info, decoded.sequence, count, reader.remaining()); !sized) {
    return std::move(sized).error();
  }
  decoded.objects.resize(count);
  std::uint32_t address = 0;
  for (std::size_t i = 0; i < count; ++i) {
    address = i == 0 || !decoded.sequence ? read_address(reader) : address + 1;
    if (address > kObjectAddressMax) return broken("a sequence that passes the last address");
    decoded.objects[i].address = address;
    decoded.objects[i].element = read_element(info->element, reader);
    decoded.objects[i].time = read_time(info->time, reader);
  }
  LS_ASSERT(reader.ok() && reader.at_end());
  return decoded;
}

Bytes encode_asdu(const Asdu& asdu) {
  const TypeInfo* info = find_type(asdu.head.type);
  LS_ASSERT(info != nullptr && !asdu.objects.empty());
  LS_ASSERT(asdu.objects.size() <= object_count_max(asdu.head.type, asdu.sequence));
  LS_ASSERT(!asdu.sequence || !is_single(*info));
  Bytes out;
  out.reserve(kAsduBytesMax);
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(asdu.head.type));
  writer.u8(static_cast<std::uint8_t>(asdu.objects.size() | (asdu.sequence ? kSequenceBit : 0u)));
  writer.u8(cause_byte(asdu.head.cause, asdu.head.negative, asdu.head.test));
  writer.u8(asdu.head.originator);
  writer.write_le(asdu.head.common_address);
  for (std::size_t i = 0; i < asdu.objects.size(); ++i) {
    const InformationObject& object = asdu.objects[i];
    LS_ASSERT(!asdu.sequence || object.address == asdu.objects.front().address + i);
    if (i == 0 || !asdu.sequence) append_address(object.address, out);
    append_body(*info, object, out);
  }
  return out;
}

Bytes mirror(ByteSpan asdu, Cause cause, bool negative) {
  LS_ASSERT(asdu.size() >= kAsduHeadBytes);
  Bytes out(asdu.begin(), asdu.end());
  out[kCauseOffset] = cause_byte(cause, negative, (out[kCauseOffset] & kTestBit) != 0);
  return out;
}

}  // namespace lineshaft::iec104
