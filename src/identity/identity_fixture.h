// identity/identity_fixture.h: an Identity on a database of its own, with a clock that the test
// turns.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "base/time.h"
#include "identity/identity.h"
#include "records/test_directory.h"

namespace lineshaft::identity {

// Both clocks stand still until told. Threads: any.
class ManualClock final : public sys::Clock {
 public:
  Timestamp now() override { return {wall_ns_}; }
  Nanoseconds monotonic() override { return Nanoseconds(monotonic_ns_); }

  void pass(Nanoseconds time) {
    wall_ns_ += time.count();
    monotonic_ns_ += time.count();
  }
  // Somebody, or NTP, sets the clock.
  void jump(Nanoseconds by) { wall_ns_ += by.count(); }
  // The machine is off: the monotonic clock starts anew.
  void pass_switched_off(Nanoseconds time) {
    wall_ns_ += time.count();
    monotonic_ns_ = 0;
  }

 private:
  std::atomic<std::int64_t> wall_ns_ = 1'795'000'000'000'000'000;  // 2026-11-18T03:06:40Z
  std::atomic<std::int64_t> monotonic_ns_ = 1'000'000'000;
};

// xorshift64*: good enough to be different, and the same in every run.
class SeededRandom final : public sys::Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) {
      state_ ^= state_ >> 12;
      state_ ^= state_ << 25;
      state_ ^= state_ >> 27;
      byte = static_cast<std::uint8_t>((state_ * 0x2545f4914f6cdd1dU) >> 56);
    }
  }

 private:
  std::uint64_t state_ = 20261123;
};

inline constexpr const char* kAnn = "ann@example.com";
inline constexpr const char* kAnnPassword = "lathe copper window seven";
inline constexpr const char* kBob = "bob@example.com";
inline constexpr const char* kBobPassword = "granite bolt evening tram";
inline constexpr const char* kHere = "192.0.2.10";
inline constexpr const char* kElsewhere = "198.51.100.7";

class IdentityFixture : public ::testing::Test {
 protected:
  IdentityFixture() { reopen(); }

  // As a restart of the server.
  void reopen() {
    identity_.reset();
    identity_ = Identity::open(records::Database::open(sys::real_file_system(),
                                                       {.path = directory_.file("records.db")})
                                   .value(),
                               clock_, random_)
                    .value();
  }

  ClaimRequest claim_request(std::string code) {
    return {.code = std::move(code),
            .organisation = "Northern Steel",
            .email = kAnn,
            .name = "Ann",
            .password = kAnnPassword,
            .address = kHere};
  }

  // Ann claims the server; her session.
  NewSession claim() {
    return identity_->claim(claim_request(identity_->issue_claim_code().value())).value();
  }

  Result<NewSession> sign_in(const std::string& email, const std::string& password,
                             const std::string& address = kHere) {
    return identity_->sign_in(
        {.email = email, .password = password, .address = address, .previous_cookie = ""});
  }

  User add_bob(const Principal& actor, Role role = Role::kOperator) {
    return identity_
        ->create_user(actor,
                      {.email = kBob, .name = "Bob", .access = role, .password = kBobPassword})
        .value();
  }

  bool signed_in(const std::string& cookie) {
    return identity_->find_session(cookie, Identity::Use::kLook).ok();
  }

  std::vector<std::string> audited_actions(const Principal& actor) {
    const AuditPage page = identity_->list_audit(actor, 0, 1000).value();
    std::vector<std::string> actions;
    for (const AuditEntry& entry : page.entries) actions.push_back(entry.action);
    return actions;
  }

  records::TestDirectory directory_;
  ManualClock clock_;
  SeededRandom random_;
  std::unique_ptr<Identity> identity_;
};

}  // namespace lineshaft::identity
