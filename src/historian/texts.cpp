#include "historian/texts.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace lineshaft::historian {
namespace {

constexpr std::size_t kStride = 64;
constexpr std::size_t kDroppedBytesMin = 64 * 1024;  // before it is worth moving the rest together

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

bool same_letters(const char* bytes, std::string_view word) {
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (lower_ascii(bytes[i]) != word[i]) return false;
  }
  return true;
}

// Tells of kStride places at once where the first and the last letter of a word fit. The loop has
// no branches, so the compiler makes a few vector instructions of it.
class TwoLetters {
 public:
  explicit TwoLetters(std::string_view word)
      : first_(word.front()),
        last_(word.back()),
        first_case_(is_letter(first_) ? 0x20 : 0),
        last_case_(is_letter(last_) ? 0x20 : 0),
        between_(word.size() - 1) {}

  // 1 for every place that fits.
  std::array<std::uint8_t, kStride> fits(const char* bytes) const {
    const char* ends = bytes + between_;
    std::array<std::uint8_t, kStride> fit;
    for (std::size_t i = 0; i < kStride; ++i) {
      fit[i] = static_cast<std::uint8_t>(static_cast<char>(bytes[i] | first_case_) == first_) &
               static_cast<std::uint8_t>(static_cast<char>(ends[i] | last_case_) == last_);
    }
    return fit;
  }

 private:
  char first_;
  char last_;
  char first_case_;  // the bit between large and small
  char last_case_;
  std::size_t between_;
};

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower_ascii(c);
  return out;
}

std::string_view Texts::text(TextId id) const {
  if (id == 0) return {};
  return {bytes_.data() + at(id) + sizeof(Header), header(at(id)).size};
}

TextId Texts::find(std::string_view text) const {
  if (text.empty()) return 0;
  return ids_.find(std::hash<std::string_view>{}(text),
                   [&](TextId id) { return this->text(id) == text; });
}

TextId Texts::take(std::string_view text) {
  if (text.empty()) return 0;
  TextId id = find(text);
  if (id == 0) {
    if (free_.empty()) {
      id = static_cast<TextId>(places_.size());
      places_.emplace_back();
    } else {
      id = free_.back();
      free_.pop_back();
    }
    append(id, text);
    ids_.add(id, [this](TextId any) { return std::hash<std::string_view>{}(this->text(any)); });
  }
  ++places_[id].uses;
  return id;
}

void Texts::append(TextId id, std::string_view text) {
  const std::size_t begin = bytes_.size();
  LS_ASSERT(begin / kUnit < UINT32_MAX && text.size() < UINT32_MAX);
  places_[id].unit = static_cast<std::uint32_t>(begin / kUnit);
  const Header header{id, static_cast<std::uint32_t>(text.size())};
  bytes_.resize(begin + record_bytes(text.size()));
  std::memcpy(bytes_.data() + begin, &header, sizeof header);
  std::memcpy(bytes_.data() + begin + sizeof header, text.data(), text.size());
}

void Texts::drop(TextId id) {
  if (id == 0 || --places_[id].uses > 0) return;
  ids_.remove(id, [this](TextId any) { return std::hash<std::string_view>{}(text(any)); });
  const Header nobody{0, header(at(id)).size};
  std::memcpy(bytes_.data() + at(id), &nobody, sizeof nobody);
  dropped_bytes_ += record_bytes(nobody.size);
  free_.push_back(id);
  if (dropped_bytes_ > kDroppedBytesMin && dropped_bytes_ > bytes_.size() / 2) compact();
}

void Texts::compact() {
  std::vector<char> packed;
  packed.reserve(bytes_.size() - dropped_bytes_);
  for (std::size_t from = 0; from < bytes_.size(); from = after(from)) {
    const TextId id = header(from).id;
    if (id == 0) continue;
    places_[id].unit = static_cast<std::uint32_t>(packed.size() / kUnit);
    packed.insert(packed.end(), bytes_.data() + from, bytes_.data() + after(from));
  }
  bytes_ = std::move(packed);
  dropped_bytes_ = 0;
}

// All texts are looked through as one; only where the word is found is it asked in which.
void Texts::search(std::string_view word, const std::function<void(TextId)>& visit) const {
  LS_ASSERT(!word.empty());
  if (bytes_.size() < word.size()) return;
  const char* bytes = bytes_.data();
  std::size_t record = 0;  // those before it end before what is looked at, or are found
  const auto try_at = [&](std::size_t place) {
    if (place < record || !same_letters(bytes + place, word)) return;
    std::size_t next = after(record);
    while (place >= next) {
      record = next;
      next = after(record);
    }
    const Header found = header(record);
    const std::size_t begin = record + sizeof(Header);
    if (place < begin || place + word.size() > begin + found.size) return;
    if (found.id != 0) visit(found.id);
    record = next;
  };
  const TwoLetters letters(word);
  const std::size_t end = bytes_.size() - word.size() + 1;
  std::size_t place = 0;
  for (; place + kStride <= end; place += kStride) {
    const auto fit = letters.fits(bytes + place);
    for (std::size_t i = 0; i < kStride; i += 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, fit.data() + i, sizeof eight);
      for (; eight != 0; eight &= eight - 1) {
        try_at(place + i + static_cast<std::size_t>(std::countr_zero(eight)) / 8);
      }
    }
  }
  for (; place < end; ++place) try_at(place);
}

}  // namespace lineshaft::historian
