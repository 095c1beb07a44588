// connect/iec104/look.h: a test of signals inside a connection that runs. A connection of its own
// would end the data transfer of that one at many stations, or be refused; and it would take away
// the events that wait there.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "connect/manager.h"
#include "connect/task.h"
#include "sys/loop.h"
#include "wire/iec104/asdu.h"

namespace lineshaft::connect {

// A question about a whole station: asked, confirmed, answered, terminated.
enum class Iec104Question : std::uint8_t { kClock, kInterrogation, kCounters };
struct Iec104Procedure {
  Iec104Question question;
  std::uint16_t station;
  friend auto operator<=>(const Iec104Procedure&, const Iec104Procedure&) = default;
};

// The session asks what procedures() tells and calls the others while it lives. The look leaves
// `looks` when it ends. Threads: the loop's.
class Iec104Look : public Task {
 public:
  Iec104Look(sys::EventLoop& loop, TestRequest request, ConnectionManager::TestDone done,
             std::vector<Iec104Look*>& looks);
  ~Iec104Look() override;

  std::vector<Iec104Procedure> procedures() const;  // one for each station, and for its counters

  void on_asked(const Iec104Procedure& procedure);
  // Anything that a station tells while this waits.
  void on_object(const iec104::AsduHead& head, const iec104::InformationObject& object);
  // `latency`: of the confirmation, if there was one. `trouble`: why it brought nothing.
  void on_ended(const Iec104Procedure& procedure, std::optional<Nanoseconds> latency,
                const std::optional<Error>& trouble);
  // The session has no connection any more, or ends.
  void on_lost(const Error& why);

 private:
  struct Wanted {
    std::uint16_t station;
    std::uint32_t address;
    bool counter;
    bool told = false;
  };

  void finish(std::optional<Error> error);

  const TestRequest request_;
  ConnectionManager::TestDone done_;
  std::vector<Iec104Look*>* looks_;  // null: it has left
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<sys::Timer> finish_;
  std::vector<Wanted> wanted_;                  // by signal
  std::map<Iec104Procedure, bool> procedures_;  // those to come; true: asked
  TestReport report_;
  bool finished_ = false;
};

}  // namespace lineshaft::connect
