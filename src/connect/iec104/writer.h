// connect/iec104/writer.h: commands of one connection, one at a time: select, execute, and what the
// station then shows.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "connect/driver.h"
#include "connect/iec104/settings.h"
#include "connect/traffic.h"
#include "wire/iec104/asdu.h"

namespace lineshaft::connect {

// Decides what to send and judges what comes; sends nothing itself.
//
// The protocol numbers no commands. An answer belongs to the command under way if it mirrors its
// type, addresses, value and select bit; so a late answer to an earlier command can only be taken
// for the present one if both ask for the same.
class Iec104Writer {
 public:
  // `config`, `host` and `traffic` must outlive the writer.
  Iec104Writer(const ConnectionConfig& config, DriverHost& host, Traffic& traffic);

  void write(std::size_t signal, Value value, Driver::WriteDone done);

  // What is to be sent now, if anything.
  std::optional<iec104::Asdu> next_ask(Nanoseconds now);
  // A confirmation, refusal or termination. False: it belongs to no command under way.
  bool on_confirmation(const iec104::Asdu& asdu, Nanoseconds now);
  // The station shows this value of a signal.
  void on_reading(std::size_t signal, const Value& value);

  std::optional<Nanoseconds> next_time() const;
  void on_time(Nanoseconds now);

  // The connection is lost.
  void fail_all(const Error& why);

 private:
  enum class Step : std::uint8_t {
    kToSelect,
    kSelecting,
    kToExecute,
    kExecuting,
    kFeedback,  // confirmed; the value is to appear
    kToRead,    // it did not: ask for it
    kReading,
  };
  struct Operation {
    std::size_t signal;
    Value value;
    Driver::WriteDone done;
    iec104::Element element;
    Step step;
    Nanoseconds deadline{0};
    Nanoseconds sent{0};
    std::optional<Value> fresh;  // shown since it was executed
  };

  const Iec104Point& point(const Operation& operation) const;
  iec104::Asdu command(const Operation& operation, bool select) const;
  iec104::Asdu read_request(const Operation& operation) const;
  bool shows(const Operation& operation, const Value& value) const;
  void on_confirmed(Operation& operation, Nanoseconds now);
  void settle(bool at_deadline);
  void refuse(const Operation& operation, const iec104::AsduHead& head);
  void finish(Result<WriteOutcome> result);

  const ConnectionConfig& config_;
  const Iec104Settings& settings_;
  DriverHost& host_;
  Traffic& traffic_;
  std::vector<std::optional<Value>> held_;  // what the station showed last, by signal
  std::deque<Operation> queue_;
};

}  // namespace lineshaft::connect
