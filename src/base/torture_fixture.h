// base/torture_fixture.h: lets a test of faults go on for as long as somebody asks for
// (tools/torture), each time with other random numbers.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <iostream>
#include <string_view>
#include <utility>

namespace lineshaft {

// LINESHAFT_TORTURE_SECONDS: how long; without it a test does its fixed work, the same in every
// run. LINESHAFT_TORTURE_SEED: where its random numbers begin.
class Torture {
 public:
  Torture() : seconds_(number("LINESHAFT_TORTURE_SECONDS")) {}

  bool wanted() const { return seconds_ > 0; }
  bool is_over() const {
    return std::chrono::steady_clock::now() - began_ >= std::chrono::seconds(seconds_);
  }
  // Of the i-th round, from 1.
  static std::uint64_t seed(std::uint64_t i) { return number("LINESHAFT_TORTURE_SEED") + i; }

  // One line of JSON for tools/torture.
  void report(std::initializer_list<std::pair<std::string_view, std::uint64_t>> counts) const {
    if (!wanted()) return;
    std::string_view between = "{\"torture\": {";
    for (const auto& [name, count] : counts) {
      std::cout << std::exchange(between, ", ") << '"' << name << "\": " << count;
    }
    std::cout << "}}" << std::endl;
  }

 private:
  static std::uint64_t number(const char* name) {
    const char* const text = std::getenv(name);
    return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
  }

  const std::uint64_t seconds_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace lineshaft
