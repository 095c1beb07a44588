// connect/opcua/writer.h: writes of a session: reads the old value, writes, reads back. Includes
// open62541's headers: for the .cpp files of this folder only.
#pragma once

#include <cstdint>
#include <deque>

#include "connect/opcua/access.h"

namespace lineshaft::connect::opcua {

// One write at a time and signal order kept, beside all polling and publishing, which it does not
// wait for. Threads: the loop's.
class Writer {
 public:
  explicit Writer(Access& access) : access_(access) {}

  void write(std::size_t signal, Value value, Driver::WriteDone done);
  // The session is away: every write that waits or is under way ends with this.
  void fail_all(const Error& why);

 private:
  enum class Step : std::uint8_t { kReadOld, kWrite, kReadBack };
  struct Operation {
    std::size_t signal;
    Value value;
    Driver::WriteDone done;
    Step step = Step::kReadOld;
    std::optional<Value> old_value;
    UaVariant sent;
  };

  void next();
  void read(Step step);
  void on_read(const UA_ReadResponse& answer);
  void send(const UA_DataType* type);
  void on_written(const UA_WriteResponse& answer);
  void finish(Result<WriteOutcome> result);
  ValueType type(const Operation& operation) const;
  std::string path(const Operation& operation) const;

  Access& access_;
  std::deque<Operation> queue_;  // the first one is under way
  std::uint64_t epoch_ = 0;      // answers of before a loss are not taken
};

}  // namespace lineshaft::connect::opcua
