// A request target of a stranger: what is accepted is safe, whatever came.
#include <cstdlib>

#include "sys/http.h"
#include "sys/http_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto target = lineshaft::sys::parse_target(text)) {
    const std::string bounded = target->path + "/";
    if (!bounded.starts_with('/') || bounded.find("/../") != std::string::npos ||
        bounded.find('\0') != std::string::npos) {
      std::abort();
    }
    static_cast<void>(lineshaft::sys::query_parameter(target->query, "a"));
  }
  return 0;
}
