// api/tar.h: files one after the other in the form of POSIX ustar (IEEE 1003.1, pax, "ustar
// Interchange Format"), which every system unpacks. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace lineshaft::api {

// One file: its header, its bytes, filled up to a multiple of 512. Requires: a name of 1..100
// bytes of ASCII, less than 8 GiB.
std::string tar_entry(std::string_view name, std::string_view bytes, Timestamp modified);
// What stands behind the last file: two empty blocks.
std::string tar_end();

}  // namespace lineshaft::api
