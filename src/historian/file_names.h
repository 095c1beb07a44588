// historian/file_names.h: the names of a store's files. docs/formats/historian.md lists them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/file.h"

namespace lineshaft::historian {

inline constexpr std::string_view kSamplesSuffix = ".lsh";
inline constexpr std::string_view kParitySuffix = ".parity";
inline constexpr std::string_view kCatalogueSuffix = ".tags";
inline constexpr std::string_view kDamagedSuffix = ".damaged";
inline constexpr std::string_view kManifestName = "manifest";
inline constexpr std::string_view kScrubName = "scrub";
inline constexpr std::string_view kRetentionName = "retention";
inline constexpr std::string_view kLogName = "wal";

// 12 and ".lsh" -> "000012.lsh".
std::string numbered_name(std::uint64_t number, std::string_view suffix);
// "000012.lsh" with the suffix ".lsh" -> 12.
std::optional<std::uint64_t> number_of(std::string_view name, std::string_view suffix);
// Of all files with the suffix, sorted. An error must not pass for a directory without files: what
// nobody names is removed.
Result<std::vector<std::uint64_t>> numbers_in(sys::FileSystem& files, const std::string& directory,
                                              std::string_view suffix);

}  // namespace lineshaft::historian
