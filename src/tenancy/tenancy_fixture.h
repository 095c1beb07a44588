// tenancy/tenancy_fixture.h: a clock that the test turns, and a database of its own.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "records/test_directory.h"
#include "sys/clock.h"

namespace lineshaft::tenancy {

class TurnedClock final : public sys::Clock {
 public:
  Timestamp now() override { return now_; }
  Nanoseconds monotonic() override { return Nanoseconds(now_.ns); }
  void pass(Nanoseconds time) { now_ = now_ + time; }

 private:
  Timestamp now_{1'795'000'000'000'000'000};  // 2026-11-18T11:06:40Z
};

class TenancyFixture : public testing::Test {
 protected:
  std::unique_ptr<records::Database> database() {
    return records::Database::open(sys::real_file_system(), {.path = directory_.file("records.db")})
        .value();
  }

  records::TestDirectory directory_;
  TurnedClock clock_;
};

}  // namespace lineshaft::tenancy
