// connect/forward/entry.h: the bytes of a forwarding queue: its entries, which are records of its
// log, and its position file. docs/formats/queue.md. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "model/sample.h"

namespace lineshaft::connect::forward {

// Numbers of entries: from 1, without gaps, for the life of a queue; the Lsn of their records.
using EntryNumber = StrongId<struct EntryNumberName, std::uint64_t>;

// So that the number of an entry and a place in it make one number of 64 bits.
inline constexpr std::size_t kEntrySamplesMax = 65'536;
inline constexpr std::uint8_t kEntryRecordType = 1;

// Names one sample for ever, also when it is sent twice: the same queue and number are the same
// sample. Of one queue, a greater number was taken later.
struct SampleId {
  std::uint64_t queue = 0;
  std::uint64_t number = 0;
  std::string text() const;  // "9f86d081884c7d65-65536": the queue in hex, the number in decimal
};
// Requires: index < kEntrySamplesMax.
SampleId sample_id(std::uint64_t queue, EntryNumber entry, std::size_t index);

// Whether the samples were the newest of their tags when they came, or older than what came before.
enum class Age : std::uint8_t { kPresent, kPast };

struct EntryHead {
  Timestamp received;
  std::uint32_t samples = 0;
  Age age = Age::kPresent;
};

// Requires: 1 to kEntrySamplesMax samples.
Bytes encode_entry(Timestamp received, Age age, std::span<const Sample> samples);
// Of a record; its samples are not looked at. Errors: kInvalidArgument.
Result<EntryHead> decode_entry_head(ByteSpan record);
// Errors: kInvalidArgument: not an entry, or its samples are not as many as its head says.
Result<std::vector<Sample>> decode_entry_samples(ByteSpan record);

// At least so many bytes a sample takes in an entry, and at most 8 more.
std::size_t entry_bytes(const Sample& sample);

// What is known about a queue beside its log. It may be older than what happened since: then the
// receiver gets again what it has.
struct Position {
  std::uint64_t queue = 0;            // its id; random, never 0
  EntryNumber confirmed;              // everything up to it is safe at the receiver
  Timestamp confirmed_time;           // when that entry was received by us
  EntryNumber dropped;                // everything up to it was confirmed or dropped
  std::uint64_t samples_dropped = 0;  // since the queue was made
  friend bool operator==(const Position&, const Position&) = default;
};

inline constexpr std::size_t kPositionBytes = 64;
Bytes encode_position(const Position& position);
// Errors: kCorrupt; kFormatTooNew.
Result<Position> decode_position(ByteSpan bytes);

}  // namespace lineshaft::connect::forward
