// Answers to and from bytes.
#include "wire/s7/codes.h"
#include "wire/s7/message.h"

namespace lineshaft::s7 {

namespace {

Error bad(std::string what) { return Error{ErrorId::kBadAnswer, std::move(what)}; }

std::string item_text(std::size_t index) { return "item " + std::to_string(index + 1); }

Result<Response> decode_setup(const Message& message) {
  ByteReader reader(message.parameters);
  reader.bytes(2);
  SetupCommunication setup;
  setup.jobs_calling = reader.read_be<std::uint16_t>();
  setup.jobs_called = reader.read_be<std::uint16_t>();
  setup.pdu_bytes = reader.read_be<std::uint16_t>();
  if (!reader.ok() || !reader.at_end()) return bad("the setup answer has a wrong length");
  return Response(setup);
}

// Function and number of items were checked.
Result<Response> decode_read(const Message& message, const ReadVar& asked) {
  ReadDone done;
  done.items.reserve(asked.items.size());
  ByteReader reader(message.data);
  for (std::size_t i = 0; i < asked.items.size(); ++i) {
    const bool last = i + 1 == asked.items.size();
    ItemData item;
    item.code = static_cast<ReturnCode>(reader.u8());
    const std::uint8_t kind = reader.u8();
    const std::size_t length = reader.read_be<std::uint16_t>();
    if (!reader.ok()) return bad("the answer ends at " + item_text(i));
    if (item.code == ReturnCode::kOk) {
      if (!is_data_kind(kind)) {
        return bad(item_text(i) + " has data of the unknown kind " + std::to_string(kind));
      }
      item.data = take_data(reader, static_cast<DataKind>(kind), length, last);
      if (!reader.ok() || item.data.size() != data_bytes(asked.items[i])) {
        return bad(item_text(i) + " announces a length of " + std::to_string(length) +
                   "; asked were " + std::to_string(data_bytes(asked.items[i])) + " bytes");
      }
    }
    done.items.push_back(item);
  }
  // Some devices fill the last item up, too.
  if (reader.remaining() > 1) return bad("bytes follow the last item of the answer");
  return Response(std::move(done));
}

Result<Response> decode_write(const Message& message, const WriteVar& asked) {
  if (message.data.size() != asked.items.size()) {
    return bad("the answer to a write holds " + std::to_string(message.data.size()) +
               " codes; written were " + std::to_string(asked.items.size()) + " items");
  }
  WriteDone done;
  for (const std::uint8_t code : message.data) done.items.push_back(static_cast<ReturnCode>(code));
  return Response(std::move(done));
}

Result<Response> decode_szl(const Message& message) {
  ByteReader reader(message.parameters);
  const ByteSpan head = reader.bytes(3);
  const std::size_t length = reader.u8();
  const bool head_right = std::ranges::equal(head, kSystemHead) && length == reader.remaining();
  reader.u8();  // method
  const std::uint8_t group = reader.u8();
  const std::uint8_t function = reader.u8();
  SzlPart part;
  part.sequence = reader.u8();
  reader.u8();  // data unit reference
  part.last = reader.u8() == 0;
  const Refusal refusal{reader.read_be<std::uint16_t>()};
  if (!reader.ok() || !head_right || group != (kSystemResponse | kGroupCpu) ||
      function != kReadSzl) {
    return bad("the answer is not one about the system status list");
  }
  if (refusal.code != 0) return Response(refusal);
  ByteReader data(message.data);
  const auto code = static_cast<ReturnCode>(data.u8());
  data.u8();
  const std::size_t bytes = data.read_be<std::uint16_t>();
  if (data.ok() && code != ReturnCode::kOk) return Response(kRefusedSzl);
  part.data = data.bytes(bytes);
  if (!data.ok() || !data.at_end()) return bad("the system status list has a wrong length");
  return Response(part);
}

std::uint8_t function_of(const Request& request) {
  if (std::holds_alternative<SetupCommunication>(request)) return kFunctionSetup;
  return std::holds_alternative<ReadVar>(request) ? kFunctionRead : kFunctionWrite;
}

Status check_function(const Message& message, const Request& asked) {
  const std::uint8_t function = function_of(asked);
  if (message.parameters.empty() || message.parameters[0] != function) {
    return bad("the answer is to another function than " + std::to_string(function));
  }
  if (function == kFunctionSetup) return {};
  const auto* read = std::get_if<ReadVar>(&asked);
  const std::size_t items =
      read != nullptr ? read->items.size() : std::get<WriteVar>(asked).items.size();
  if (message.parameters.size() != kFunctionBytes || message.parameters[1] != items) {
    return bad("the answer is about another number of items than " + std::to_string(items));
  }
  return {};
}

void append_read(const ReadVar& asked, const ReadDone& done, Bytes& out) {
  LS_ASSERT(done.items.size() == asked.items.size());
  for (std::size_t i = 0; i < done.items.size(); ++i) {
    const bool last = i + 1 == done.items.size();
    const ItemData& item = done.items[i];
    const bool ok = item.code == ReturnCode::kOk;
    LS_ASSERT(!ok || item.data.size() == data_bytes(asked.items[i]));
    append_data_item(item.code, ok ? kind_of(asked.items[i].element) : DataKind::kNone,
                     ok ? item.data : ByteSpan(), last, out);
  }
}

void append_system_head(std::uint8_t group, std::uint8_t function, const SzlPart& part,
                        Refusal refusal, Bytes& out) {
  ByteWriter writer(out);
  writer.bytes(kSystemHead);
  writer.u8(8);
  writer.u8(kMethodResponse);
  writer.u8(group);
  writer.u8(function);
  writer.u8(part.sequence);
  writer.u8(0);
  writer.u8(part.last ? 0 : 1);
  writer.write_be(refusal.code);
}

void encode_szl(std::uint16_t reference, const Response& response, Bytes& out) {
  const std::size_t start = begin_message(Message::Kind::kSystem, reference, out);
  const auto* part = std::get_if<SzlPart>(&response);
  const Refusal refusal = part == nullptr ? std::get<Refusal>(response) : Refusal{};
  append_system_head(kSystemResponse | kGroupCpu, kReadSzl, part == nullptr ? SzlPart{} : *part,
                     refusal, out);
  const std::size_t data_start = out.size();
  if (part == nullptr) {
    append_data_item(ReturnCode::kDoesNotExist, DataKind::kNone, {}, true, out);
  } else {
    append_data_item(ReturnCode::kOk, DataKind::kOctet, part->data, true, out);
  }
  finish_message(start, data_start, out);
}

void encode_job_refusal(std::uint16_t reference, Refusal refusal, Bytes& out) {
  const std::size_t start = begin_message(Message::Kind::kAck, reference, out);
  out[start + 10] = static_cast<std::uint8_t>(refusal.code >> 8);
  out[start + 11] = static_cast<std::uint8_t>(refusal.code);
  finish_message(start, out.size(), out);
}

}  // namespace

Result<Response> decode_response(const Message& message, const Request& asked) {
  LS_ASSERT(message.is_answer());
  const bool system = message.kind == Message::Kind::kSystem;
  if (system != std::holds_alternative<ReadSzl>(asked)) {
    return bad("a job was answered by a system message, or the other way round");
  }
  if (system) return decode_szl(message);
  if (message.refusal.code != 0) return Response(message.refusal);
  if (Status function = check_function(message, asked); !function) return function.error();
  if (std::holds_alternative<SetupCommunication>(asked)) return decode_setup(message);
  if (const auto* read = std::get_if<ReadVar>(&asked)) return decode_read(message, *read);
  return decode_write(message, std::get<WriteVar>(asked));
}

void encode_response(std::uint16_t reference, const Request& asked, const Response& response,
                     Bytes& out) {
  if (std::holds_alternative<ReadSzl>(asked)) return encode_szl(reference, response, out);
  if (const auto* refusal = std::get_if<Refusal>(&response)) {
    return encode_job_refusal(reference, *refusal, out);
  }
  const std::size_t start = begin_message(Message::Kind::kAckData, reference, out);
  ByteWriter writer(out);
  writer.u8(function_of(asked));
  std::size_t data_start = 0;
  if (const auto* setup = std::get_if<SetupCommunication>(&response)) {
    writer.u8(0);
    writer.write_be(setup->jobs_calling);
    writer.write_be(setup->jobs_called);
    writer.write_be(setup->pdu_bytes);
    data_start = out.size();
  } else if (const auto* read = std::get_if<ReadDone>(&response)) {
    writer.u8(static_cast<std::uint8_t>(read->items.size()));
    data_start = out.size();
    append_read(std::get<ReadVar>(asked), *read, out);
  } else {
    const auto& write = std::get<WriteDone>(response);
    LS_ASSERT(write.items.size() == std::get<WriteVar>(asked).items.size());
    writer.u8(static_cast<std::uint8_t>(write.items.size()));
    data_start = out.size();
    for (const ReturnCode code : write.items) writer.u8(static_cast<std::uint8_t>(code));
  }
  finish_message(start, data_start, out);
}

void encode_refusal(const Message& asked, Refusal refusal, Bytes& out) {
  if (asked.kind != Message::Kind::kSystem) {
    return encode_job_refusal(asked.reference, refusal, out);
  }
  const std::size_t start = begin_message(Message::Kind::kSystem, asked.reference, out);
  const bool whole = asked.parameters.size() >= 8;
  const std::uint8_t group = whole ? asked.parameters[5] & 0x0F : kGroupCpu;
  SzlPart part;
  if (whole) part.sequence = asked.parameters[7];
  append_system_head(kSystemResponse | group, whole ? asked.parameters[6] : kReadSzl, part, refusal,
                     out);
  const std::size_t data_start = out.size();
  append_data_item(ReturnCode::kDoesNotExist, DataKind::kNone, {}, true, out);
  finish_message(start, data_start, out);
}

}  // namespace lineshaft::s7
