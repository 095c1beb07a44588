// Answers to and from bytes. Layouts: MODBUS Application Protocol V1.1b3, section 6.
#include <algorithm>
#include <type_traits>

#include "wire/modbus/message.h"

namespace lineshaft::modbus {

namespace {

Error bad_answer(std::string what) { return Error{ErrorId::kBadAnswer, std::move(what)}; }

std::string count_text(std::size_t count, std::string_view unit) {
  return std::to_string(count) + " " + std::string(unit);
}

// The head of a write request (without the function) that its confirmation repeats.
template <typename Write>
constexpr std::size_t echo_bytes(const Write& /*request*/) {
  return std::is_same_v<Write, MaskWriteRegister> ? 6 : 4;
}

// Byte count, then exactly as many bytes as the values asked for need.
Result<ByteSpan> take_counted(ByteReader& reader, std::size_t bytes_expected) {
  const std::size_t bytes = reader.u8();
  if (!reader.ok() || bytes != bytes_expected || reader.remaining() != bytes) {
    return bad_answer("the answer holds " + count_text(reader.remaining(), "data bytes") +
                      " and announces " + std::to_string(bytes) + "; asked were " +
                      std::to_string(bytes_expected));
  }
  return reader.bytes(bytes);
}

// The decoders below fill `out`; what they leave there with an error is not used.

Status decode(ByteReader& reader, const ReadBits& asked, Response& out) {
  const Result<ByteSpan> packed = take_counted(reader, (asked.count + 7u) / 8);
  if (!packed) return packed.error();
  auto& bits = out.emplace<Bits>();
  bits.values.resize(asked.count);
  for (std::size_t i = 0; i < asked.count; ++i) {
    bits.values[i] = ((*packed)[i / 8] >> (i % 8) & 1) != 0;
  }
  return {};
}

Status decode_registers(ByteReader& reader, std::size_t count, Response& out) {
  const Result<ByteSpan> raw = take_counted(reader, count * 2);
  if (!raw) return raw.error();
  auto& registers = out.emplace<Registers>();
  registers.values.resize(count);
  ByteReader words(*raw);
  for (std::uint16_t& value : registers.values) value = words.read_be<std::uint16_t>();
  return {};
}

Status decode(ByteReader& reader, const ReadRegisters& asked, Response& out) {
  return decode_registers(reader, asked.count, out);
}
Status decode(ByteReader& reader, const ReadWriteRegisters& asked, Response& out) {
  return decode_registers(reader, asked.read_count, out);
}

// Writes are confirmed by an echo of the first bytes of the request.
template <typename Write>
Status decode(ByteReader& reader, const Write& asked, Response& out) {
  Bytes request;
  if (Status encoded = encode_request(asked, request); !encoded) return encoded;
  const ByteSpan expected = ByteSpan(request).subspan(1, echo_bytes(asked));
  const ByteSpan echo = reader.bytes(reader.remaining());
  if (!std::ranges::equal(echo, expected)) {
    return bad_answer("the answer to a write does not repeat what was asked");
  }
  out.emplace<Done>();
  return {};
}

Status decode(ByteReader& reader, const ReadDeviceId& asked, Response& out) {
  auto& part = out.emplace<DeviceIdPart>();
  const std::uint8_t mei = reader.u8();
  const std::uint8_t level = reader.u8();
  part.conformity = reader.u8();
  const std::uint8_t more = reader.u8();
  part.next = reader.u8();
  const std::size_t count = reader.u8();
  if (!reader.ok() || mei != kMeiDeviceIdentification ||
      level != static_cast<std::uint8_t>(asked.level) || (more != 0 && more != 0xFF)) {
    return bad_answer("the device identification has a wrong head");
  }
  part.more = more == 0xFF;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t id = reader.u8();
    const ByteSpan text = reader.bytes(reader.u8());
    if (!reader.ok()) {
      return bad_answer("the device identification ends inside object " + std::to_string(i + 1) +
                        " of " + std::to_string(count));
    }
    part.objects.push_back({id, std::string(as_text(text))});
  }
  if (!reader.at_end()) return bad_answer("bytes follow the device identification");
  return {};
}

void encode_bits(const Bits& bits, ByteWriter& writer) {
  writer.u8(static_cast<std::uint8_t>((bits.values.size() + 7) / 8));
  std::uint8_t byte = 0;
  for (std::size_t i = 0; i < bits.values.size(); ++i) {
    if (bits.values[i]) byte = static_cast<std::uint8_t>(byte | 1u << (i % 8));
    if (i % 8 == 7 || i + 1 == bits.values.size()) {
      writer.u8(byte);
      byte = 0;
    }
  }
}

void encode_part(const ReadDeviceId& asked, const DeviceIdPart& part, ByteWriter& writer) {
  writer.u8(kMeiDeviceIdentification);
  writer.u8(static_cast<std::uint8_t>(asked.level));
  writer.u8(part.conformity);
  writer.u8(part.more ? 0xFF : 0);
  writer.u8(part.next);
  writer.u8(static_cast<std::uint8_t>(part.objects.size()));
  for (const DeviceIdObject& object : part.objects) {
    writer.u8(object.id);
    writer.u8(static_cast<std::uint8_t>(object.text.size()));
    writer.bytes(as_bytes(object.text));
  }
}

// The number of values a read asks for; 0 if the request is no read.
std::size_t values_asked(const Request& asked) {
  if (const auto* bits = std::get_if<ReadBits>(&asked)) return bits->count;
  if (const auto* registers = std::get_if<ReadRegisters>(&asked)) return registers->count;
  if (const auto* both = std::get_if<ReadWriteRegisters>(&asked)) return both->read_count;
  return 0;
}

void encode_echo(const Request& asked, ByteWriter& writer) {
  Bytes request;
  LS_ASSERT(encode_request(asked, request).ok());
  const std::size_t bytes = std::visit([](const auto& r) { return echo_bytes(r); }, asked);
  writer.bytes(ByteSpan(request).subspan(1, bytes));
}

}  // namespace

Result<Response> decode_response(ByteSpan pdu, const Request& asked) {
  const auto function = static_cast<std::uint8_t>(function_of(asked));
  ByteReader reader(pdu);
  const std::uint8_t answered = reader.u8();
  if (pdu.size() > kPduBytesMax) return bad_answer("the answer is longer than 253 bytes");
  if (answered == (function | kExceptionBit)) {
    const std::uint8_t code = reader.u8();
    if (!reader.ok() || !reader.at_end()) return bad_answer("an exception of a wrong length");
    return Response(std::in_place_type<Exception>, static_cast<Exception>(code));
  }
  if (!reader.ok() || answered != function) {
    return bad_answer("function " + std::to_string(answered) + " was answered to function " +
                      std::to_string(function));
  }
  Response response;
  const Status decoded =
      std::visit([&](const auto& request) { return decode(reader, request, response); }, asked);
  if (!decoded) return decoded.error();
  return response;
}

void encode_response(const Request& asked, const Response& response, Bytes& out) {
  const auto function = static_cast<std::uint8_t>(function_of(asked));
  const std::size_t start = out.size();
  ByteWriter writer(out);
  if (const auto* exception = std::get_if<Exception>(&response)) {
    encode_exception(function, *exception, out);
    return;
  }
  writer.u8(function);
  if (const auto* bits = std::get_if<Bits>(&response)) {
    LS_ASSERT(bits->values.size() == values_asked(asked) && bits->values.size() <= kReadBitsMax);
    encode_bits(*bits, writer);
  } else if (const auto* registers = std::get_if<Registers>(&response)) {
    LS_ASSERT(registers->values.size() == values_asked(asked) &&
              registers->values.size() <= kReadRegistersMax);
    writer.u8(static_cast<std::uint8_t>(registers->values.size() * 2));
    for (std::uint16_t value : registers->values) writer.write_be(value);
  } else if (const auto* part = std::get_if<DeviceIdPart>(&response)) {
    LS_ASSERT(std::holds_alternative<ReadDeviceId>(asked));
    encode_part(std::get<ReadDeviceId>(asked), *part, writer);
  } else {
    LS_ASSERT(values_asked(asked) == 0);
    encode_echo(asked, writer);
  }
  LS_ASSERT(out.size() - start <= kPduBytesMax);
}

void encode_exception(std::uint8_t function, Exception exception, Bytes& out) {
  out.push_back(static_cast<std::uint8_t>(function | kExceptionBit));
  out.push_back(static_cast<std::uint8_t>(exception));
}

}  // namespace lineshaft::modbus
