// app/one_signal_fixture.h: a history of one signal, written and counted, for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <future>

#include "historian/historian.h"

namespace lineshaft::app {

inline constexpr TenantId kTenant{1};

// Made, if it does not exist yet.
inline TagId one_signal(historian::Historian& historian) {
  TagSpec spec;
  spec.path = "works/furnace/power";
  spec.type = ValueType::kFloat64;
  return historian.ensure_tags(kTenant, {spec}).value()[0];
}

// Waits until the sample is durable, or cannot be.
inline Status put_sample(historian::Historian& historian, std::int64_t time) {
  std::promise<Status> done;
  historian.append({kTenant, {}, {{one_signal(historian), {time}, quality::kGood, 1.5}}},
                   [&](const Status& status) { done.set_value(status); });
  return done.get_future().get();
}

inline std::size_t count_samples(historian::Historian& historian) {
  std::size_t count = 0;
  EXPECT_TRUE(historian
                  .scan(kTenant, one_signal(historian), {},
                        [&](auto run) {
                          count += run.size();
                          return true;
                        })
                  .ok());
  return count;
}

}  // namespace lineshaft::app
