// intake/lines.h: samples that come as line protocol: which tag each field is, and what it says.
// The rule from names to paths: docs/how-to/telegraf.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "intake/text_ids.h"
#include "model/tag.h"
#include "sys/shared_mutex.h"

namespace lineshaft::intake {

struct LineRequest {
  TenantId tenant;
  std::string prefix;        // levels above the measurement; "" for none
  std::int64_t unit_ns = 1;  // of the time stamps: 1, 1'000, ...
  Timestamp now;             // of lines without one
};

// What a text says. Samples of tags that do not exist yet have the tag 0 until make_tags().
struct LineSamples {
  struct Missing {
    std::size_t sample;
    std::size_t spec;  // among new_tags
  };
  SampleBatch batch;
  std::vector<TagSpec> new_tags;
  std::vector<Missing> missing;
};

// Remembers the tags of the names it has seen, so that a line that comes again makes no text and
// asks for no path. Threads: any.
class LineTags {
 public:
  // `tags` outlives this. `path_changes`: Historian::path_changes().
  LineTags(TagDirectory& tags, std::function<std::uint64_t()> path_changes);

  // All of `text` or nothing. Errors, each with the number of the line: kInvalidArgument;
  // kTypeMismatch: the tag exists with another type.
  Result<LineSamples> read(const LineRequest& request, std::string_view text);
  // Makes new_tags and enters them into the samples. Errors: those of ensure_tags.
  Status make_tags(LineSamples& samples);
  // What it remembers: a tag that it knows may be gone.
  void forget();

 private:
  class Reading;

  TagDirectory& tags_;
  const std::function<std::uint64_t()> path_changes_;

  sys::SharedMutex mutex_;         // guards what follows
  std::uint64_t known_since_ = 0;  // path_changes_ when the first of them was found
  TextIds known_;                  // see lines.cpp
  std::uint32_t scopes_ = 0;       // of known_, used so far
};

}  // namespace lineshaft::intake
