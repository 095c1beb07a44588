#include "app/bench_historian.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <condition_variable>
#include <ctime>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <thread>

#include "app/resident_memory.h"
#include "historian/historian.h"
#include "sys/clock.h"

namespace lineshaft::app {
namespace {

using historian::AggregateWindow;
using historian::Columns;
using historian::Historian;

constexpr TenantId kTenant{1};
constexpr int kWarmUps = 3;
constexpr int kThreads = 2;

double seconds_since(Nanoseconds began) {
  return static_cast<double>((sys::real_clock().monotonic() - began).count()) / 1e9;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double rounded(double number) {
  std::ostringstream text;
  text.precision(3);
  text << number;
  return std::stod(text.str());
}

double rank(const std::vector<double>& sorted, double share) {
  const auto place =
      static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(place, 1) - 1];
}

// The greatest resident set since forget_peak(), in bytes; 0 where the system does not tell.
std::uint64_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;
  }
  return 0;
}
void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

// What one question takes, asked again and again.
Json timed(int runs, const std::function<void(int)>& ask) {
  for (int i = 0; i < kWarmUps; ++i) ask(-i);
  std::vector<double> took;
  for (int i = 1; i <= runs; ++i) {
    const Nanoseconds began = sys::real_clock().monotonic();
    ask(i);
    took.push_back(seconds_since(began) * 1e3);
  }
  std::sort(took.begin(), took.end());
  return {{"min", rounded(took.front())},
          {"median", rounded(rank(took, 0.5))},
          {"max", rounded(took.back())},
          {"runs", runs}};
}

// Runs `work(i)` for 0..count-1 on all cores.
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (auto i = static_cast<std::size_t>(t); i < count; i += kThreads) work(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

Value value_of(ValueType type, double number) {
  switch (type) {
    case ValueType::kBool:
      return number != 0;
    case ValueType::kInt64:
      return static_cast<std::int64_t>(number);
    case ValueType::kFloat32:
      return static_cast<float>(number);
    default:
      return number;
  }
}

class Bench {
 public:
  Bench(const BenchCorpus& corpus, const HistorianBenchOptions& options)
      : options_(options), size_(corpus.size()) {
    for (std::size_t i = 0; i < size_.tags; ++i) tags_.push_back(corpus.tag(i));
  }

  Result<Json> run();

 private:
  Status open();
  Result<Json> ingest();
  SampleBatch next_batch(std::size_t first, std::size_t slot) const;
  Json ask();
  void check_values();
  void expect(bool is_right, const std::string& what);
  double bytes_per_sample() const;
  std::vector<AggregateWindow> windows(std::size_t tag, std::int64_t step_s) const;
  TagId id(std::size_t tag) const { return ids_[tag % size_.tags]; }
  // Another tag for each run of a question, so that nothing is answered twice.
  std::size_t tag_of_run(int run) const {
    return static_cast<std::size_t>(std::abs(run * 37 + 205)) % size_.tags;
  }
  std::size_t samples() const { return size_.tags * size_.samples; }

  const HistorianBenchOptions& options_;
  const CorpusSize size_;
  std::vector<CorpusTag> tags_;
  TimeRange range_;
  std::unique_ptr<Historian> historian_;
  std::vector<TagId> ids_;
  std::vector<std::string> wrong_;
};

void Bench::expect(bool is_right, const std::string& what) {
  if (!is_right) wrong_.push_back(what);
}

Status Bench::open() {
  historian::HistorianOptions options;
  options.directory = options_.directory;
  options.seal_after = Nanoseconds::max();  // when it is asked for
  auto opened =
      Historian::open(sys::real_file_system(), sys::real_clock(), sys::real_random(), options);
  if (!opened) return opened.error();
  historian_ = *std::move(opened);
  std::vector<TagSpec> specs;
  for (const CorpusTag& tag : tags_) {
    TagSpec spec;
    spec.path = "bench/corpus/" + tag.name;
    spec.type = tag.type;
    specs.push_back(spec);
  }
  Result<std::vector<TagId>> ids = historian_->ensure_tags(kTenant, std::move(specs));
  if (!ids) return ids.error();
  ids_ = *std::move(ids);
  return {};
}

// The samples first .. first + slot - 1 of every tag.
SampleBatch Bench::next_batch(std::size_t first, std::size_t slot) const {
  SampleBatch batch;
  batch.tenant = kTenant;
  batch.received = sys::real_clock().now();
  batch.samples.reserve(slot * size_.tags);
  for (std::size_t tag = 0; tag < size_.tags; ++tag) {
    const CorpusTag& of = tags_[tag];
    for (std::size_t i = first; i < first + slot; ++i) {
      batch.samples.push_back(
          {ids_[tag], {of.times_ns[i]}, quality::kGood, value_of(of.type, of.values[i])});
    }
  }
  return batch;
}

Result<Json> Bench::ingest() {
  std::mutex mutex;
  std::condition_variable acknowledged;
  std::size_t waiting = 0;
  Status failed;
  std::vector<double> waited;
  std::vector<std::size_t> refused;  // the disk was slower: asked once more, as any client would
  const double cpu_before = cpu_seconds();
  const Nanoseconds began = sys::real_clock().monotonic();
  const std::size_t slot = std::max<std::size_t>(1, options_.batch / size_.tags);
  for (std::size_t next = 0;;) {
    std::size_t first = next;
    {
      std::unique_lock lock(mutex);
      acknowledged.wait(lock, [&] {
        const bool is_more = next < size_.samples || !refused.empty();
        return waiting == 0 || (is_more && waiting < options_.in_flight);
      });
      if (!failed) break;
      if (!refused.empty()) {
        first = refused.back();
        refused.pop_back();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      } else if (next < size_.samples) {
        next += slot;
      } else {
        break;
      }
      ++waiting;
    }
    const Nanoseconds asked = sys::real_clock().monotonic();
    historian_->append(next_batch(first, std::min(slot, size_.samples - first)),
                       [&, asked, first](Status status) {
                         const std::lock_guard lock(mutex);
                         --waiting;
                         waited.push_back(seconds_since(asked) * 1e3);
                         if (!status && status.error().id == ErrorId::kQueueFull) {
                           refused.push_back(first);
                         } else if (!status) {
                           failed = std::move(status);
                         }
                         acknowledged.notify_one();
                       });
  }
  std::unique_lock lock(mutex);
  acknowledged.wait(lock, [&] { return waiting == 0; });
  if (!failed) return failed.error();
  const double seconds = seconds_since(began);
  std::sort(waited.begin(), waited.end());
  return Json{
      {"path", "in process"},
      {"durable", true},
      {"samples_per_s", std::round(static_cast<double>(samples()) / seconds)},
      {"cpu_s", rounded(cpu_seconds() - cpu_before)},
      {"batch", slot * size_.tags},
      {"connections", options_.in_flight},
      {"ack_ms", {{"p50", rounded(rank(waited, 0.5))}, {"p99", rounded(rank(waited, 0.99))}}}};
}

double Bench::bytes_per_sample() const {
  return rounded(static_cast<double>(historian_->counters().file_bytes) /
                 static_cast<double>(samples()));
}

std::vector<AggregateWindow> Bench::windows(std::size_t tag, std::int64_t step_s) const {
  return historian_->aggregate(kTenant, id(tag), range_, std::chrono::seconds(step_s)).value();
}

// Every value, bit for bit.
void Bench::check_values() {
  std::array<std::size_t, kThreads> altered{};
  in_parallel(size_.tags, [&](std::size_t tag) {
    const CorpusTag& of = tags_[tag];
    std::size_t at = 0;
    static_cast<void>(historian_->scan_columns(kTenant, id(tag), {}, [&](const Columns& points) {
      for (std::size_t i = 0; i < points.size() && at < of.values.size(); ++i, ++at) {
        const bool same = points.time(i).ns == of.times_ns[at] &&
                          same_bits(points.value(i), value_of(of.type, of.values[at]));
        altered[tag % kThreads] += same ? 0U : 1U;
      }
      return true;
    }));
    altered[tag % kThreads] += of.values.size() - at;
  });
  for (std::size_t count : altered) expect(count == 0, std::to_string(count) + " values altered");
}

Json Bench::ask() {
  Json queries;
  queries["tag_minute_mean"] = timed(51, [&](int run) { windows(tag_of_run(run), 60); });
  queries["tag_raw"] = timed(51, [&](int run) {
    std::size_t count = 0;
    static_cast<void>(
        historian_->scan_columns(kTenant, id(tag_of_run(run)), range_, [&](const Columns& points) {
          count += points.size();
          return true;
        }));
    expect(count == size_.samples, "raw values");
  });
  queries["hundred_tags"] = timed(21, [&](int run) {
    in_parallel(100, [&](std::size_t i) { windows(tag_of_run(run) + i * 10, 600); });
  });
  queries["all_minute_mean"] =
      timed(11, [&](int) { in_parallel(size_.tags, [&](std::size_t tag) { windows(tag, 60); }); });
  queries["last_values"] = timed(51, [&](int) {
    const auto last = historian_->last_values(kTenant, ids_);
    expect(last.back().sample.time.ns == tags_.back().times_ns.back(), "last values");
  });
  double expected = 0;
  for (const CorpusTag& tag : tags_) {
    for (double value : tag.values) expected += value;
  }
  const auto is_sum = [&](double sum) {
    return std::abs(sum - expected) <= 1e-9 * std::abs(expected);
  };
  const Nanoseconds all_time = range_.to - range_.from;
  queries["sum"] = timed(11, [&](int) {
    std::array<double, kThreads> sums{};
    in_parallel(size_.tags, [&](std::size_t tag) {
      sums[tag % kThreads] +=
          historian_->aggregate_values(kTenant, id(tag), range_, all_time).value()[0].sum;
    });
    expect(is_sum(sums[0] + sums[1]), "sum from the values");
  });
  queries["sum_from_index"] = timed(51, [&](int) {
    double sum = 0;
    for (std::size_t tag = 0; tag < size_.tags; ++tag) {
      sum += historian_->aggregate(kTenant, id(tag), range_, all_time).value()[0].sum;
    }
    expect(is_sum(sum), "sum from the index");
  });
  return queries;
}

Result<Json> Bench::run() {
  range_ = {{tags_[0].times_ns[0]}, {0}};
  for (const CorpusTag& tag : tags_) {
    range_.from = std::min(range_.from, {tag.times_ns.front()});
    range_.to = std::max(range_.to, {tag.times_ns.back() + 1});
  }
  const std::uint64_t memory_before = resident_memory_bytes();
  forget_peak();
  if (Status opened = open(); !opened) return opened.error();
  Result<Json> ingested = ingest();
  if (!ingested) return ingested.error();
  if (Status flushed = historian_->flush(); !flushed) return flushed.error();
  const std::uint64_t peak = peak_memory_bytes();
  Json report{{"peer", "lineshaft"}, {"lossless", true}, {"altered_values", 0}};
  report["ingest"] = Json::array({*ingested});
  report["rss_peak_mb"] =
      rounded(static_cast<double>(peak - std::min(peak, memory_before)) / (1024.0 * 1024.0));
  const double fresh = bytes_per_sample();
  const Json fresh_queries = ask();
  const Nanoseconds began = sys::real_clock().monotonic();
  if (Status merged = historian_->compact(); !merged) return merged.error();
  report["compact_s"] = rounded(seconds_since(began));
  report["bytes_per_sample"] = bytes_per_sample();
  report["other_sizes"] = Json{{"before files are merged", fresh}};
  report["queries"] = ask();
  report["queries_before_merge"] = fresh_queries;
  check_values();
  if (wrong_.empty()) {
    report["checks"] = "passed";
  } else {
    report["checks"] = wrong_;
  }
  return report;
}

}  // namespace

Result<Json> bench_historian(const BenchCorpus& corpus, const HistorianBenchOptions& options) {
  return Bench(corpus, options).run();
}

}  // namespace lineshaft::app
