// tenancy/signups.h: organisations that ask to be taken in, until the operator has decided.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "records/database.h"
#include "sys/clock.h"

namespace lineshaft::tenancy {

// Anybody may ask: what waits, and how often one address asks, is bounded.
inline constexpr std::size_t kSignupsWaitingMax = 100;
inline constexpr int kSignupsPerAddress = 5;
inline constexpr Nanoseconds kSignupsPeriod = std::chrono::hours(1);
inline constexpr std::size_t kSignupAddressesMax = 10'000;  // remembered at once
inline constexpr std::size_t kSignupNoteBytesMax = 2'000;
inline constexpr Nanoseconds kSignupsKept = std::chrono::hours(24 * 90);  // after the decision

// Stored as these numbers: never change one.
enum class SignupState : std::uint8_t { kWaiting = 1, kApproved = 2, kRefused = 3 };

struct Signup {
  std::int64_t id = 0;  // from 1
  std::string organisation;
  std::string email;
  std::string person;
  std::string note;     // what the applicant says
  std::string address;  // of the peer
  Timestamp asked;
  SignupState state = SignupState::kWaiting;
  std::string reason;      // of a refusal
  std::string decided_by;  // "" while it waits
};

// Threads: any; calls wait for each other and block for the disk.
class Signups {
 public:
  // Takes the database for itself; `clock` must outlive the object. Errors: as Database::migrate.
  static Result<std::unique_ptr<Signups>> open(std::unique_ptr<records::Database> database,
                                               sys::Clock& clock);

  // Requires: names and address are normalised. The same address asking again while it waits
  // replaces what it said. Errors: kTooManyAttempts (kSignupsPerAddress in kSignupsPeriod), kBusy
  // (kSignupsWaitingMax wait), kInvalidArgument (the note).
  Status ask(Signup signup);
  // Those that wait first, then the newest. Errors: of the store.
  Result<std::vector<Signup>> list();
  // Errors: kNotFound; kConflict: it is decided already.
  Result<Signup> waiting(std::int64_t id);
  Status decide(std::int64_t id, SignupState state, const std::string& reason,
                const std::string& by);

 private:
  struct Asked {
    int times = 0;
    Nanoseconds since{};  // monotonic
  };

  Signups(std::unique_ptr<records::Database> database, sys::Clock& clock)
      : database_(std::move(database)), clock_(clock) {}
  Status admit(const std::string& address);
  Result<std::size_t> count_waiting();

  std::mutex mutex_;  // guards all
  std::unique_ptr<records::Database> database_;
  sys::Clock& clock_;
  std::map<std::string, Asked> asked_;
};

}  // namespace lineshaft::tenancy
