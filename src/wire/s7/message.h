// wire/s7/message.h: S7 requests and answers as plain data, to and from PDUs, for both sides.
// Pure functions; no sockets, no clock. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/s7/protocol.h"

namespace lineshaft::s7 {

// Some bytes of a device, as a request names them.
struct Item {
  Area area = Area::kDataBlock;
  std::uint16_t db = 0;  // kDataBlock: its number; else 0
  Element element = Element::kByte;
  // 24 bits. In bits from the beginning of the area (byte * 8 + bit); for timers and counters the
  // number of the first one.
  std::uint32_t address = 0;
  std::uint16_t count = 1;  // elements
  friend bool operator==(const Item&, const Item&) = default;
};

// Bytes of its data; 0 if the element is unknown.
inline std::size_t data_bytes(const Item& item) { return element_bytes(item.element) * item.count; }

// What both sides may expect of each other; the device's answer holds.
struct SetupCommunication {
  std::uint16_t jobs_calling = 1;  // unanswered jobs that the caller may have under way
  std::uint16_t jobs_called = 1;   // the same of the other side; no CPU uses it
  std::uint16_t pdu_bytes = kPduBytesMax;
  friend bool operator==(const SetupCommunication&, const SetupCommunication&) = default;
};

struct ReadVar {
  std::vector<Item> items;  // 1..kItemsMax
  friend bool operator==(const ReadVar&, const ReadVar&) = default;
};

struct WriteItem {
  Item item;
  ByteSpan data;  // borrowed: from the PDU when decoded
};

struct WriteVar {
  std::vector<WriteItem> items;  // 1..kItemsMax
};

// A system status list: what a CPU tells about itself (wire/s7/szl.h).
struct ReadSzl {
  std::uint16_t id = 0;
  std::uint16_t index = 0;
  // The sequence number of the part before, when the answer comes in several. Then id and index
  // are not sent.
  std::optional<std::uint8_t> after;
  friend bool operator==(const ReadSzl&, const ReadSzl&) = default;
};

using Request = std::variant<SetupCommunication, ReadVar, WriteVar, ReadSzl>;

struct ItemData {
  ReturnCode code = ReturnCode::kOk;
  ByteSpan data;  // with kOk: exactly as many bytes as asked; borrowed from the PDU
};

struct ReadDone {
  std::vector<ItemData> items;  // as asked
};

struct WriteDone {
  std::vector<ReturnCode> items;  // as asked
  friend bool operator==(const WriteDone&, const WriteDone&) = default;
};

struct SzlPart {
  std::uint8_t sequence = 0;
  bool last = true;
  ByteSpan data;  // borrowed; of the first part with id, index, record length and count in front
};

// A refusal of the device is an answer, not an error.
using Response = std::variant<SetupCommunication, ReadDone, WriteDone, SzlPart, Refusal>;

// A PDU taken apart. What it borrows is the PDU's.
struct Message {
  enum class Kind : std::uint8_t { kJob = 1, kAck = 2, kAckData = 3, kSystem = 7 };
  Kind kind = Kind::kJob;
  std::uint16_t reference = 0;  // chosen by the caller, repeated in the answer
  Refusal refusal;              // kAck and kAckData; code 0: none
  ByteSpan parameters;
  ByteSpan data;

  bool is_answer() const;
};

// Errors: ErrorId::kBadAnswer with what is wrong: protocol id, kind, or lengths that do not add up.
Result<Message> decode_message(ByteSpan pdu);

// --- client side ---

// Appends the PDU of a request. Requires: its numbers are within the limits stated above, data of
// a write has data_bytes(item) bytes, and what is borrowed is there.
void encode_request(std::uint16_t reference, const Request& request, Bytes& out);

// Bytes of the PDU of a request, and of the longest answer that a device may give to it.
std::size_t request_bytes(const Request& request);
std::size_t answer_bytes(const Request& request);

// Reads an answer and checks it against what was asked: kind, function, counts, lengths.
// Requires: message.is_answer().
// Errors: ErrorId::kBadAnswer with what does not fit.
Result<Response> decode_response(const Message& message, const Request& asked);

// --- server side ---

// What came, or the refusal that it must be answered with.
std::variant<Request, Refusal> decode_request(const Message& message);

// Appends the PDU of the answer to `asked`. Requires: the response fits the request.
void encode_response(std::uint16_t reference, const Request& asked, const Response& response,
                     Bytes& out);

// Appends the PDU of a refusal of a request that may be unknown to us.
void encode_refusal(const Message& asked, Refusal refusal, Bytes& out);

}  // namespace lineshaft::s7
