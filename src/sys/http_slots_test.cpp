#include "sys/http_slots.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace lineshaft::sys {
namespace {

using Slot = std::unique_ptr<HttpSlots::Slot>;

// Peers by name; those that gave way are noted in order, and let go of their slot at once.
struct Door {
  explicit Door(HttpSlotLimits limits) : slots(limits) {}
  bool enter(const std::string& name, const std::string& address) {
    Slot slot = slots.take(address, [this, name] {
      cut.push_back(name);
      peers.erase(name);
    });
    const bool in = slot != nullptr;
    if (in) peers[name] = std::move(slot);
    return in;
  }
  HttpSlots slots;
  std::map<std::string, Slot> peers;
  std::vector<std::string> cut;
};

using Names = std::vector<std::string>;

TEST(HttpSlots, TheStrangerThatWaitedLongestGivesWay) {
  Door door({.connections_max = 10, .strangers_max = 3, .strangers_per_address_max = 10});
  for (const char* name : {"a", "b", "c", "d"}) EXPECT_TRUE(door.enter(name, name)) << name;
  EXPECT_EQ(door.cut, (Names{"a"}));
  door.peers["b"]->work();
  door.peers["b"]->rest();  // a complete request: it waits behind the others again
  EXPECT_TRUE(door.enter("e", "e"));
  EXPECT_EQ(door.cut, (Names{"a", "c"}));
  EXPECT_EQ(door.slots.strangers(), 3U);
}

TEST(HttpSlots, WhoIsKnownGivesWayToNobody) {
  Door door({.connections_max = 3, .strangers_max = 2, .strangers_per_address_max = 10});
  EXPECT_TRUE(door.enter("a", "x"));
  EXPECT_TRUE(door.enter("b", "x"));
  door.peers["a"]->become_known();
  EXPECT_TRUE(door.enter("c", "x"));  // a stands outside the pool now
  EXPECT_TRUE(door.cut.empty());
  EXPECT_TRUE(door.enter("d", "x"));
  EXPECT_EQ(door.cut, (Names{"b"}));
  door.peers["c"]->become_known();
  door.peers["d"]->become_known();
  EXPECT_FALSE(door.enter("e", "x")) << "all three places belong to known peers";
  door.peers.erase("c");
  EXPECT_TRUE(door.enter("e", "x"));
  EXPECT_EQ(door.slots.taken(), 3U);
}

TEST(HttpSlots, ARequestUnderWayIsNotCut) {
  Door door({.connections_max = 2, .strangers_max = 2, .strangers_per_address_max = 2});
  EXPECT_TRUE(door.enter("a", "x"));
  EXPECT_TRUE(door.enter("b", "y"));
  door.peers["a"]->work();
  EXPECT_TRUE(door.enter("c", "y"));
  EXPECT_EQ(door.cut, (Names{"b"}));
  door.peers["c"]->work();
  EXPECT_FALSE(door.enter("d", "z"));
}

TEST(HttpSlots, AnAddressWithItsShareTakesNobodyElsesPlace) {
  Door door({.connections_max = 9, .strangers_max = 9, .strangers_per_address_max = 2});
  EXPECT_TRUE(door.enter("honest", "192.0.2.1"));
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(door.enter("flood" + std::to_string(i), "203.0.113.7"));
  }
  EXPECT_EQ(door.cut.size(), 48U);
  EXPECT_TRUE(door.peers.contains("honest"));
  EXPECT_EQ(door.slots.strangers(), 3U);
}

TEST(TokenBucket, GivesABurstAndThenItsRate) {
  using std::chrono::milliseconds;
  TokenBucket bucket(10, 3);
  const Nanoseconds start = std::chrono::hours(5);  // whatever the clock began with
  int taken = 0;
  for (int i = 0; i < 10; ++i) taken += bucket.take(start) ? 1 : 0;
  EXPECT_EQ(taken, 3);
  EXPECT_FALSE(bucket.take(start + milliseconds(99)));
  EXPECT_TRUE(bucket.take(start + milliseconds(101)));
  EXPECT_FALSE(bucket.take(start + milliseconds(102)));
}

}  // namespace
}  // namespace lineshaft::sys
