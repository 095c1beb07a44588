// app/commands/find_tag.h: tags by what a person types.
#pragma once

#include <cstdint>
#include <string>

#include "app/api_client.h"
#include "app/output.h"

namespace lineshaft::app {

// The tags whose path or description holds the words, page by page, at most `limit`.
Result<Json> all_tags(ApiClient& api, const std::string& text, const std::string& pattern,
                      std::uint64_t limit);

// A tag by its number or its whole path. Errors: kNotFound.
Result<Json> find_tag(ApiClient& api, const std::string& name);

}  // namespace lineshaft::app
