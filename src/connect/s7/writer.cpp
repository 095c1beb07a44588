#include "connect/s7/writer.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "connect/s7/quality.h"
#include "wire/s7/plan.h"

namespace lineshaft::connect {

namespace {

// A person or a recipe writes a few hundred values at once; more are a mistake upstream.
constexpr std::size_t kQueueMax = 512;

// Bytes that a write takes in its request, with the address and the head of its data.
std::size_t cost(const s7::Address& address) {
  const std::size_t bytes = width(address);
  return s7::kItemBytes + s7::kDataHeadBytes + bytes + bytes % 2;
}

// The value, or what stands for bytes that are none: the outcome of a write has to show something.
Value value_of(const s7::PointFormat& format, ByteSpan bytes) {
  if (auto value = s7::decode_value(format, bytes)) return std::move(*value);
  switch (value_type(format)) {
    case ValueType::kInt64:
      return INT64_MAX;
    case ValueType::kFloat64:
      return std::numeric_limits<double>::quiet_NaN();
    default:
      return std::string();
  }
}

s7::Item read_item(const s7::Address& address) {
  return {address.area, address.db, s7::Element::kByte, address.byte * 8,
          static_cast<std::uint16_t>(width(address))};
}

// Whether writing one cannot change the other.
bool apart(const s7::Address& a, const s7::Address& b) {
  if (a.area != b.area || a.db != b.db) return true;
  if (a.byte + width(a) <= b.byte || b.byte + width(b) <= a.byte) return true;
  const bool bits = a.type == s7::DataType::kBool && b.type == s7::DataType::kBool;
  return bits && a.bit != b.bit;
}

}  // namespace

const s7::PointFormat& S7Writer::format(const Operation& operation) const {
  return std::get<S7Point>(config_.signals[operation.signal].point).format;
}

void S7Writer::write(std::size_t signal, Value value, Driver::WriteDone done) {
  if (queue_.size() + round_.size() >= kQueueMax) {
    return done(Error{ErrorId::kWriteQueueFull,
                      std::to_string(kQueueMax) + " writes to " + config_.name + " are waiting"});
  }
  queue_.push_back({signal, std::move(value), std::move(done), {}, {}});
}

void S7Writer::fail_all(const Error& why) {
  // A write under way may have arrived: whoever asked must know that.
  const bool unknown = step_ == Step::kWrite && under_way_;
  const auto queue = std::exchange(queue_, {});
  const auto round = std::exchange(round_, {});
  under_way_ = false;
  for (const Operation& operation : round) {
    operation.done(Error{ErrorId::kMachineNotConnected,
                         why.what + (unknown ? "; the write may or may not have arrived" : "")});
  }
  for (const Operation& operation : queue) {
    operation.done(Error{ErrorId::kMachineNotConnected, why.what});
  }
}

bool S7Writer::apart(const Operation& operation) const {
  return std::ranges::all_of(round_, [&](const Operation& other) {
    return connect::apart(format(other).address, format(operation).address);
  });
}

// Fills the round from the front of the queue. What is longer than a request fails.
void S7Writer::gather() {
  step_ = Step::kReadOld;
  std::size_t bytes = s7::kJobHeadBytes + s7::kFunctionBytes;
  const bool single = std::get<S7Settings>(config_.settings).one_signal_per_read;
  while (!queue_.empty() && round_.size() < (single ? 1 : s7::kItemsMax)) {
    Operation& next = queue_.front();
    const s7::Address& address = format(next).address;
    if (width(address) > s7::write_bytes_max(pdu_bytes_)) {
      const Driver::WriteDone done = std::move(next.done);
      const std::string path = config_.signals[next.signal].path;
      queue_.pop_front();
      done(Error{ErrorId::kInvalidArgument, path + " takes " + std::to_string(width(address)) +
                                                " bytes; this CPU takes at most " +
                                                std::to_string(s7::write_bytes_max(pdu_bytes_)) +
                                                " in a request"});
      continue;
    }
    if (bytes + cost(address) > pdu_bytes_ || !apart(next)) return;
    bytes += cost(address);
    round_.push_back(std::move(next));
    queue_.pop_front();
  }
}

std::optional<S7Ask> S7Writer::next_ask() {
  if (under_way_) return std::nullopt;
  if (round_.empty()) gather();
  if (round_.empty()) return std::nullopt;
  under_way_ = true;
  return S7Ask{request(), 0};
}

s7::Request S7Writer::request() const {
  if (step_ == Step::kWrite) {
    s7::WriteVar write;
    for (const Operation& operation : round_) {
      const Bytes& bytes = operation.new_bytes;
      write.items.push_back({write_item(format(operation).address, bytes.size()), bytes});
    }
    return write;
  }
  s7::ReadVar read;
  for (const Operation& operation : round_) {
    read.items.push_back(read_item(format(operation).address));
  }
  return read;
}

void S7Writer::on_answer(Result<s7::Response> answer) {
  under_way_ = false;
  if (!answer) return fail_round(answer.error());
  if (const auto* refusal = std::get_if<s7::Refusal>(&*answer)) {
    return fail_round(s7_error("the request", *refusal));
  }
  switch (step_) {
    case Step::kReadOld:
      return on_old(std::get<s7::ReadDone>(*answer));
    case Step::kWrite:
      return on_written(std::get<s7::WriteDone>(*answer));
    case Step::kReadBack:
      return on_read_back(std::get<s7::ReadDone>(*answer));
  }
}

void S7Writer::fail_round(const Error& why) {
  Error told = why;
  if (step_ == Step::kWrite && why.id != ErrorId::kDeviceRefused) {
    told.what += "; the write may or may not have arrived";
  }
  if (step_ == Step::kReadBack) told.what += "; written, but not read back";
  for (const Operation& operation : std::exchange(round_, {})) operation.done(told);
}

// Takes the operations whose result is an error out of the round and answers them.
void S7Writer::settle(std::vector<Result<WriteOutcome>> results) {
  std::vector<Operation> left;
  const auto round = std::exchange(round_, {});
  for (std::size_t i = 0; i < round.size(); ++i) {
    if (results[i] && step_ != Step::kReadBack) left.push_back(round[i]);
  }
  round_ = std::move(left);
  const bool done = step_ == Step::kReadBack;
  step_ = step_ == Step::kReadOld ? Step::kWrite : Step::kReadBack;
  for (std::size_t i = 0; i < round.size(); ++i) {
    if (!results[i] || done) round[i].done(std::move(results[i]));
  }
}

void S7Writer::on_old(const s7::ReadDone& read) {
  std::vector<Result<WriteOutcome>> results;
  for (std::size_t i = 0; i < round_.size(); ++i) {
    Operation& operation = round_[i];
    const std::string& path = config_.signals[operation.signal].path;
    const s7::ItemData& item = read.items[i];
    if (item.code != s7::ReturnCode::kOk) {
      results.emplace_back(s7_error(path, item.code));
      continue;
    }
    operation.old_bytes.assign(item.data.begin(), item.data.end());
    auto encoded = s7::encode_value(format(operation), operation.value, operation.old_bytes);
    if (!encoded) {
      results.emplace_back(Error{encoded.error().id, path + ": " + encoded.error().what});
      continue;
    }
    operation.new_bytes = std::move(*encoded);
    results.emplace_back(WriteOutcome{});
  }
  settle(std::move(results));
}

void S7Writer::on_written(const s7::WriteDone& written) {
  std::vector<Result<WriteOutcome>> results;
  for (std::size_t i = 0; i < round_.size(); ++i) {
    if (written.items[i] == s7::ReturnCode::kOk) {
      results.emplace_back(WriteOutcome{});
    } else {
      results.emplace_back(s7_error(config_.signals[round_[i].signal].path, written.items[i]));
    }
  }
  settle(std::move(results));
}

void S7Writer::on_read_back(const s7::ReadDone& read) {
  std::vector<Result<WriteOutcome>> results;
  for (std::size_t i = 0; i < round_.size(); ++i) {
    const Operation& operation = round_[i];
    const s7::ItemData& item = read.items[i];
    if (item.code == s7::ReturnCode::kOk) {
      results.push_back(outcome(operation, item.data));
    } else {
      Error why = s7_error(config_.signals[operation.signal].path, item.code);
      why.what += "; written, but not read back";
      results.emplace_back(std::move(why));
    }
  }
  settle(std::move(results));
}

Result<WriteOutcome> S7Writer::outcome(const Operation& operation, ByteSpan held) const {
  const s7::PointFormat& point = format(operation);
  const Value now_held = value_of(point, held);
  if (s7::decode_value(point, held)) {
    host_.on_value(operation.signal, host_.now(), now_held);
  } else {
    host_.on_bad(operation.signal, host_.now(), quality::kBadOutOfRange);
  }
  const Bytes& wanted = operation.new_bytes;
  const bool confirmed =
      point.address.type == s7::DataType::kBool
          ? now_held == Value(wanted.front() != 0)
          : std::ranges::equal(held.first(std::min(held.size(), wanted.size())), wanted);
  if (!confirmed) {
    return Error{ErrorId::kWriteNotConfirmed, config_.signals[operation.signal].path + " holds " +
                                                  to_text(now_held) + " after writing " +
                                                  to_text(operation.value)};
  }
  return WriteOutcome{value_of(point, operation.old_bytes), now_held};
}

}  // namespace lineshaft::connect
