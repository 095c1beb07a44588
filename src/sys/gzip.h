// sys/gzip.h: what a program sent compressed (RFC 1952), back in full.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::sys {

// All members of `compressed`, one after the other. Takes untrusted bytes; memory follows what
// comes out, never what a header says. Errors: kInvalidArgument: not gzip, cut off, a checksum that
// does not fit, or more than `bytes_max`.
Result<std::string> gunzip(std::string_view compressed, std::size_t bytes_max);

}  // namespace lineshaft::sys
