// connect/write_desk.h: writes that wait for their second step: what was asked, by whom, until
// when. Kept in memory only: after a restart whoever wants a write asks anew.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "model/sample.h"
#include "model/value.h"
#include "sys/clock.h"

namespace lineshaft::connect {

// Long enough to read twice; a second person has to come from somewhere.
inline constexpr Nanoseconds kConfirmWithin = std::chrono::seconds(60);
inline constexpr Nanoseconds kSecondPersonWithin = std::chrono::minutes(10);
inline constexpr std::size_t kPendingWritesMax = 1'000;

struct PendingWrite {
  std::string token;
  std::string machine;  // name of the connection
  Value value;          // of a call: its arguments as text
  std::string asked_by;
  Timestamp expires;
  bool second_person = false;
};

// What a first step is about: a tag, or a method of a connection.
struct WriteTarget {
  WriteTarget(TagId tag)  // NOLINT(google-explicit-constructor): a tag is one
      : key("tag " + std::to_string(tag.value)), noun("tag") {}
  WriteTarget(std::uint32_t connection, const std::string& method)
      : key("call " + std::to_string(connection) + " " + method), noun("method") {}
  std::string key;
  const char* noun;
};

// Threads: any.
class WriteDesk {
 public:
  explicit WriteDesk(sys::Random& random) : random_(random) {}

  // The first step. Replaces what waits for that target. `ask.token` and `expires` are filled in.
  // Errors: kBusy beyond kPendingWritesMax.
  Result<PendingWrite> ask(TenantId tenant, const WriteTarget& target, PendingWrite ask,
                           Timestamp now);

  // The second step; whatever its outcome, the first one is used up, unless it is merely the wrong
  // person who came. Returns what was asked. Errors: kConflict (no such token, too late, or value
  // or machine are not those of the first step), kDenied (needs a second person).
  Result<PendingWrite> confirm(TenantId tenant, const WriteTarget& target, const std::string& token,
                               const Value& value, const std::string& machine,
                               const std::string& who, Timestamp now);

  std::optional<PendingWrite> waiting(TenantId tenant, const WriteTarget& target,
                                      Timestamp now) const;
  // Gives it up. Errors: kNotFound.
  Status drop(TenantId tenant, const WriteTarget& target);

 private:
  using Key = std::pair<TenantId, std::string>;

  sys::Random& random_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<Key, PendingWrite> pending_;
};

}  // namespace lineshaft::connect
