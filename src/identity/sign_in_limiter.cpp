#include "identity/sign_in_limiter.h"

#include <algorithm>
#include <vector>

namespace lineshaft::identity {
namespace {

constexpr std::size_t kAddressBytesMax = 64;
constexpr std::size_t kGroupsOfNetwork = 4;  // of 16 bits
constexpr std::size_t kGroups = 8;
constexpr std::size_t kGroupDigitsMax = 4;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(separator, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

// "00a0" and "A0" are the same group.
std::string canonical_group(std::string_view group) {
  while (group.size() > 1 && group.front() == '0') group.remove_prefix(1);
  std::string text(group.empty() ? "0" : group);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

std::string source_of(std::string_view numeric_address) {
  const std::string_view address =
      numeric_address.substr(0, std::min(numeric_address.find('%'), kAddressBytesMax));
  if (address.find(':') == std::string_view::npos) return std::string(address);
  if (address.find('.') != std::string_view::npos) {  // ::ffff:192.0.2.1
    return std::string(address.substr(address.rfind(':') + 1));
  }
  const std::size_t gap = address.find("::");
  std::vector<std::string_view> groups = split(address.substr(0, gap), ':');
  if (gap != std::string_view::npos) {
    const auto tail = split(address.substr(gap + 2), ':');
    if (gap == 0) groups.clear();
    while (groups.size() + tail.size() < kGroups) groups.push_back("0");
    groups.insert(groups.end(), tail.begin(), tail.end());
  }
  groups.resize(kGroupsOfNetwork, "0");
  std::string network;
  for (std::string_view group : groups) {
    if (group.size() > kGroupDigitsMax) return std::string(address);  // no address at all
    network += canonical_group(group) + ":";
  }
  return network + ":/64";
}

SignInLimiter::Keys SignInLimiter::keys_of(std::string_view account,
                                           std::string_view address) const {
  const std::string source = source_of(address);
  std::string pair = "k:" + std::string(account) + "\n" + source;
  if (known_.contains(pair)) return {std::move(pair), ""};
  return {"a:" + std::string(account), "i:" + source};
}

Nanoseconds SignInLimiter::delay_of(const std::string& key, Nanoseconds now) const {
  const auto found = buckets_.find(key);
  if (found == buckets_.end()) return Nanoseconds(0);
  return std::max(found->second.blocked_until - now, Nanoseconds(0));
}

Nanoseconds SignInLimiter::delay(std::string_view account, std::string_view address,
                                 Nanoseconds now) const {
  const Keys keys = keys_of(account, address);
  const Nanoseconds of_account = delay_of(keys.account, now);
  return keys.address.empty() ? of_account : std::max(of_account, delay_of(keys.address, now));
}

Nanoseconds SignInLimiter::admit(std::string_view account, std::string_view address,
                                 Nanoseconds now) {
  const Nanoseconds wait = delay(account, address, now);
  if (wait > Nanoseconds(0)) return wait;
  const Keys keys = keys_of(account, address);
  count(keys.account, kAccountFailuresFree, now);
  if (!keys.address.empty()) count(keys.address, kAddressFailuresFree, now);
  return Nanoseconds(0);
}

void SignInLimiter::count(const std::string& key, std::uint32_t failures_free, Nanoseconds now) {
  if (!buckets_.contains(key)) make_room(buckets_, now);
  Bucket& bucket = buckets_[key];
  if (bucket.failures > 0 && now - bucket.last >= kForgetAfter) bucket = {};
  bucket.last = now;
  bucket.failures += 1;
  if (bucket.failures <= failures_free) return;
  Nanoseconds wait = kDelayMin;
  for (std::uint32_t i = failures_free + 1; i < bucket.failures && wait < kDelayMax; ++i) wait *= 2;
  bucket.blocked_until = now + std::min(wait, kDelayMax);
}

void SignInLimiter::uncount(const std::string& key) {
  const auto found = buckets_.find(key);
  if (found == buckets_.end()) return;
  if (found->second.failures <= 1) {
    buckets_.erase(found);
    return;
  }
  found->second.failures -= 1;
  found->second.blocked_until = Nanoseconds(0);
}

void SignInLimiter::succeeded(std::string_view account, std::string_view address, Nanoseconds now) {
  const Keys keys = keys_of(account, address);
  buckets_.erase(keys.account);
  // Only its own attempt: else one good account would free an address to guess at others.
  if (!keys.address.empty()) uncount(keys.address);
  const std::string pair = "k:" + std::string(account) + "\n" + source_of(address);
  if (!known_.contains(pair)) make_room(known_, now);
  known_[pair].last = now;
}

void SignInLimiter::withdraw(std::string_view account, std::string_view address) {
  const Keys keys = keys_of(account, address);
  uncount(keys.account);
  if (!keys.address.empty()) uncount(keys.address);
}

void SignInLimiter::make_room(Buckets& buckets, Nanoseconds now) const {
  if (buckets.size() < entries_max_) return;
  std::erase_if(buckets,
                [&](const auto& entry) { return now - entry.second.last >= kForgetAfter; });
  if (buckets.size() < entries_max_) return;
  buckets.erase(
      std::ranges::min_element(buckets, {}, [](const auto& entry) { return entry.second.last; }));
}

}  // namespace lineshaft::identity
