// sys/text_decoder.h: other character encodings into UTF-8, piece by piece.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::sys {

class TextDecoder {
 public:
  virtual ~TextDecoder() = default;

  // Appends the UTF-8 of `bytes` to `out`. A character cut at the end is kept for the next call.
  // Bytes that are no character become U+FFFD each, and invalid() counts them.
  virtual void decode(std::string_view bytes, std::string& out) = 0;

  // After the last piece: a character that never got its last bytes becomes U+FFFD.
  virtual void finish(std::string& out) = 0;

  virtual std::uint64_t invalid() const = 0;
};

// `charset` as iconv(1) names it: "UTF-16LE", "GB18030", "WINDOWS-1252". Errors: kUnsupported.
// Cost: about 100 MB/s. Threads: one decoder belongs to one thread at a time.
Result<std::unique_ptr<TextDecoder>> make_text_decoder(const std::string& charset);

}  // namespace lineshaft::sys
