// historian/tag_search.h: which tags of a tree a filter lets through.
#pragma once

#include <functional>

#include "historian/historian.h"
#include "historian/tag_tree.h"

namespace lineshaft::historian {

// Where among the tags that match a caller wants to look.
struct TagWindow {
  std::uint64_t offset = 0;
  std::uint64_t limit = 0;
};

// Hands over the tags of the window in the order of the tree; returns how many match in all. A
// filter that check_tag_filter refuses matches nothing. Cost: the texts of all levels and
// descriptions once for each word or level of a pattern, then each tag below the prefix; without
// words and pattern, only what is handed over.
std::uint64_t search_tags(const TagTree& tree, const TagFilter& filter, TagWindow window,
                          const std::function<void(NodeId)>& visit);

}  // namespace lineshaft::historian
