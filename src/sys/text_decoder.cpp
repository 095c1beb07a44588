#include "sys/text_decoder.h"

#include <iconv.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace lineshaft::sys {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

class IconvDecoder : public TextDecoder {
 public:
  explicit IconvDecoder(iconv_t handle) : handle_(handle) {}
  ~IconvDecoder() override { iconv_close(handle_); }
  IconvDecoder(const IconvDecoder&) = delete;
  IconvDecoder& operator=(const IconvDecoder&) = delete;

  void decode(std::string_view bytes, std::string& out) override {
    pending_.append(bytes);
    char* from = pending_.data();
    std::size_t left = pending_.size();
    while (left > 0) {
      std::array<char, 16 * 1024> piece;
      char* to = piece.data();
      std::size_t room = piece.size();
      const std::size_t done = iconv(handle_, &from, &left, &to, &room);
      const int problem = done == kFailed ? errno : 0;
      out.append(piece.data(), piece.size() - room);
      if (problem == 0 || problem == E2BIG) continue;
      if (problem == EINVAL) break;  // a character is cut at the end
      out.append(kReplacement);
      ++invalid_;
      ++from;
      --left;
    }
    pending_.erase(0, pending_.size() - left);
  }

  void finish(std::string& out) override {
    if (pending_.empty()) return;
    pending_.clear();
    out.append(kReplacement);
    ++invalid_;
  }

  std::uint64_t invalid() const override { return invalid_; }

 private:
  static constexpr auto kFailed = static_cast<std::size_t>(-1);

  iconv_t handle_;
  std::string pending_;  // at most one cut character between calls
  std::uint64_t invalid_ = 0;
};

}  // namespace

Result<std::unique_ptr<TextDecoder>> make_text_decoder(const std::string& charset) {
  const iconv_t handle = iconv_open("UTF-8", charset.c_str());
  if (handle == reinterpret_cast<iconv_t>(-1)) {  // NOLINT: the C interface says so
    return Error{ErrorId::kUnsupported, "this system cannot decode the encoding " + charset};
  }
  return std::unique_ptr<TextDecoder>(std::make_unique<IconvDecoder>(handle));
}

}  // namespace lineshaft::sys
