// historian/path_list.h: new paths of tags that change them all at once, as they stand in the log;
// docs/formats/historian.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "model/sample.h"

namespace lineshaft::historian {

// Type of the log's record. For ever; the others are in record.h.
inline constexpr std::uint8_t kPathsRecord = 3;

// Paths are kept as what they do not share with the one before, so those of a subtree in order take
// some 15 bytes each.
class PathList {
 public:
  explicit PathList(TenantId tenant) : tenant_(tenant) {}
  // Errors: kCorrupt.
  static Result<PathList> read(ByteSpan record);

  void add(TagId tag, std::string_view path);
  TenantId tenant() const { return tenant_; }
  std::uint64_t size() const { return count_; }
  Bytes record() const;
  // In the order of adding. The path is borrowed for the call.
  void for_each(const std::function<void(TagId, const std::string&)>& visit) const;

 private:
  TenantId tenant_;
  std::uint64_t count_ = 0;
  Bytes entries_;
  std::string last_path_;
};

}  // namespace lineshaft::historian
