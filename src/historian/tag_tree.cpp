#include "historian/tag_tree.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace lineshaft::historian {
namespace {

std::uint64_t hash_of(NodeId parent, std::string_view name) {
  const std::uint64_t whole = (std::hash<std::string_view>{}(name) ^ parent) * 0x9e3779b97f4a7c15U;
  return whole ^ whole >> 32;
}

// Takes the first level off.
std::string_view next_level(std::string_view& path) {
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view level = path.substr(0, end);
  path.remove_prefix(std::min(end + 1, path.size()));
  return level;
}

}  // namespace

std::uint64_t TagTree::hash(NodeId node) const { return hash_of(nodes_[node].parent, name(node)); }

NodeId TagTree::child(NodeId parent, std::string_view name) const {
  return by_name_.find(hash_of(parent, name), [&](NodeId node) {
    return nodes_[node].parent == parent && this->name(node) == name;
  });
}

NodeId TagTree::find(std::string_view path) const {
  NodeId node = kRoot;
  for (bool last = false; !last && node != 0;) {
    last = path.find('/') == std::string_view::npos;
    node = child(node, next_level(path));
  }
  return node;
}

std::string TagTree::path(NodeId node) const {
  std::vector<NodeId> way;
  std::size_t bytes = 0;
  for (; node != kRoot; node = nodes_[node].parent) {
    way.push_back(node);
    bytes += name(node).size() + 1;
  }
  std::string path;
  path.reserve(bytes);
  for (std::size_t i = way.size(); i > 0; --i) {
    path += name(way[i - 1]);
    if (i > 1) path += '/';
  }
  return path;
}

NodeId TagTree::make(std::string_view path) {
  NodeId node = kRoot;
  for (bool last = false; !last;) {
    last = path.find('/') == std::string_view::npos;
    node = make_child(node, next_level(path));
  }
  return node;
}

NodeId TagTree::make_child(NodeId parent, std::string_view name) {
  if (const NodeId known = child(parent, name); known != 0) return known;
  NodeId node = static_cast<NodeId>(nodes_.size());
  if (free_nodes_.empty()) {
    nodes_.emplace_back();
  } else {
    node = free_nodes_.back();
    free_nodes_.pop_back();
  }
  nodes_[node].parent = parent;
  nodes_[node].name = names_.take(name);
  by_name_.add(node, [this](NodeId any) { return hash(any); });
  made_.push_back(node);
  return node;
}

void TagTree::take(NodeId node, TagId tag, std::string_view description) {
  take(node, tag, descriptions_.take(description));
}

void TagTree::take(NodeId node, TagId tag, TextId lifted_description) {
  LS_ASSERT(nodes_[node].tag == TagId{} && tag != TagId{});
  nodes_[node].tag = tag;
  nodes_[node].description = lifted_description;
  for (NodeId above = node; above != 0; above = nodes_[above].parent) ++nodes_[above].tags;
}

TextId TagTree::lift(NodeId node) {
  LS_ASSERT(nodes_[node].tag != TagId{});
  nodes_[node].tag = {};
  for (NodeId above = node; above != 0; above = nodes_[above].parent) {
    if (--nodes_[above].tags == 0 && above != kRoot) emptied_.push_back(above);
  }
  return std::exchange(nodes_[node].description, 0);
}

void TagTree::settle() {
  std::sort(emptied_.begin(), emptied_.end());
  emptied_.erase(std::unique(emptied_.begin(), emptied_.end()), emptied_.end());
  std::erase_if(emptied_, [this](NodeId node) { return nodes_[node].tags != 0; });
  remove_from_lists();
  add_to_lists();
  free_empty();
}

void TagTree::remove_from_lists() {
  std::vector<NodeId> parents;
  for (NodeId node : emptied_) parents.push_back(nodes_[node].parent);
  std::sort(parents.begin(), parents.end());
  parents.erase(std::unique(parents.begin(), parents.end()), parents.end());
  for (NodeId parent : parents) {
    std::uint32_t& list = nodes_[parent].list;
    if (list == 0) continue;  // its children were made and emptied at once
    std::erase_if(lists_[list], [this](NodeId node) { return nodes_[node].tags == 0; });
    if (!lists_[list].empty()) continue;
    lists_[list] = {};
    free_lists_.push_back(std::exchange(list, 0));
  }
}

void TagTree::add_to_lists() {
  std::erase_if(made_, [this](NodeId node) { return nodes_[node].tags == 0; });
  std::sort(made_.begin(), made_.end(), [this](NodeId a, NodeId b) {
    if (nodes_[a].parent != nodes_[b].parent) return nodes_[a].parent < nodes_[b].parent;
    return name(a) < name(b);
  });
  for (std::size_t from = 0; from < made_.size();) {
    const NodeId parent = nodes_[made_[from]].parent;
    std::size_t to = from + 1;
    while (to < made_.size() && nodes_[made_[to]].parent == parent) ++to;
    insert(parent, std::span(made_).subspan(from, to - from));
    from = to;
  }
  made_.clear();
}

// From the back, so that each that is there already moves once.
void TagTree::insert(NodeId parent, std::span<const NodeId> sorted) {
  std::uint32_t& index = nodes_[parent].list;
  if (index == 0) {
    index = static_cast<std::uint32_t>(lists_.size());
    if (free_lists_.empty()) {
      lists_.emplace_back();
    } else {
      index = free_lists_.back();
      free_lists_.pop_back();
    }
  }
  std::vector<NodeId>& list = lists_[index];
  auto there = static_cast<std::ptrdiff_t>(list.size());
  list.resize(list.size() + sorted.size());
  for (std::size_t i = sorted.size(); i > 0; --i) {
    const auto place = std::upper_bound(list.begin(), list.begin() + there, sorted[i - 1],
                                        [this](NodeId a, NodeId b) { return name(a) < name(b); });
    const auto moved = static_cast<std::ptrdiff_t>(i);
    std::move_backward(place, list.begin() + there, list.begin() + there + moved);
    there = place - list.begin();
    list[static_cast<std::size_t>(there) + i - 1] = sorted[i - 1];
  }
}

void TagTree::free_empty() {
  for (NodeId node : emptied_) {
    LS_ASSERT(nodes_[node].list == 0);
    by_name_.remove(node, [this](NodeId any) { return hash(any); });
    names_.drop(nodes_[node].name);
    nodes_[node] = {};
    free_nodes_.push_back(node);
  }
  emptied_.clear();
}

}  // namespace lineshaft::historian
