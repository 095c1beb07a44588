#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "historian/file.h"
#include "historian/oracle_fixture.h"

namespace lineshaft::historian {
namespace {

constexpr TenantId kTenant{1};
constexpr TenantId kOther{2};

class StoreTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    const Status opened = store_.open();
    ASSERT_TRUE(opened.ok()) << opened.error().text();
  }
  TagId make(const std::string& path, ValueType type = ValueType::kFloat64,
             TenantId tenant = kTenant) {
    return store_->ensure_tags(tenant, {spec_of(path, type)}).value()[0];
  }
  Status put(TagId tag, std::int64_t time, Value value, Quality quality = quality::kGood) {
    return append(*store_, {kTenant, {500}, {{tag, {time}, quality, std::move(value)}}});
  }
  // "10=1 20=2": times and values.
  std::string text_of(TagId tag, TimeRange range = TimeRange{}, TenantId tenant = kTenant) {
    std::string text;
    for (const Sample& sample : scan_all(*store_, {tenant, tag}, range)) {
      text +=
          (text.empty() ? "" : " ") + std::to_string(sample.time.ns) + "=" + to_text(sample.value);
    }
    return text;
  }
  std::string last(TagId tag) {
    const LastValue value = store_->last_values(kTenant, std::vector{tag})[0];
    return !value.exists ? "none"
                         : std::to_string(value.sample.time.ns) + "=" + to_text(value.sample.value);
  }
  void flush() {
    const Status flushed = store_->flush();
    ASSERT_TRUE(flushed.ok()) << flushed.error().text();
  }

  sys::SimDisk disk_;
  OnDisk store_{disk_};
};

// --- tags ---

TEST_F(StoreTest, GivesEachPathOfATenantAnIdOnce) {
  const auto ids = store_->ensure_tags(kTenant, {spec_of("a/1"), spec_of("a/2"), spec_of("a/1")});
  EXPECT_EQ(*ids, (std::vector<TagId>{{1}, {2}, {1}}));
  EXPECT_EQ(make("a/2"), TagId{2});
  EXPECT_EQ(make("a/3"), TagId{3});
  EXPECT_EQ(make("a/2", ValueType::kBool, kOther), TagId{1}) << "tenants count by themselves";
  EXPECT_FALSE(store_->find_tag(kOther, "a/1").has_value());
  EXPECT_EQ(store_->counters().tags, 4u);
}

TEST_F(StoreTest, RefusesAnotherTypeWholeAndChangesNothing) {
  make("a/1");
  TagSpec changed = spec_of("a/1");
  changed.description = "new";
  const auto refused =
      store_->ensure_tags(kTenant, {spec_of("a/2"), changed, spec_of("a/1", ValueType::kBool)});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kTypeMismatch);
  EXPECT_NE(refused.error().what.find("a/1"), std::string::npos);
  EXPECT_FALSE(store_->find_tag(kTenant, "a/2").has_value());
  EXPECT_EQ(store_->find_tag(kTenant, "a/1")->spec.description, "");
}

TEST_F(StoreTest, RefusesTwoTypesForOneNewPath) {
  const auto refused =
      store_->ensure_tags(kTenant, {spec_of("a/1"), spec_of("a/1", ValueType::kBool)});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kTypeMismatch);
  EXPECT_EQ(store_->counters().tags, 0u);
}

TEST_F(StoreTest, RefusesATagThatIsNotAllowed) {
  EXPECT_EQ(store_->ensure_tags(kTenant, {spec_of("a/1"), spec_of("a")}).error().id,
            ErrorId::kInvalidArgument);
  EXPECT_EQ(store_->counters().tags, 0u);
}

TEST_F(StoreTest, UpdatesAllButTheType) {
  const TagId one = make("a/1");
  make("a/2");
  TagSpec spec = spec_of("a/renamed");
  spec.unit = "CEL";
  ASSERT_TRUE(store_->update_tag(kTenant, one, spec).ok());
  EXPECT_EQ(store_->find_tag(kTenant, one)->spec, spec);
  EXPECT_FALSE(store_->find_tag(kTenant, "a/1").has_value());
  const auto error = [&](TenantId tenant, TagId id, const TagSpec& wanted) {
    return store_->update_tag(tenant, id, wanted).error().id;
  };
  EXPECT_EQ(error(kTenant, one, spec_of("a/2")), ErrorId::kConflict);
  EXPECT_EQ(error(kTenant, one, spec_of("a/9", ValueType::kBool)), ErrorId::kTypeMismatch);
  EXPECT_EQ(error(kTenant, {99}, spec), ErrorId::kNotFound);
  EXPECT_EQ(error(kOther, one, spec), ErrorId::kNotFound);
  EXPECT_EQ(error(kTenant, one, spec_of("")), ErrorId::kInvalidArgument);
  EXPECT_EQ(store_->find_tag(kTenant, one)->spec, spec);
}

TEST_F(StoreTest, KeepsTagsAndTheirChangesOverARestart) {
  const TagId one = make("a/1");
  const TagId two = make("a/2", ValueType::kString);
  flush();  // into a catalogue
  ASSERT_TRUE(store_->update_tag(kTenant, two, spec_of("a/3", ValueType::kString)).ok());
  ASSERT_TRUE(store_->update_tag(kTenant, one, spec_of("a/2")).ok());  // only in the log
  for (int i = 0; i < 2; ++i) {
    open();
    EXPECT_EQ(store_->find_tag(kTenant, "a/2")->id, one);
    EXPECT_EQ(store_->find_tag(kTenant, "a/3")->id, two);
    EXPECT_EQ(store_->counters().tags, 2u);
    flush();
  }
  EXPECT_EQ(make("a/4"), TagId{3});
}

// A record of the log is limited; a thousand tags with large enum sets are far beyond.
TEST_F(StoreTest, TakesMoreTagsThanFitIntoARecord) {
  std::vector<TagSpec> specs;
  for (int i = 0; i < 200; ++i) {
    TagSpec spec = spec_of("a/" + std::to_string(i), ValueType::kInt64);
    for (std::int64_t k = 0; k < 20; ++k) spec.enum_set.push_back({k, std::string(100, 'e')});
    specs.push_back(spec);
  }
  ASSERT_TRUE(store_->ensure_tags(kTenant, specs).ok());  // 420 KiB through segments of 16 KiB
  open();
  EXPECT_EQ(store_->counters().tags, 200u);
  TagSpec huge = spec_of("a/huge", ValueType::kInt64);
  for (std::int64_t k = 0; k < 1000; ++k) huge.enum_set.push_back({k, std::string(128, 'e')});
  EXPECT_EQ(store_->ensure_tags(kTenant, {huge}).error().id, ErrorId::kInvalidArgument);
}

TEST_F(StoreTest, ListsTagsInPages) {
  for (const char* path : {"b/2", "a/1", "b/1"}) make(path);
  const TagPage page = store_->list_tags(kTenant, {"", "b"}, 1, 5);
  EXPECT_EQ(page.total, 2u);
  ASSERT_EQ(page.tags.size(), 1u);
  EXPECT_EQ(page.tags[0].spec.path, "b/2");
  EXPECT_EQ(store_->list_tag_ids(kTenant, {"", "b"}), (std::vector<TagId>{{3}, {1}}));
  EXPECT_EQ(store_->list_tags(kOther, {}, 0, 5).total, 0u);
}

// --- samples ---

TEST_F(StoreTest, RefusesABatchWholeForOneWrongSample) {
  const TagId tag = make("a/1");
  const Sample good{tag, {10}, quality::kGood, 1.0};
  const std::pair<Sample, ErrorId> wrong[] = {
      {{{9}, {10}, quality::kGood, 1.0}, ErrorId::kNotFound},
      {{{0}, {10}, quality::kGood, 1.0}, ErrorId::kNotFound},
      {{tag, {10}, quality::kGood, 1.0F}, ErrorId::kTypeMismatch},
      {{tag, kTimestampMax, quality::kGood, 1.0}, ErrorId::kInvalidArgument},
  };
  for (const auto& [sample, id] : wrong) {
    EXPECT_EQ(append(*store_, {kTenant, {}, {good, sample}}).error().id, id);
  }
  EXPECT_EQ(append(*store_, {kOther, {}, {good}}).error().id, ErrorId::kNotFound);
  EXPECT_EQ(text_of(tag), "");
  EXPECT_EQ(store_->counters().samples_refused, 9u);
  EXPECT_EQ(store_->counters().samples_appended, 0u);
}

TEST_F(StoreTest, RefusesTextsAndBatchesThatAreTooLarge) {
  store_.options().wal_segment_bytes = wal::kSegmentBytes;
  open();
  const TagId tag = make("a/1", ValueType::kString);
  EXPECT_TRUE(put(tag, 1, std::string(kStringValueBytesMax, 'x')).ok());
  EXPECT_EQ(put(tag, 2, std::string(kStringValueBytesMax + 1, 'x')).error().id,
            ErrorId::kInvalidArgument);
  SampleBatch batch{kTenant, {}, {}};
  for (std::int64_t i = 0; i < 257; ++i) {
    batch.samples.push_back({tag, {i}, {}, std::string(kStringValueBytesMax, 'y')});
  }
  EXPECT_EQ(append(*store_, batch).error().id, ErrorId::kInvalidArgument);  // 16 MiB and a bit
  EXPECT_EQ(scan_all(*store_, {kTenant, tag}).size(), 1u);
}

TEST_F(StoreTest, TheLastWriterWinsWhereverTheFirstOneIs) {
  const TagId tag = make("a/1");
  for (int round = 0; round < 4; ++round) {
    ASSERT_TRUE(put(tag, 10, static_cast<double>(round)).ok());
    EXPECT_EQ(text_of(tag), "10=" + std::to_string(round));
    EXPECT_EQ(last(tag), "10=" + std::to_string(round));
    if (round % 2 == 0) flush();
    if (round == 2) open();
  }
}

TEST_F(StoreTest, ASecondWriterInsideABatchWins) {
  const TagId tag = make("a/1");
  ASSERT_TRUE(append(*store_, {kTenant, {}, {{tag, {1}, {}, 1.0}, {tag, {1}, {}, 2.0}}}).ok());
  EXPECT_EQ(text_of(tag), "1=2");
  EXPECT_EQ(last(tag), "1=2");
}

TEST_F(StoreTest, LateDataIsNotTheLastValue) {
  const TagId tag = make("a/1");
  ASSERT_TRUE(put(tag, 100, 1.0).ok());
  ASSERT_TRUE(put(tag, 50, 2.0).ok());
  EXPECT_EQ(last(tag), "100=1");
  flush();
  open();  // the last value is in a file now, and nobody has asked for it
  ASSERT_TRUE(put(tag, 60, 3.0).ok());
  EXPECT_EQ(last(tag), "100=1");
  open();  // the late one comes from the log
  EXPECT_EQ(last(tag), "100=1");
  ASSERT_TRUE(put(tag, 100, 4.0).ok());
  EXPECT_EQ(last(tag), "100=4");
  ASSERT_TRUE(put(tag, 101, 5.0).ok());
  EXPECT_EQ(last(tag), "101=5");
  EXPECT_EQ(text_of(tag), "50=2 60=3 100=4 101=5");
}

TEST_F(StoreTest, WhatIsSaidNowCountsMoreThanWhatAClockThatRanAheadSaid) {
  const TagId tag = make("a/1");
  const std::int64_t hour = 3600LL * 1'000'000'000;
  ASSERT_TRUE(put(tag, hour, 1.0).ok());  // received at 500 ns
  EXPECT_EQ(last(tag), std::to_string(hour) + "=1");
  ASSERT_TRUE(put(tag, 600, 2.0).ok());
  EXPECT_EQ(last(tag), "600=2");
  flush();
  open();
  ASSERT_TRUE(put(tag, 700, 3.0).ok());
  EXPECT_EQ(last(tag), "700=3");
}

// In every order of late, present and future times, over a value in memory and over one in a file.
TEST_F(StoreTest, ABatchLeavesTheLastValueThatItsSamplesLeaveOneByOne) {
  const std::int64_t hour = 3600LL * 1'000'000'000;
  const std::int64_t times[] = {-hour, 100, 200, 2 * hour, 3 * hour};  // received at 500 ns
  for (const bool in_file : {false, true}) {
    for (const std::int64_t kept : times) {
      for (std::size_t i = 0; i < std::size(times) * std::size(times); ++i) {
        const std::int64_t first = times[i / std::size(times)];
        const std::int64_t second = times[i % std::size(times)];
        const std::string path = std::to_string(in_file) + "/" + std::to_string(kept) + "/" +
                                 std::to_string(first) + "/" + std::to_string(second);
        const TagId whole = make(path + "/whole");
        const TagId apart = make(path + "/apart");
        for (const TagId tag : {whole, apart}) ASSERT_TRUE(put(tag, kept, 0.0).ok());
        if (in_file) flush();
        if (in_file) open();
        ASSERT_TRUE(
            append(*store_,
                   {kTenant, {500}, {{whole, {first}, {}, 1.0}, {whole, {second}, {}, 2.0}}})
                .ok());
        ASSERT_TRUE(put(apart, first, 1.0).ok());
        ASSERT_TRUE(put(apart, second, 2.0).ok());
        EXPECT_EQ(last(whole), last(apart)) << path;
      }
    }
  }
}

TEST_F(StoreTest, LastValuesTellWhatIsNewByTheirTick) {
  const TagId tag = make("a/1");
  const LastValue none = store_->last_values(kTenant, std::vector{tag})[0];
  EXPECT_EQ(none.tick, 0u);
  EXPECT_EQ(none.sample.quality, quality::kBadWaitingForInitialData);
  const std::uint64_t before = store_->tick(kTenant);
  ASSERT_TRUE(put(tag, 10, 1.0).ok());
  const LastValue value = store_->last_values(kTenant, std::vector{tag})[0];
  EXPECT_GT(value.tick, before);
  EXPECT_EQ(value.tick, store_->tick(kTenant));
  EXPECT_EQ(value.received.ns, 500);
  EXPECT_EQ(store_->last_values(kTenant, std::vector{TagId{77}})[0].tick, 0u);
  EXPECT_EQ(store_->last_values(kOther, std::vector{tag})[0].tick, 0u);
}

TEST_F(StoreTest, KeepsTimesBefore1970AndOfTheFarFuture) {
  const TagId tag = make("a/1");
  const std::int64_t year = 365LL * 86400 * 1'000'000'000;
  for (std::int64_t time :
       {INT64_MIN, -100 * year, std::int64_t{-1}, std::int64_t{0}, 290 * year, INT64_MAX - 1}) {
    ASSERT_TRUE(put(tag, time, 1.0).ok());
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(scan_all(*store_, {kTenant, tag}).size(), 6u);
    EXPECT_EQ(text_of(tag, {{-100 * year}, {1}}), std::to_string(-100 * year) + "=1 -1=1 0=1");
    EXPECT_EQ(last(tag), std::to_string(INT64_MAX - 1) + "=1");
    EXPECT_EQ(store_->sample_before(kTenant, tag, kTimestampMin).value()->time, kTimestampMin);
    EXPECT_EQ(store_->sample_before(kTenant, tag, {-2}).value()->time.ns, -100 * year);
    flush();
    open();
  }
}

// The length of this range does not fit into an int64.
TEST_F(StoreTest, AggregatesOverAllOfTime) {
  const TagId tag = make("a/1");
  for (std::int64_t time : {INT64_MIN, std::int64_t{0}, INT64_MAX - 1}) {
    ASSERT_TRUE(put(tag, time, 1.0).ok());
  }
  const auto windows = store_->aggregate(kTenant, tag, {}, Nanoseconds(INT64_MAX)).value();
  ASSERT_EQ(windows.size(), 3u);
  for (const AggregateWindow& window : windows) EXPECT_EQ(window.count, 1u);
  const auto columns = store_->pixels(kTenant, tag, {}, 3).value();
  for (const PixelColumn& column : columns) EXPECT_EQ(column.count, 1u);
}

TEST_F(StoreTest, RefusesQuestionsThatMakeNoSense) {
  const TagId tag = make("a/1");
  const TimeRange range{{0}, {100}};
  const auto pixels = [&](TimeRange over, std::uint32_t columns) {
    return store_->pixels(kTenant, tag, over, columns).ok();
  };
  EXPECT_TRUE(pixels(range, 1) && pixels(range, 10'000));
  EXPECT_FALSE(pixels(range, 0) || pixels(range, 10'001) || pixels({{5}, {5}}, 1));
  const auto aggregate = [&](TimeRange over, std::int64_t step) {
    return store_->aggregate(kTenant, tag, over, Nanoseconds(step)).ok();
  };
  EXPECT_TRUE(aggregate(range, 1) && aggregate({{0}, {100'000}}, 1));
  EXPECT_FALSE(aggregate(range, 0) || aggregate(range, -1) || aggregate({{9}, {1}}, 1));
  EXPECT_FALSE(aggregate({{0}, {100'001}}, 1));
  EXPECT_FALSE(aggregate(TimeRange{}, 1)) << "2^64 windows";
  EXPECT_EQ(store_->pixels(kTenant, {9}, range, 1).error().id, ErrorId::kNotFound);
  EXPECT_EQ(store_->aggregate(kTenant, {9}, range, Nanoseconds(1)).error().id, ErrorId::kNotFound);
  EXPECT_EQ(store_->sample_before(kOther, tag, {}).error().id, ErrorId::kNotFound);
  EXPECT_EQ(store_->scan(kOther, tag, range, [](auto) { return true; }).error().id,
            ErrorId::kNotFound);
}

// --- files ---

TEST_F(StoreTest, AFlushMovesSamplesIntoAFileAndTrimsTheLog) {
  const TagId tag = make("a/1", ValueType::kString);
  for (std::int64_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(put(tag, i, std::string(6000, 'x')).ok());  // two to a segment of 16 KiB
  }
  flush();
  const HistorianCounters counters = store_->counters();
  EXPECT_EQ(counters.files, 1u);
  EXPECT_EQ(counters.memtable_bytes, 0u);
  EXPECT_LE(counters.wal_bytes, 4u * 16 * 1024) << "the newest segment and spares";
  open();
  EXPECT_EQ(store_->recovery().records_replayed, 0u);
  EXPECT_EQ(scan_all(*store_, {kTenant, tag}).size(), 20u);
}

TEST_F(StoreTest, AFlushOfNothingWritesNothing) {
  make("a/1");
  flush();
  const std::size_t before = disk_.operations();
  flush();
  EXPECT_EQ(disk_.operations(), before);
}

TEST_F(StoreTest, MergesSmallFilesAndRemovesThem) {
  const TagId tag = make("a/1");
  for (std::int64_t i = 0; i < 40; ++i) {
    ASSERT_TRUE(put(tag, i, static_cast<double>(i)).ok());
    ASSERT_TRUE(put(tag, 0, static_cast<double>(i)).ok());  // overwritten in every file
    flush();
    EXPECT_LE(store_->counters().files, 8u);
  }
  EXPECT_EQ(text_of(tag, {{0}, {3}}), "0=39 1=1 2=2");
  const auto names = disk_.list("/data/history").value();
  const auto files = std::count_if(names.begin(), names.end(),
                                   [](const std::string& name) { return name.ends_with(".lsh"); });
  EXPECT_EQ(static_cast<std::uint64_t>(files), store_->counters().files);
  open();
  EXPECT_EQ(scan_all(*store_, {kTenant, tag}).size(), 40u);
  EXPECT_EQ(text_of(tag, {{0}, {2}}), "0=39 1=1");
}

TEST_F(StoreTest, CompactingLeavesOneSealedFileThatHoldsEverything) {
  const TagId tag = make("a/b", ValueType::kInt64);
  const TagId other = make("a/c", ValueType::kString);
  std::string expected;
  for (std::int64_t time = 0; time < 60; ++time) {
    ASSERT_TRUE(put(tag, time, time * time).ok());
    ASSERT_TRUE(put(other, time / 2, "x" + std::to_string(time)).ok());  // 30 points written twice
    expected += (time == 0 ? "" : " ") + std::to_string(time) + "=" + std::to_string(time * time);
    if (time % 10 == 5) flush();
  }
  ASSERT_TRUE(store_->compact().ok());
  EXPECT_EQ(store_->counters().files, 1u);
  const auto check = [&] {
    EXPECT_EQ(text_of(tag), expected);
    EXPECT_EQ(text_of(other, {{28}, {30}}), "28=x57 29=x59");
  };
  check();
  const std::uint64_t writes = disk_.calls(sys::DiskCall::kWrite);
  ASSERT_TRUE(store_->compact().ok());
  EXPECT_EQ(disk_.calls(sys::DiskCall::kWrite), writes) << "there is nothing more to do";
  open();
  check();
}

TEST_F(StoreTest, SealsWhatIsOld) {
  store_.options().seal_after = std::chrono::hours(1);
  open();
  const TagId tag = make("a/b");
  ASSERT_TRUE(put(tag, 5, 2.5).ok());  // of 1970
  flush();
  const auto name = disk_.list("/data/history").value();
  const auto file = std::find_if(name.begin(), name.end(),
                                 [](const std::string& one) { return one.ends_with(".lsh"); });
  ASSERT_NE(file, name.end());
  const FilePtr reader =
      FileReader::open(disk_, "/data/history/" + *file, std::stoull(*file)).value();
  EXPECT_TRUE(reader->is_sealed());
  EXPECT_EQ(text_of(tag), "5=2.5");
}

TEST_F(StoreTest, ReplaysALongLogInBoundedMemory) {
  const TagId tag = make("a/1");
  for (std::int64_t i = 0; i < 1500; ++i) ASSERT_TRUE(put(tag, i, static_cast<double>(i)).ok());
  store_.options().memtable_bytes_max = 512;
  open();
  EXPECT_GT(store_->counters().files, 1u);
  EXPECT_LT(store_->counters().memtable_bytes, 9000u);  // a run of bytes doubles
  EXPECT_EQ(scan_all(*store_, {kTenant, tag}).size(), 1500u);
  EXPECT_TRUE(store_->recovery().damages.empty());
}

TEST_F(StoreTest, RefusesWhatItCannotHoldInMemory) {
  store_.options().memtable_bytes_max = 128;
  open();
  const TagId tag = make("a/1");
  Status outcome;
  std::int64_t taken = 0;
  while (taken < 1000 && (outcome = put(tag, taken, 1.0))) ++taken;
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().id, ErrorId::kQueueFull);
  flush();
  EXPECT_TRUE(put(tag, taken, 1.0).ok());
  EXPECT_EQ(scan_all(*store_, {kTenant, tag}).size(), static_cast<std::size_t>(taken) + 1);
}

TEST_F(StoreTest, FlushesInTheBackground) {
  store_.options().background = true;
  store_.options().memtable_bytes_max = 256;
  open();
  const TagId tag = make("a/1");
  std::int64_t taken = 0;
  while (taken < 500) {
    const Status outcome = put(tag, taken, 1.0);
    if (outcome) ++taken;
    ASSERT_TRUE(outcome || outcome.error().id == ErrorId::kQueueFull);
  }
  flush();  // waits for the one that runs
  EXPECT_GE(store_->counters().files, 1u);
  open();
  EXPECT_EQ(scan_all(*store_, {kTenant, tag}).size(), 500u);
}

}  // namespace
}  // namespace lineshaft::historian
