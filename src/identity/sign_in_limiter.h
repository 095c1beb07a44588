// identity/sign_in_limiter.h: slows guessing of passwords down, per account and per address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace lineshaft::identity {

// After some free failures each further one doubles the wait, from one second to fifteen minutes.
// An hour without an attempt and all is forgotten. Nobody can lock a person out of a place where
// that person has signed in before: such a pair of account and address is counted by itself.
//
// Times are of the monotonic clock: a wall clock that is set locks nobody out and lets nobody in.
// Counts live in memory, at most `entries_max` of each kind; when full, the one least recently used
// gives way. Threads: the owner guards it.
class SignInLimiter {
 public:
  static constexpr std::uint32_t kAccountFailuresFree = 5;
  static constexpr std::uint32_t kAddressFailuresFree = 20;  // several people may share an address
  static constexpr Nanoseconds kDelayMin = std::chrono::seconds(1);
  static constexpr Nanoseconds kDelayMax = std::chrono::minutes(15);
  static constexpr Nanoseconds kForgetAfter = std::chrono::hours(1);

  explicit SignInLimiter(std::size_t entries_max = 10'000) : entries_max_(entries_max) {}

  // 0: go ahead; the attempt counts as a failure until succeeded() or withdraw(), so that many at
  // the same time gain nothing. Else how long to wait, and nothing is counted.
  Nanoseconds admit(std::string_view account, std::string_view address, Nanoseconds now);
  void succeeded(std::string_view account, std::string_view address, Nanoseconds now);
  // The attempt was not carried out after all.
  void withdraw(std::string_view account, std::string_view address);

  Nanoseconds delay(std::string_view account, std::string_view address, Nanoseconds now) const;
  std::size_t entries() const { return buckets_.size() + known_.size(); }

 private:
  struct Bucket {
    std::uint32_t failures = 0;
    Nanoseconds last{};
    Nanoseconds blocked_until{};
  };
  struct Keys {
    std::string account;
    std::string address;  // "" for a known pair: it is counted under `account` alone
  };
  using Buckets = std::unordered_map<std::string, Bucket>;

  Keys keys_of(std::string_view account, std::string_view address) const;
  Nanoseconds delay_of(const std::string& key, Nanoseconds now) const;
  void count(const std::string& key, std::uint32_t failures_free, Nanoseconds now);
  void uncount(const std::string& key);
  void make_room(Buckets& buckets, Nanoseconds now) const;

  std::size_t entries_max_;
  Buckets buckets_;  // by "a:" account, "i:" address or "k:" account and address
  Buckets known_;    // pairs that have signed in; only `last` is used
};

// What counts as one source: an IPv4 address, or the first 64 bits of an IPv6 address, which is
// what one customer gets. Anything else counts as it is.
std::string source_of(std::string_view numeric_address);

}  // namespace lineshaft::identity
