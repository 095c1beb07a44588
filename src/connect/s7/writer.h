// connect/s7/writer.h: carries writes to one CPU: old value, write, read back; several at once.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "connect/connection.h"
#include "connect/driver.h"
#include "connect/s7/link.h"

namespace lineshaft::connect {

// Writes that wait together go together, as many as a PDU carries: three round trips for all of
// them. Two writes to the same bytes never share a round, so that each is read back as it was
// written.
//
// Loop's thread.
class S7Writer {
 public:
  // `config` and `host` must outlive the writer.
  S7Writer(const ConnectionConfig& config, DriverHost& host) : config_(config), host_(host) {}

  // Queues a write. Errors (through `done`, possibly from inside): kWriteQueueFull.
  void write(std::size_t signal, Value value, Driver::WriteDone done);

  // What fits into a request from now on.
  void start(std::size_t pdu_bytes) { pdu_bytes_ = pdu_bytes; }
  // The connection is gone: every write fails with `why`.
  void fail_all(const Error& why);

  std::optional<S7Ask> next_ask();
  // Requires: the answer belongs to the last ask.
  void on_answer(Result<s7::Response> answer);

 private:
  enum class Step : std::uint8_t { kReadOld, kWrite, kReadBack };

  struct Operation {
    std::size_t signal;
    Value value;
    Driver::WriteDone done;
    Bytes old_bytes;
    Bytes new_bytes;
  };

  const s7::PointFormat& format(const Operation& operation) const;
  bool apart(const Operation& operation) const;
  void gather();
  s7::Request request() const;
  void on_old(const s7::ReadDone& read);
  void on_written(const s7::WriteDone& written);
  void on_read_back(const s7::ReadDone& read);
  Result<WriteOutcome> outcome(const Operation& operation, ByteSpan held) const;
  void fail_round(const Error& why);
  void settle(std::vector<Result<WriteOutcome>> results);

  const ConnectionConfig& config_;
  DriverHost& host_;
  std::size_t pdu_bytes_ = s7::kPduBytesMin;
  std::deque<Operation> queue_;
  std::vector<Operation> round_;  // what is carried out now
  Step step_ = Step::kReadOld;
  bool under_way_ = false;
};

}  // namespace lineshaft::connect
