#include "ledger/key_index.h"

#include <sodium.h>

#include <cstring>

#include "base/assert.h"

namespace lineshaft::ledger {
namespace {

constexpr std::uint64_t kSequenceMask = KeyIndex::kSequenceEnd - 1;

}  // namespace

KeyIndex::Fingerprint KeyIndex::fingerprint(std::string_view key) const {
  std::array<std::uint8_t, crypto_shorthash_siphashx24_BYTES> hash{};
  crypto_shorthash_siphashx24(hash.data(), reinterpret_cast<const unsigned char*>(key.data()),
                              key.size(), seed_.data());
  Fingerprint fingerprint;
  std::memcpy(&fingerprint.high, hash.data(), sizeof fingerprint.high);
  std::memcpy(&fingerprint.low, hash.data() + sizeof fingerprint.high, sizeof fingerprint.low);
  fingerprint.low &= ~kSequenceMask;
  return fingerprint;
}

std::size_t KeyIndex::place_of(const Fingerprint& key) const {
  std::size_t at = home(key.high);
  while (slots_[at].low != 0) {
    if (slots_[at].high == key.high && (slots_[at].low & ~kSequenceMask) == key.low) break;
    at = (at + 1) & mask_;
  }
  return at;
}

std::optional<Sequence> KeyIndex::find(const Fingerprint& key) const {
  const Slot& slot = slots_[place_of(key)];
  if (slot.low == 0) return std::nullopt;
  return Sequence{slot.low & kSequenceMask};
}

void KeyIndex::grow_to(std::size_t slots) {
  std::vector<Slot> old(slots);
  std::swap(old, slots_);
  mask_ = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.low == 0) continue;
    std::size_t at = home(slot.high);
    while (slots_[at].low != 0) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

void KeyIndex::reserve(std::uint64_t size) {
  std::size_t slots = slots_.size();
  while (size * 4 > slots * 3) slots *= 2;
  if (slots != slots_.size()) grow_to(slots);
}

void KeyIndex::insert(const Fingerprint& key, Sequence sequence) {
  LS_ASSERT(sequence.value > 0 && sequence.value < kSequenceEnd);
  reserve(size_ + 1);
  Slot& slot = slots_[place_of(key)];
  LS_ASSERT(slot.low == 0);
  slot = {key.high, key.low | sequence.value};
  ++size_;
}

void KeyIndex::erase(const Fingerprint& key) {
  std::size_t hole = place_of(key);
  LS_ASSERT(slots_[hole].low != 0);
  --size_;
  // What comes behind the hole and would not be found past it moves into it.
  for (std::size_t at = (hole + 1) & mask_; slots_[at].low != 0; at = (at + 1) & mask_) {
    const std::size_t from_home = (at - home(slots_[at].high)) & mask_;
    const std::size_t from_hole = (at - hole) & mask_;
    if (from_home < from_hole) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = {};
}

void KeyIndex::save(const std::function<void(std::uint64_t, std::uint64_t)>& put) const {
  for (const Slot& slot : slots_) {
    if (slot.low != 0) put(slot.high, slot.low);
  }
}

bool KeyIndex::restore(std::uint64_t high, std::uint64_t low) {
  const Fingerprint key{high, low & ~kSequenceMask};
  if ((low & kSequenceMask) == 0 || find(key)) return false;
  insert(key, {low & kSequenceMask});
  return true;
}

}  // namespace lineshaft::ledger
