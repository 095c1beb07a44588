// bench/load_bench.cpp: what a sample costs with few and with very many tags, and a plant of a
// million tags that each change once a second.
//
//   load_bench DIRECTORY --tags N --samples M           M samples in all, as fast as they are taken
//   load_bench DIRECTORY --tags N --seconds S           every tag once a second for S seconds
//
// The store in DIRECTORY is made new. Values are walks with two decimals. CPU is that of the whole
// process, the making of the values and all work in the background included. Prints one line of
// JSON.
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "historian/historian.h"
#include "sys/clock.h"

using namespace lineshaft;

namespace {

constexpr TenantId kTenant{1};
constexpr std::size_t kBatch = 10'000;
constexpr std::size_t kInFlight = 4;

struct Load {
  std::string directory;
  std::size_t tags = 1000;
  std::size_t samples = 0;
  std::size_t seconds = 0;
};

double seconds_since(Nanoseconds began) {
  return static_cast<double>((sys::real_clock().monotonic() - began).count()) / 1e9;
}
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}
double peak_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

class Plant {
 public:
  Plant(historian::Historian& historian, std::size_t tags)
      : historian_(historian), walks_(tags, 2000) {
    std::vector<TagSpec> specs;
    for (std::size_t i = 0; i < tags; ++i) {
      TagSpec& spec = specs.emplace_back();
      spec.path = "works/area" + std::to_string(i / 10'000) + "/machine" + std::to_string(i / 100) +
                  "/signal" + std::to_string(i % 100);
      if (specs.size() < 10'000 && i + 1 < tags) continue;
      const auto made = historian_.ensure_tags(kTenant, std::exchange(specs, {}));
      if (!made) failed_ = made.error();
      if (made) ids_.insert(ids_.end(), made->begin(), made->end());
    }
  }

  std::size_t tags() const { return walks_.size(); }

  // One sample of each of the tags [from, to), for `count` seconds from that one on.
  void append(std::size_t from, std::size_t to, std::size_t second, std::size_t count) {
    SampleBatch batch{kTenant, start_ + std::chrono::seconds(second), {}};
    batch.samples.reserve((to - from) * count);
    for (std::size_t i = 0; i < (to - from) * count; ++i) {
      const std::size_t tag = from + i % (to - from);
      random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
      walks_[tag] += static_cast<std::int32_t>(random_ >> 61) - 3;
      const auto later = std::chrono::seconds(i / (to - from)) + std::chrono::milliseconds(tag % 7);
      batch.samples.push_back({ids_[tag], batch.received + later, quality::kGood,
                               static_cast<double>(walks_[tag]) / 100});
    }
    send(std::make_shared<const SampleBatch>(std::move(batch)));
    send_again();
  }

  Status wait() {
    for (;;) {
      send_again();
      std::unique_lock lock(mutex_);
      acknowledged_.wait(lock, [&] { return waiting_ == 0; });
      if (refused_.empty()) return failed_;
    }
  }

 private:
  using Shared = std::shared_ptr<const SampleBatch>;

  void send(Shared batch) {
    {
      std::unique_lock lock(mutex_);
      acknowledged_.wait(lock, [&] { return waiting_ < kInFlight; });
      ++waiting_;
    }
    historian_.append(*batch, [this, batch](Status status) {
      const std::lock_guard lock(mutex_);
      --waiting_;
      if (!status && status.error().id == ErrorId::kQueueFull) {
        refused_.push_back(batch);
      } else if (!status) {
        failed_ = std::move(status);
      }
      acknowledged_.notify_one();
    });
  }

  // Files are written more slowly than samples come: repeated, as the contract asks.
  void send_again() {
    for (;;) {
      std::vector<Shared> again;
      {
        const std::lock_guard lock(mutex_);
        again.swap(refused_);
      }
      if (again.empty()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      for (Shared& batch : again) send(std::move(batch));
    }
  }

  historian::Historian& historian_;
  std::vector<TagId> ids_;
  std::vector<std::int32_t> walks_;  // hundredths
  std::uint64_t random_ = 1;
  // Samples of now: of old ones files would be sealed meanwhile.
  const Timestamp start_ = sys::real_clock().now();
  std::mutex mutex_;
  std::condition_variable acknowledged_;
  std::size_t waiting_ = 0;
  std::vector<Shared> refused_;
  Status failed_;
};

// How many samples were sent. Batches of the paced load are spread over their second.
std::size_t run(Plant& plant, const Load& load) {
  std::size_t sent = 0;
  const std::size_t seconds = load.seconds > 0 ? load.seconds : SIZE_MAX;
  const Nanoseconds began = sys::real_clock().monotonic();
  // Few tags fill a batch with some seconds of each.
  const std::size_t step = load.seconds > 0 ? 1 : std::max<std::size_t>(1, kBatch / plant.tags());
  for (std::size_t second = 0; second < seconds; second += step) {
    for (std::size_t from = 0; from < plant.tags(); from += kBatch) {
      if (load.seconds == 0 && sent >= load.samples) return sent;
      const std::size_t to = std::min(from + kBatch, plant.tags());
      if (load.seconds > 0) {
        const Nanoseconds due =
            began + std::chrono::seconds(second) + Nanoseconds(1'000'000'000 / plant.tags() * from);
        const Nanoseconds now = sys::real_clock().monotonic();
        if (due > now) std::this_thread::sleep_for(due - now);
      }
      plant.append(from, to, second, step);
      sent += (to - from) * step;
    }
  }
  return sent;
}

bool parse(int argc, char** argv, Load& load) {
  if (argc < 2) return false;
  load.directory = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view word = argv[i];
    const std::string_view text = argv[i + 1];
    std::size_t* const out = word == "--tags"      ? &load.tags
                             : word == "--samples" ? &load.samples
                             : word == "--seconds" ? &load.seconds
                                                   : nullptr;
    const auto end = text.data() + text.size();
    if (out == nullptr || std::from_chars(text.data(), end, *out).ptr != end) return false;
  }
  return load.tags > 0 && (load.samples > 0) != (load.seconds > 0);
}

}  // namespace

int main(int argc, char** argv) {
  Load load;
  if (!parse(argc, argv, load)) {
    std::cerr << "usage: load_bench DIRECTORY --tags N (--samples M | --seconds S)\n";
    return 2;
  }
  historian::HistorianOptions options;
  options.directory = load.directory;
  auto historian = historian::Historian::open(sys::real_file_system(), sys::real_clock(),
                                              sys::real_random(), options);
  if (!historian) {
    std::cerr << historian.error().text() << '\n';
    return 1;
  }
  Plant plant(**historian, load.tags);
  const double cpu_before = cpu_seconds();
  const Nanoseconds began = sys::real_clock().monotonic();
  const std::size_t sent = run(plant, load);
  Status outcome = plant.wait();
  const double sending_s = seconds_since(began);
  if (outcome && load.seconds == 0) outcome = (*historian)->flush();
  if (!outcome) {
    std::cerr << outcome.error().text() << '\n';
    return 1;
  }
  const historian::HistorianCounters counters = (*historian)->counters();
  *historian = nullptr;  // ends what runs in the background
  const double cpu = cpu_seconds() - cpu_before;
  const double wall = seconds_since(began);
  const auto count = static_cast<double>(sent);
  std::printf(
      "{\"tags\": %zu, \"samples\": %zu, \"seconds\": %.2f, \"samples_per_s\": %.0f, "
      "\"cpu_ns_per_sample\": %.1f, \"cores\": %.3f, \"rss_peak_mb\": %.0f, \"files\": %llu, "
      "\"bytes_per_sample\": %.3f}\n",
      load.tags, sent, sending_s, count / sending_s, cpu / count * 1e9, cpu / wall, peak_mb(),
      static_cast<unsigned long long>(counters.files),
      static_cast<double>(counters.file_bytes) / count);
  return 0;
}
