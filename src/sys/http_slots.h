// sys/http_slots.h: who may hold a connection of the HTTPS server, and how fast new ones are taken.
//
// A stranger is a peer that has proved nothing yet: no session, token or certificate of ours.
// Strangers share a small pool, so that no flood of them takes memory or the place of those who are
// known: when it is full, the one that has waited longest without a complete request gives way.
// Pure bookkeeping: no sockets, no clock. Threads: one.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "base/time.h"

namespace lineshaft::sys {

struct HttpSlotLimits {
  std::size_t connections_max = 10'000;
  // Measured, a stranger takes some 40 KiB with everything that TLS keeps for it: 40 MiB in all.
  std::size_t strangers_max = 1'000;
  std::size_t strangers_per_address_max = 200;
};

class HttpSlots {
 public:
  class Slot;

  explicit HttpSlots(HttpSlotLimits limits) : limits_(limits) {}
  HttpSlots(const HttpSlots&) = delete;
  HttpSlots& operator=(const HttpSlots&) = delete;

  // A place for a new peer, a stranger. May run the `cut` of one that gives way. Null: all places
  // are taken by peers that are known, or by strangers whose requests are under way. The slot must
  // not outlive this object.
  std::unique_ptr<Slot> take(const std::string& address, std::function<void()> cut);

  std::size_t taken() const { return known_ + strangers_; }
  std::size_t strangers() const { return strangers_; }

 private:
  friend class Slot;
  using Waiting = std::list<Slot*>;  // strangers that may have to give way, the oldest first

  bool evict(const std::string* address);

  HttpSlotLimits limits_;
  std::size_t known_ = 0;
  std::size_t strangers_ = 0;
  std::map<std::string, std::size_t> strangers_of_address_;
  Waiting waiting_;
};

// One place. Ends with its connection.
class HttpSlots::Slot {
 public:
  Slot(HttpSlots& slots, std::string address, std::function<void()> cut);
  ~Slot();
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  bool is_known() const { return known_; }
  // The peer has proved who it is: its place is its own until it goes.
  void become_known();
  // A complete request is under way: not the peer is slow now. rest() when it is answered; the
  // peer then waits behind all others again.
  void work();
  void rest();

 private:
  friend class HttpSlots;
  void leave_queue();
  void leave_strangers();

  HttpSlots& slots_;
  std::string address_;
  std::function<void()> cut_;
  bool known_ = false;
  bool counted_ = true;  // false once it gave way
  bool queued_ = false;
  HttpSlots::Waiting::iterator at_;
};

// A token bucket: up to `burst` at once, `per_second` in the long run.
class TokenBucket {
 public:
  TokenBucket(double per_second, double burst)
      : per_second_(per_second), burst_(burst), tokens_(burst) {}
  // Takes one if there is one. `now` is monotonic time.
  bool take(Nanoseconds now);

 private:
  double per_second_;
  double burst_;
  double tokens_;
  Nanoseconds last_{0};
};

}  // namespace lineshaft::sys
