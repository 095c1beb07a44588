#include "connect/traffic.h"

#include <algorithm>
#include <numeric>

namespace lineshaft::connect {

void LatencyWindow::add(Nanoseconds latency) {
  milliseconds_[next_] = static_cast<float>(latency.count()) / 1e6f;
  next_ = (next_ + 1) % milliseconds_.size();
  count_ = std::min(count_ + 1, milliseconds_.size());
}

std::optional<Latency> LatencyWindow::summary() const {
  if (count_ == 0) return std::nullopt;
  std::array<float, 256> sorted = milliseconds_;
  const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(count_);
  std::sort(sorted.begin(), end);
  const float last = milliseconds_[(next_ + milliseconds_.size() - 1) % milliseconds_.size()];
  const double sum = std::accumulate(sorted.begin(), end, 0.0);
  // The smallest value that at least 99 % are not above.
  const std::size_t rank = (count_ * 99 + 99) / 100 - 1;
  return Latency{static_cast<double>(last), sum / static_cast<double>(count_),
                 static_cast<double>(sorted[rank])};
}

void Traffic::fill(ConnectionStatus& status) const {
  status.requests = requests;
  status.errors = errors;
  status.timeouts = timeouts;
  status.late_answers = late_answers;
  status.bytes_in = bytes_in;
  status.bytes_out = bytes_out;
  status.latency = latency.summary();
}

void RateMeter::forget(std::int64_t second) {
  if (newest_ < 0) {
    newest_ = first_ = second;
    return;
  }
  const std::int64_t size = kSeconds + 1;
  for (std::int64_t s = std::max(newest_ + 1, second - kSeconds); s <= second; ++s) {
    buckets_[static_cast<std::size_t>(s % size)] = 0;
  }
  newest_ = std::max(newest_, second);
}

void RateMeter::add(Nanoseconds now, std::uint64_t count) {
  const std::int64_t second = now.count() / 1'000'000'000;
  forget(second);
  buckets_[static_cast<std::size_t>(second % (kSeconds + 1))] += count;
}

double RateMeter::per_second(Nanoseconds now) const {
  RateMeter copy = *this;
  const std::int64_t second = now.count() / 1'000'000'000;
  copy.forget(second);
  // Whole seconds only; right after the start fewer than ten of them.
  const std::int64_t seconds = std::min(kSeconds, second - copy.first_);
  if (seconds <= 0) return 0;
  const std::uint64_t sum =
      std::accumulate(copy.buckets_.begin(), copy.buckets_.end(), std::uint64_t{0}) -
      copy.buckets_[static_cast<std::size_t>(second % (kSeconds + 1))];
  return static_cast<double>(sum) / static_cast<double>(seconds);
}

}  // namespace lineshaft::connect
