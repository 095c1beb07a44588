// historian/catalogue_file.h: the catalogue's file, written and read part by part, so that a
// million tags never lie in memory twice; docs/formats/historian.md.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "historian/record.h"
#include "sys/file.h"

namespace lineshaft::historian {

// Of a part of the file, so that one fits into memory whatever its tags are.
inline constexpr std::size_t kCataloguePartTags = 1000;

// Writes a file of tags, durably. `next` gives the next kCataloguePartTags tags at most, and none
// when all are given. Errors: kDiskFull: there is no such file; kIoError.
using NextTags = std::function<std::vector<TagEntry>()>;
Status write_catalogue(sys::FileSystem& files, const std::string& path, std::uint64_t number,
                       const NextTags& next);

// Hands over the tags of a whole file; of a damaged one it may have handed over some. `number` is
// the one in the file's name. Errors: kFileMissing, kCorrupt, kFormatTooNew, kIoError.
Status read_catalogue(sys::FileSystem& files, const std::string& path, std::uint64_t number,
                      const std::function<void(std::span<const TagEntry>)>& visit);

}  // namespace lineshaft::historian
