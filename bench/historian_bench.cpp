// bench/historian_bench.cpp: how long a durable append takes to be acknowledged, and how many
// samples a second get durable, by size of the batch.
//
//   historian_bench DIRECTORY [--seconds 5]
//
// DIRECTORY is made, and should lie on the disk that is to be measured.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <iostream>
#include <string>
#include <thread>

#include "historian/historian.h"

using namespace lineshaft;

namespace {

constexpr TenantId kTenant{1};

double percentile(std::vector<double>& values, double share) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

std::vector<TagId> make_tags(historian::Historian& historian, std::size_t count) {
  std::vector<TagSpec> specs(count);
  for (std::size_t i = 0; i < count; ++i) {
    specs[i].path = "bench/plant/" + std::to_string(i);
    specs[i].type = ValueType::kFloat64;
  }
  return historian.ensure_tags(kTenant, std::move(specs)).value();
}

// Returns when the batch is durable. Refused because files are written more slowly than samples
// come: repeated, as the contract asks; the wait counts.
void append_durably(historian::Historian& historian, const SampleBatch& batch) {
  while (true) {
    std::promise<Status> durable;
    historian.append(batch, [&](Status status) { durable.set_value(std::move(status)); });
    const Status status = durable.get_future().get();
    if (status) return;
    if (status.error().id != ErrorId::kQueueFull) {
      std::cerr << status.error().text() << "\n";
      std::exit(1);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// One batch after the other, each waiting for its acknowledgement.
void append_one_by_one(historian::Historian& historian, const std::vector<TagId>& tags,
                       std::size_t batch_samples, int seconds) {
  sys::Clock& clock = sys::real_clock();
  static std::int64_t tick = 1'700'000'000'000'000'000;
  std::vector<double> waited_ms;
  const Nanoseconds began = clock.monotonic();
  while (clock.monotonic() - began < std::chrono::seconds(seconds)) {
    SampleBatch batch;
    batch.tenant = kTenant;
    batch.received = clock.now();
    for (std::size_t i = 0; i < batch_samples; ++i) {
      batch.samples.push_back({tags[i % tags.size()],
                               {++tick},
                               quality::kGood,
                               std::sin(static_cast<double>(tick % 100'000) / 1000)});
    }
    const Nanoseconds asked = clock.monotonic();
    append_durably(historian, batch);
    waited_ms.push_back(static_cast<double>((clock.monotonic() - asked).count()) / 1e6);
  }
  const double wall = static_cast<double>((clock.monotonic() - began).count()) / 1e9;
  const auto samples = static_cast<double>(waited_ms.size() * batch_samples);
  std::printf(
      "batches of %5zu  %10.0f samples/s durable   acknowledged after ms p50 %.3f p99 %.3f max "
      "%.1f\n",
      batch_samples, samples / wall, percentile(waited_ms, 0.5), percentile(waited_ms, 0.99),
      percentile(waited_ms, 1));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "historian_bench DIRECTORY [--seconds 5]\n";
    return 2;
  }
  const int seconds = argc == 4 ? std::atoi(argv[3]) : 5;
  historian::HistorianOptions options;
  options.directory = argv[1];
  auto historian = historian::Historian::open(sys::real_file_system(), sys::real_clock(),
                                              sys::real_random(), options);
  if (!historian) {
    std::cerr << historian.error().text() << "\n";
    return 1;
  }
  const std::vector<TagId> tags = make_tags(**historian, 1000);
  for (std::size_t batch : {1U, 100U, 1000U, 10'000U}) {
    append_one_by_one(**historian, tags, batch, seconds);
  }
  return 0;
}
