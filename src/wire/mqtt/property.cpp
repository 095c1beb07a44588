#include "wire/mqtt/property.h"

#include <string_view>
#include <type_traits>

#include "base/utf8.h"

namespace lineshaft::mqtt {

namespace {

template <PropertyOwner... kOwners>
constexpr std::uint32_t owners() {
  return (static_cast<std::uint32_t>(kOwners) | ...);
}

using Repeated = std::vector<std::uint32_t>;
using User = std::vector<std::pair<std::string, std::string>>;
enum class Range : std::uint8_t { kAny, kFlag, kNotZero };

// The table of 2.2.2.2, once for reading and for writing: number, who may carry it, member, range.
template <typename Props, typename Visit>
void visit_all(Props& p, Visit&& visit) {
  using enum PropertyOwner;
  constexpr std::uint32_t kMessage = owners<kPublish, kWill>();
  constexpr std::uint32_t kReasoned = owners<kConnAck, kPubAck, kPubRec, kPubRel, kPubComp, kSubAck,
                                             kUnsubAck, kDisconnect, kAuth>();
  constexpr std::uint32_t kEverywhere =
      kMessage | kReasoned | owners<kConnect, kSubscribe, kUnsubscribe>();
  visit(0x01, kMessage, p.payload_format, Range::kFlag);
  visit(0x02, kMessage, p.message_expiry_s, Range::kAny);
  visit(0x03, kMessage, p.content_type, Range::kAny);
  visit(0x08, kMessage, p.response_topic, Range::kAny);
  visit(0x09, kMessage, p.correlation_data, Range::kAny);
  visit(0x0B, owners<kPublish, kSubscribe>(), p.subscription_ids, Range::kNotZero);
  visit(0x11, owners<kConnect, kConnAck, kDisconnect>(), p.session_expiry_s, Range::kAny);
  visit(0x12, owners<kConnAck>(), p.assigned_client_id, Range::kAny);
  visit(0x13, owners<kConnAck>(), p.server_keep_alive_s, Range::kAny);
  visit(0x15, owners<kConnect, kConnAck, kAuth>(), p.authentication_method, Range::kAny);
  visit(0x16, owners<kConnect, kConnAck, kAuth>(), p.authentication_data, Range::kAny);
  visit(0x17, owners<kConnect>(), p.request_problem_information, Range::kFlag);
  visit(0x18, owners<kWill>(), p.will_delay_s, Range::kAny);
  visit(0x19, owners<kConnect>(), p.request_response_information, Range::kFlag);
  visit(0x1A, owners<kConnAck>(), p.response_information, Range::kAny);
  visit(0x1C, owners<kConnAck, kDisconnect>(), p.server_reference, Range::kAny);
  visit(0x1F, kReasoned, p.reason_string, Range::kAny);
  visit(0x21, owners<kConnect, kConnAck>(), p.receive_maximum, Range::kNotZero);
  visit(0x22, owners<kConnect, kConnAck>(), p.topic_alias_maximum, Range::kAny);
  visit(0x23, owners<kPublish>(), p.topic_alias, Range::kNotZero);
  visit(0x24, owners<kConnAck>(), p.maximum_qos, Range::kFlag);
  visit(0x25, owners<kConnAck>(), p.retain_available, Range::kFlag);
  visit(0x26, kEverywhere, p.user, Range::kAny);
  visit(0x27, owners<kConnect, kConnAck>(), p.maximum_packet_bytes, Range::kNotZero);
  visit(0x28, owners<kConnAck>(), p.wildcard_subscription_available, Range::kFlag);
  visit(0x29, owners<kConnAck>(), p.subscription_ids_available, Range::kFlag);
  visit(0x2A, owners<kConnAck>(), p.shared_subscription_available, Range::kFlag);
}

// --- writing ---

void put(const std::string& text, Bytes& out) { encode_text(text, out); }
void put(const Bytes& bytes, Bytes& out) { encode_text(as_text(bytes), out); }
template <std::unsigned_integral T>
void put(T number, Bytes& out) {
  ByteWriter(out).write_be(number);
}

template <typename T>
void encode_member(std::uint8_t id, const std::optional<T>& member, Bytes& out) {
  if (!member) return;
  out.push_back(id);
  put(*member, out);
}
void encode_member(std::uint8_t id, const Repeated& members, Bytes& out) {
  for (const std::uint32_t member : members) {
    out.push_back(id);
    encode_variable_integer(member, out);
  }
}
void encode_member(std::uint8_t id, const User& members, Bytes& out) {
  for (const auto& [name, value] : members) {
    out.push_back(id);
    encode_text(name, out);
    encode_text(value, out);
  }
}

// --- reading ---

Status get(ByteReader& reader, Range /*range*/, std::string& out) {
  Result<std::string> text = decode_text(reader, "a property");
  if (!text) return text.error();
  out = *std::move(text);
  return {};
}
Status get(ByteReader& reader, Range /*range*/, Bytes& out) {
  Result<Bytes> bytes = decode_binary(reader, "a property");
  if (!bytes) return bytes.error();
  out = *std::move(bytes);
  return {};
}
template <std::unsigned_integral T>
Status get(ByteReader& reader, Range range, T& out) {
  out = reader.read_be<T>();
  if (!reader.ok()) return broken("the properties end inside one of them");
  if (range == Range::kFlag && out > 1)
    return broken("a property that is 0 or 1 has another value");
  if (range == Range::kNotZero && out == 0) return broken("a property that must not be 0 is 0");
  return {};
}

template <typename T>
Status decode_member(ByteReader& reader, Range range, std::optional<T>& member) {
  if (member) return broken("a property is given twice");
  return get(reader, range, member.emplace());
}
Status decode_member(ByteReader& reader, Range /*range*/, Repeated& members) {
  const Result<std::uint32_t> id = decode_variable_integer(reader);
  if (!id) return id.error();
  if (*id == 0) return broken("a subscription identifier is 0");
  if (members.size() == kRepeatedPropertiesMax) return broken("too many subscription identifiers");
  members.push_back(*id);
  return {};
}
Status decode_member(ByteReader& reader, Range /*range*/, User& members) {
  Result<std::string> name = decode_text(reader, "a user property");
  if (!name) return name.error();
  Result<std::string> value = decode_text(reader, "a user property");
  if (!value) return value.error();
  if (members.size() == kRepeatedPropertiesMax) return broken("too many user properties");
  members.emplace_back(*std::move(name), *std::move(value));
  return {};
}

Status decode_property(ByteReader& reader, PropertyOwner owner, Properties& into) {
  const std::uint8_t id = reader.u8();
  bool known = false;
  Status status;
  visit_all(into, [&](std::uint8_t row, std::uint32_t allowed, auto& member, Range range) {
    if (row != id || (allowed & static_cast<std::uint32_t>(owner)) == 0) return;
    known = true;
    status = decode_member(reader, range, member);
  });
  if (known) return status;
  return broken("property " + std::to_string(id) + " does not belong there");
}

}  // namespace

void encode_variable_integer(std::size_t value, Bytes& out) {
  LS_ASSERT(value <= kRemainingLengthMax);
  ByteWriter(out).varint(value);
}

Result<std::uint32_t> decode_variable_integer(ByteReader& reader) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    const std::uint8_t byte = reader.u8();
    if (!reader.ok()) return broken("a length ends early");
    value |= static_cast<std::uint32_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  return broken("a length of more than four bytes");
}

void encode_text(std::string_view text, Bytes& out) {
  LS_ASSERT(text.size() <= kTextBytesMax);
  ByteWriter writer(out);
  writer.write_be(static_cast<std::uint16_t>(text.size()));
  writer.bytes(as_bytes(text));
}

Result<std::string> decode_text(ByteReader& reader, std::string_view field) {
  const std::uint16_t length = reader.read_be<std::uint16_t>();
  const std::string_view text = as_text(reader.bytes(length));
  if (!reader.ok()) return broken(std::string(field) + " ends early");
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) {
    return broken(std::string(field) + " is not UTF-8 without NUL");
  }
  return std::string(text);
}

Result<Bytes> decode_binary(ByteReader& reader, std::string_view field) {
  const std::uint16_t length = reader.read_be<std::uint16_t>();
  const ByteSpan bytes = reader.bytes(length);
  if (!reader.ok()) return broken(std::string(field) + " ends early");
  return Bytes(bytes.begin(), bytes.end());
}

void encode_properties(const Properties& properties, PropertyOwner owner, Bytes& out) {
  Bytes block;
  visit_all(properties, [&](std::uint8_t id, std::uint32_t allowed, const auto& member, Range) {
    const std::size_t before = block.size();
    encode_member(id, member, block);
    LS_ASSERT(block.size() == before || (allowed & static_cast<std::uint32_t>(owner)) != 0);
  });
  encode_variable_integer(block.size(), out);
  ByteWriter(out).bytes(block);
}

Result<Properties> decode_properties(ByteReader& reader, PropertyOwner owner) {
  const Result<std::uint32_t> length = decode_variable_integer(reader);
  if (!length) return length.error();
  ByteReader block(reader.bytes(*length));
  if (!reader.ok()) return broken("the properties end early");
  Properties properties;
  while (!block.at_end()) {
    if (Status status = decode_property(block, owner, properties); !status) return status.error();
  }
  return properties;
}

}  // namespace lineshaft::mqtt
