// Requests to and from bytes.
#include "wire/s7/codes.h"
#include "wire/s7/message.h"

namespace lineshaft::s7 {

namespace {

constexpr std::size_t kSetupBytes = 8;

bool is_area(std::uint8_t code) {
  return code == 0x1C || code == 0x1D || (code >= 0x81 && code <= 0x84);
}

void append_item(const Item& item, ByteWriter& writer) {
  LS_ASSERT(item.address < 1u << 24);
  writer.u8(kVariableSpecification);
  writer.u8(kSpecificationBytes);
  writer.u8(kSyntaxAny);
  writer.u8(static_cast<std::uint8_t>(item.element));
  writer.write_be(item.count);
  writer.write_be(item.db);
  writer.u8(static_cast<std::uint8_t>(item.area));
  writer.u8(static_cast<std::uint8_t>(item.address >> 16));
  writer.write_be(static_cast<std::uint16_t>(item.address));
}

// Nothing for an address of another kind (symbols, drives), or an area that we do not know.
std::optional<Item> take_item(ByteReader& reader) {
  const bool is_any = reader.u8() == kVariableSpecification && reader.u8() == kSpecificationBytes &&
                      reader.u8() == kSyntaxAny;
  if (!is_any) return std::nullopt;
  Item item;
  item.element = static_cast<Element>(reader.u8());
  item.count = reader.read_be<std::uint16_t>();
  item.db = reader.read_be<std::uint16_t>();
  const std::uint8_t area = reader.u8();
  item.address = std::uint32_t{reader.u8()} << 16;
  item.address |= reader.read_be<std::uint16_t>();
  if (!reader.ok() || !is_area(area)) return std::nullopt;
  item.area = static_cast<Area>(area);
  return item;
}

void append_parameters(const SetupCommunication& setup, ByteWriter& writer) {
  writer.u8(kFunctionSetup);
  writer.u8(0);
  writer.write_be(setup.jobs_calling);
  writer.write_be(setup.jobs_called);
  writer.write_be(setup.pdu_bytes);
}

void append_parameters(const ReadVar& read, ByteWriter& writer) {
  LS_ASSERT(!read.items.empty() && read.items.size() <= kItemsMax);
  writer.u8(kFunctionRead);
  writer.u8(static_cast<std::uint8_t>(read.items.size()));
  for (const Item& item : read.items) append_item(item, writer);
}

void append_parameters(const WriteVar& write, ByteWriter& writer) {
  LS_ASSERT(!write.items.empty() && write.items.size() <= kItemsMax);
  writer.u8(kFunctionWrite);
  writer.u8(static_cast<std::uint8_t>(write.items.size()));
  for (const WriteItem& part : write.items) append_item(part.item, writer);
}

void append_parameters(const ReadSzl& read, ByteWriter& writer) {
  writer.bytes(kSystemHead);
  writer.u8(read.after ? 8 : 4);
  writer.u8(read.after ? kMethodResponse : kMethodRequest);
  writer.u8(kSystemRequest | kGroupCpu);
  writer.u8(kReadSzl);
  writer.u8(read.after.value_or(0));
  if (read.after) writer.write_be(std::uint32_t{0});
}

void append_data_of(const WriteVar& write, Bytes& out) {
  for (std::size_t i = 0; i < write.items.size(); ++i) {
    const auto& [item, data] = write.items[i];
    LS_ASSERT(data.size() == data_bytes(item));
    append_data_item(ReturnCode::kReserved, kind_of(item.element), data,
                     i + 1 == write.items.size(), out);
  }
}

void append_data_of(const ReadSzl& read, Bytes& out) {
  if (read.after)
    return append_data_item(ReturnCode::kDoesNotExist, DataKind::kNone, {}, true, out);
  Bytes which;
  ByteWriter writer(which);
  writer.write_be(read.id);
  writer.write_be(read.index);
  append_data_item(ReturnCode::kOk, DataKind::kOctet, which, true, out);
}

void append_data_of(const SetupCommunication& /*setup*/, Bytes& /*out*/) {}
void append_data_of(const ReadVar& /*read*/, Bytes& /*out*/) {}

std::variant<Request, Refusal> decode_setup(ByteReader& reader) {
  reader.u8();
  SetupCommunication setup;
  setup.jobs_calling = reader.read_be<std::uint16_t>();
  setup.jobs_called = reader.read_be<std::uint16_t>();
  setup.pdu_bytes = reader.read_be<std::uint16_t>();
  if (!reader.ok() || !reader.at_end() || setup.jobs_calling == 0) return kRefusedPduSize;
  return Request(setup);
}

// The addresses of a read or write; empty if one is not understood.
std::vector<Item> take_items(ByteReader& reader) {
  std::vector<Item> items;
  const std::size_t count = reader.u8();
  if (count == 0 || count > kItemsMax || reader.remaining() != count * kItemBytes) return {};
  for (std::size_t i = 0; i < count; ++i) {
    const auto item = take_item(reader);
    if (!item) return {};
    items.push_back(*item);
  }
  return items;
}

std::variant<Request, Refusal> decode_read(ByteReader& reader, ByteSpan data) {
  ReadVar read{take_items(reader)};
  if (read.items.empty() || !data.empty()) return kRefusedPduSize;
  return Request(std::move(read));
}

std::variant<Request, Refusal> decode_write(ByteReader& reader, ByteSpan data) {
  const std::vector<Item> items = take_items(reader);
  if (items.empty()) return kRefusedPduSize;
  WriteVar write;
  ByteReader values(data);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool last = i + 1 == items.size();
    values.u8();
    const std::uint8_t kind = values.u8();
    const std::size_t length = values.read_be<std::uint16_t>();
    if (!is_data_kind(kind)) return kRefusedPduSize;
    const ByteSpan value = take_data(values, static_cast<DataKind>(kind), length, last);
    if (!values.ok()) return kRefusedPduSize;
    write.items.push_back({items[i], value});
  }
  // Some clients fill the last one up, too.
  if (values.remaining() > 1) return kRefusedPduSize;
  return Request(std::move(write));
}

std::variant<Request, Refusal> decode_system(const Message& message) {
  ByteReader reader(message.parameters);
  const ByteSpan head = reader.bytes(3);
  const std::size_t length = reader.u8();
  if (!std::ranges::equal(head, kSystemHead) || length != reader.remaining()) {
    return kRefusedPduSize;
  }
  const std::uint8_t method = reader.u8();
  const std::uint8_t group = reader.u8();
  const std::uint8_t function = reader.u8();
  const std::uint8_t sequence = reader.u8();
  if (!reader.ok()) return kRefusedPduSize;
  if (group != (kSystemRequest | kGroupCpu) || function != kReadSzl) return kRefusedFunction;
  ReadSzl read;
  if (method == kMethodResponse) {
    read.after = sequence;
    return Request(read);
  }
  ByteReader which(message.data);
  which.bytes(kDataHeadBytes);
  read.id = which.read_be<std::uint16_t>();
  read.index = which.read_be<std::uint16_t>();
  if (!which.ok()) return kRefusedPduSize;
  return Request(read);
}

std::size_t padded(std::size_t bytes) { return bytes + bytes % 2; }

}  // namespace

bool Message::is_answer() const {
  if (kind == Kind::kAck || kind == Kind::kAckData) return true;
  return kind == Kind::kSystem && parameters.size() >= 6 && (parameters[5] & 0xF0) == 0x80;
}

Result<Message> decode_message(ByteSpan pdu) {
  ByteReader reader(pdu);
  const std::uint8_t id = reader.u8();
  const std::uint8_t kind = reader.u8();
  reader.read_be<std::uint16_t>();
  Message message;
  message.reference = reader.read_be<std::uint16_t>();
  const std::size_t parameters = reader.read_be<std::uint16_t>();
  const std::size_t data = reader.read_be<std::uint16_t>();
  if (reader.ok() && id != kProtocolId) {
    return Error{ErrorId::kBadAnswer,
                 "the protocol id is " + std::to_string(id) +
                     " instead of 50; S7 devices of other protocols answer so"};
  }
  if (kind != 1 && kind != 2 && kind != 3 && kind != 7) {
    return Error{ErrorId::kBadAnswer, "a PDU of the unknown kind " + std::to_string(kind)};
  }
  message.kind = static_cast<Message::Kind>(kind);
  if (kind == 2 || kind == 3) message.refusal.code = reader.read_be<std::uint16_t>();
  if (!reader.ok() || reader.remaining() != parameters + data) {
    return Error{ErrorId::kBadAnswer, "a PDU of " + std::to_string(pdu.size()) +
                                          " bytes announces " + std::to_string(parameters) +
                                          " of parameters and " + std::to_string(data) +
                                          " of data"};
  }
  message.parameters = reader.bytes(parameters);
  message.data = reader.bytes(data);
  return message;
}

void encode_request(std::uint16_t reference, const Request& request, Bytes& out) {
  const auto kind =
      std::holds_alternative<ReadSzl>(request) ? Message::Kind::kSystem : Message::Kind::kJob;
  const std::size_t start = begin_message(kind, reference, out);
  ByteWriter writer(out);
  std::visit([&](const auto& r) { append_parameters(r, writer); }, request);
  const std::size_t data_start = out.size();
  std::visit([&](const auto& r) { append_data_of(r, out); }, request);
  finish_message(start, data_start, out);
}

std::size_t request_bytes(const Request& request) {
  Bytes bytes;
  encode_request(0, request, bytes);
  return bytes.size();
}

std::size_t answer_bytes(const Request& request) {
  std::size_t bytes = kAnswerHeadBytes + kFunctionBytes;
  if (const auto* read = std::get_if<ReadVar>(&request)) {
    for (const Item& item : read->items) bytes += kDataHeadBytes + padded(data_bytes(item));
    return bytes - data_bytes(read->items.back()) % 2;  // the last one is not filled up
  }
  if (const auto* write = std::get_if<WriteVar>(&request)) return bytes + write->items.size();
  return kAnswerHeadBytes + kSetupBytes;
}

std::variant<Request, Refusal> decode_request(const Message& message) {
  if (message.kind == Message::Kind::kSystem) return decode_system(message);
  if (message.kind != Message::Kind::kJob) return kRefusedFunction;
  ByteReader reader(message.parameters);
  switch (reader.u8()) {
    case kFunctionSetup:
      return decode_setup(reader);
    case kFunctionRead:
      return decode_read(reader, message.data);
    case kFunctionWrite:
      return decode_write(reader, message.data);
    default:
      return kRefusedFunction;
  }
}

}  // namespace lineshaft::s7
