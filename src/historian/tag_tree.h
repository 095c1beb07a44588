// historian/tag_tree.h: the paths of a tenant's tags as a tree of levels, sorted, with the number
// of tags below each level.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "historian/id_table.h"
#include "historian/texts.h"
#include "model/sample.h"

namespace lineshaft::historian {

using NodeId = std::uint32_t;  // 0 is none

// A level of a path: `organisation`, `organisation/site`...
struct Node {
  NodeId parent = 0;
  TextId name = 0;
  std::uint32_t list = 0;  // of its children
  std::uint32_t tags = 0;  // at it and below it; a node without is removed
  TagId tag;               // 0 if the path that ends here is no tag's
  TextId description = 0;  // of the tag
};

// Changes are made with take() and leave(), any number of them, and then settle(): between them
// find() and path() are right, children() are not.
// Threads: the owner's lock. Cost: some 40 bytes a tag whose last level has a name that others have
// too.
class TagTree {
 public:
  static constexpr NodeId kRoot = 1;

  NodeId find(std::string_view path) const;  // 0 if neither a tag nor a level above one
  std::string path(NodeId node) const;
  const Node& node(NodeId node) const { return nodes_[node]; }
  // In the order of their names, byte by byte.
  std::span<const NodeId> children(NodeId node) const { return lists_[nodes_[node].list]; }
  const Texts& names() const { return names_; }
  const Texts& descriptions() const { return descriptions_; }

  // The place of that path, made where it is missing. To be given a tag by take().
  NodeId make(std::string_view path);
  // Requires: the node has no tag.
  void take(NodeId node, TagId tag, std::string_view description);
  // Requires: the node has a tag.
  void leave(NodeId node) { descriptions_.drop(lift(node)); }
  // The same for a tag that moves: its description is kept until the next node takes both.
  TextId lift(NodeId node);
  void take(NodeId node, TagId tag, TextId lifted_description);
  // Cost: of what was made and emptied since the last time, and the length of the lists it is in.
  void settle();

 private:
  NodeId child(NodeId parent, std::string_view name) const;
  NodeId make_child(NodeId parent, std::string_view name);
  void remove_from_lists();
  void add_to_lists();
  void insert(NodeId parent, std::span<const NodeId> sorted);
  void free_empty();
  std::string_view name(NodeId node) const { return names_.text(nodes_[node].name); }
  std::uint64_t hash(NodeId node) const;

  Texts names_;
  Texts descriptions_;
  std::vector<Node> nodes_{Node{}, Node{}};
  std::vector<std::vector<NodeId>> lists_{{}};  // the first one is of all who have no children
  std::vector<NodeId> free_nodes_;
  std::vector<std::uint32_t> free_lists_;
  IdTable by_name_;  // nodes by parent and name

  std::vector<NodeId> made_;     // not in a list yet
  std::vector<NodeId> emptied_;  // if they still are when things settle, they go
};

}  // namespace lineshaft::historian
