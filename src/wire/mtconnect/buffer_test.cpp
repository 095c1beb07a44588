#include "wire/mtconnect/buffer.h"

#include <gtest/gtest.h>

#include "wire/mtconnect/path.h"
#include "wire/mtconnect/testing.h"

namespace lineshaft::mtconnect {
namespace {

using namespace testing;

struct Filled {
  std::vector<Component> devices = mill();
  PathIndex index{devices};
  ObservationBuffer buffer;
  std::vector<bool> all = std::vector<bool>(index.data_items().size(), true);

  explicit Filled(std::size_t capacity) : buffer(capacity, index.data_items(), Timestamp{1}) {}
  std::uint64_t add(const std::string& id, const std::string& text) {
    return buffer.add(*index.find(id), observation(id, Category::kSample, 0, text));
  }
  std::uint64_t add(const Observation& seen) {
    return buffer.add(*index.find(seen.data_item_id), seen);
  }
  // "text" of each observation, of conditions the code.
  static std::string texts(const std::vector<Observation>& all) {
    std::string line;
    for (const Observation& seen : all) {
      const bool condition = seen.category == Category::kCondition;
      line += (line.empty() ? "" : " ") + (condition ? seen.native_code : seen.text);
    }
    return line;
  }
  std::string state(std::uint64_t at, const std::string& id) const {
    std::vector<bool> one(all.size());
    one[*index.find(id)] = true;
    return texts(buffer.state(at, one));
  }
};

TEST(ObservationBuffer, BeginsWithEverythingUnavailable) {
  Filled f(100);
  EXPECT_EQ(f.buffer.first(), 1u);
  EXPECT_EQ(f.buffer.last(), 9u);  // one for each of the nine data items
  EXPECT_EQ(f.state(9, "xpos"), "UNAVAILABLE");
}

TEST(ObservationBuffer, TellsTheStateAtAnyNumberItHas) {
  Filled f(12);
  for (int i = 10; i < 40; ++i) f.add(i % 2 == 0 ? "xpos" : "xload", std::to_string(i));
  EXPECT_EQ(f.buffer.first(), 28u);
  EXPECT_EQ(f.buffer.next(), 40u);
  EXPECT_EQ(f.state(39, "xpos"), "38");
  EXPECT_EQ(f.state(37, "xpos"), "36");
  EXPECT_EQ(f.state(28, "xload"), "27") << "from before what is kept";
  EXPECT_EQ(f.state(30, "exec"), "UNAVAILABLE");
}

TEST(ObservationBuffer, GivesRangesBothWays) {
  Filled f(100);
  for (int i = 10; i < 20; ++i) f.add(i % 2 == 0 ? "xpos" : "xload", std::to_string(i));
  std::vector<bool> wanted(f.all.size());
  wanted[*f.index.find("xpos")] = true;
  auto range = f.buffer.up(10, 1000, 3, wanted);
  EXPECT_EQ(Filled::texts(range.observations), "10 12 14");
  EXPECT_EQ(range.next, 15u);
  EXPECT_FALSE(range.to_end);
  range = f.buffer.up(range.next, 1000, 100, wanted);
  EXPECT_EQ(Filled::texts(range.observations), "16 18");
  EXPECT_EQ(range.next, 20u) << "what is not wanted was looked at too";
  EXPECT_TRUE(range.to_end);
  EXPECT_EQ(Filled::texts(f.buffer.up(10, 13, 100, wanted).observations), "10 12");
  EXPECT_TRUE(f.buffer.up(20, 1000, 5, wanted).observations.empty());
  range = f.buffer.down(19, 3, wanted);
  EXPECT_EQ(Filled::texts(range.observations), "14 16 18");
  EXPECT_EQ(range.next, 13u);
}

TEST(ObservationBuffer, AConditionHasEveryActiveCode) {
  Filled f(100);
  f.add(condition("xcond", 0, Level::kWarning, "A"));
  f.add(condition("xcond", 0, Level::kFault, "B"));
  EXPECT_EQ(f.state(11, "xcond"), "A B");
  f.add(condition("xcond", 0, Level::kFault, "A"));
  EXPECT_EQ(f.state(12, "xcond"), "B A") << "replaced by the newer one of its code";
  f.add(condition("xcond", 0, Level::kNormal, "B"));
  EXPECT_EQ(f.state(13, "xcond"), "A");
  f.add(condition("xcond", 0, Level::kNormal));
  EXPECT_EQ(f.buffer.now(*f.index.find("xcond")).size(), 1u);
  EXPECT_EQ(f.buffer.now(*f.index.find("xcond"))[0].level, Level::kNormal);
  EXPECT_EQ(f.state(12, "xcond"), "B A") << "as it was";
  for (std::size_t i = 0; i <= kActiveConditionsMax; ++i) {
    f.add(condition("xcond", 0, Level::kFault, std::to_string(i)));
  }
  EXPECT_EQ(f.buffer.now(*f.index.find("xcond")).size(), kActiveConditionsMax);
}

TEST(ObservationBuffer, ASetIsTheSumOfItsChanges) {
  Filled f(100);
  const auto change = [&](std::vector<Entry> entries, std::string reset = "") {
    Observation seen = observation("vars", Category::kEvent, 0, "");
    seen.is_set = true;
    seen.entries = std::move(entries);
    seen.reset_triggered = std::move(reset);
    f.add(seen);
    return f.buffer.now(*f.index.find("vars"))[0].entries;
  };
  using Entries = std::vector<Entry>;
  EXPECT_EQ(change({{"a", "1", false, {}}, {"b", "2", false, {}}}).size(), 2u);
  EXPECT_EQ(change({{"b", "3", false, {}}, {"c", "4", false, {}}}),
            (Entries{{"a", "1", false, {}}, {"b", "3", false, {}}, {"c", "4", false, {}}}));
  EXPECT_EQ(change({{"a", "", true, {}}}), (Entries{{"b", "3", false, {}}, {"c", "4", false, {}}}));
  EXPECT_EQ(change({{"d", "5", false, {}}}, "NEW"), (Entries{{"d", "5", false, {}}}));
}

}  // namespace
}  // namespace lineshaft::mtconnect
