// A flow as an edge node whose connection is cut at every byte, and whose power goes at any moment:
// nothing that was acknowledged is missing. Short here; whole with tools/torture.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/torture_fixture.h"
#include "connect/sparkplug/flow_fixture.h"

namespace lineshaft::connect {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using forward::OutletHouse;

TEST(SparkplugFlow, GoesOnAfterAPowerCutInTheMiddleOfTheDelivery) {
  for (int moment = 0; moment < 40; ++moment) {
    sys::SimLoop loop;
    TestBroker broker(loop, kBroker);
    OutletHouse first(loop, {}, FlowNode{});
    first.open();
    loop.run_for(1s);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(first.publish(1));
    loop.run_for(moment * 50us);  // the latency is 100 us
    OutletHouse second(loop, first.disk.durable_image(), FlowNode{}, 2);
    second.host.newest = first.host.newest;
    first.outlet.reset();
    second.published = 20;
    second.open();
    ASSERT_TRUE(second.publish(1));
    loop.run_for(5s);
    EXPECT_EQ(Hearing(broker.published).values_without_doubles(), one_to(21))
        << "moment " << moment;
  }
}

constexpr int kSamples = 12;
constexpr std::uint64_t kCutsInShort = 40;  // of each direction

struct Bad {
  sys::SimSide side;
  std::uint64_t bytes;
};

// Publishes for a while; the connection is cut once.
void run_and_check(Bad cut, std::array<std::uint64_t, 2>* sent = nullptr) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, FlowNode{});
  if (sent == nullptr) loop.cut_once(kBroker, cut.side, cut.bytes);
  house.open();
  for (int i = 0; i < kSamples; ++i) {
    ASSERT_TRUE(house.publish(1 + static_cast<std::uint32_t>(i % 3)));
    loop.run_for(100ms);
  }
  loop.run_for(3min);
  // The cut may fall into the very last sign of life.
  loop.run_until([&] { return house.outlet->status().state == OutletState::kUp; }, 1min);
  const Hearing heard(broker.published);
  EXPECT_EQ(heard.values_without_doubles(), one_to(kSamples));
  EXPECT_EQ(house.outlet->status().queue->samples, 0u);
  EXPECT_EQ(house.outlet->status().state, OutletState::kUp);
  if (sent == nullptr) return;
  for (const sys::SimSide side : {sys::SimSide::kConnecting, sys::SimSide::kListening}) {
    (*sent)[static_cast<std::size_t>(side)] = loop.bytes_sent(kBroker, side);
  }
}

TEST(SparkplugFlow, LosesNothingWhereverTheConnectionIsCut) {
  std::array<std::uint64_t, 2> sent{};
  run_and_check({}, &sent);
  ASSERT_GT(sent[0], 500u);
  const Torture torture;
  std::uint64_t cuts = 0;
  for (const sys::SimSide side : {sys::SimSide::kConnecting, sys::SimSide::kListening}) {
    const std::uint64_t all = sent[static_cast<std::size_t>(side)] + 1;
    const std::uint64_t step =
        torture.wanted() ? 1 : std::max<std::uint64_t>(all / kCutsInShort, 1);
    for (std::uint64_t at = Torture::seed(0) % step; at < all; at += step) {
      if (torture.wanted() && torture.is_over()) break;
      SCOPED_TRACE((side == sys::SimSide::kConnecting ? "node byte " : "broker byte ") +
                   std::to_string(at));
      run_and_check({side, at});
      if (::testing::Test::HasFailure()) return;
      cuts += 1;
    }
  }
  torture.report({{"cuts", cuts}});
}

}  // namespace
}  // namespace lineshaft::connect
