#include "intake/text_ids.h"

#include <utility>

#include "base/assert.h"

namespace lineshaft::intake {
namespace {

constexpr std::size_t kSlotsAtFirst = 64;

}  // namespace

std::size_t TextIds::place_of(std::size_t hash, std::uint32_t scope, std::string_view text) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t place = hash & mask;; place = (place + 1) & mask) {
    const Slot& slot = slots_[place];
    if (!slot.in_use) return place;
    if (slot.hash != hash || slot.scope != scope || slot.size != text.size()) continue;
    if (std::string_view(texts_.data() + slot.at, slot.size) == text) return place;
  }
}

std::optional<std::uint64_t> TextIds::find(std::uint32_t scope, std::string_view text) const {
  if (slots_.empty()) return std::nullopt;
  const Slot& slot = slots_[place_of(hash_of(scope, text), scope, text)];
  if (!slot.in_use) return std::nullopt;
  return slot.number;
}

void TextIds::add(std::uint32_t scope, std::string_view text, std::uint64_t number) {
  LS_ASSERT(texts_.size() + text.size() <= UINT32_MAX);
  if ((count_ + 1) * 2 > slots_.size()) grow();
  const std::size_t hash = hash_of(scope, text);
  Slot& slot = slots_[place_of(hash, scope, text)];
  LS_ASSERT(!slot.in_use);
  slot = {hash,
          number,
          static_cast<std::uint32_t>(texts_.size()),
          static_cast<std::uint32_t>(text.size()),
          scope,
          true};
  texts_ += text;
  ++count_;
}

void TextIds::grow() {
  const std::size_t size = slots_.empty() ? kSlotsAtFirst : slots_.size() * 2;
  const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(size));
  for (const Slot& slot : before) {
    if (!slot.in_use) continue;
    std::size_t place = slot.hash & (size - 1);
    while (slots_[place].in_use) place = (place + 1) & (size - 1);
    slots_[place] = slot;
  }
}

}  // namespace lineshaft::intake
