#include "wire/mtconnect/path.h"

#include <algorithm>

namespace lineshaft::mtconnect {

PathIndex::PathIndex(const std::vector<Component>& devices) {
  const std::size_t document = open("");
  const std::size_t root = open("MTConnectDevices");
  const std::size_t list = open("Devices");
  for (const Component& device : devices) add(device);
  for (const std::size_t node : {list, root, document}) close(node);
  for (std::size_t i = 0; i < items_.size(); ++i) by_id_.emplace(items_[i]->id, i);
}

std::size_t PathIndex::open(std::string_view name) {
  Node node;
  node.name = name;
  node.first_item = items_.size();
  nodes_.push_back(node);
  return nodes_.size() - 1;
}

void PathIndex::close(std::size_t node) {
  nodes_[node].end = nodes_.size();
  nodes_[node].end_item = items_.size();
}

void PathIndex::add(const Component& component) {
  const std::size_t node = open(component.element);
  nodes_[node].component = &component;
  if (!component.data_items.empty()) {
    const std::size_t list = open("DataItems");
    for (const DataItem& item : component.data_items) {
      const std::size_t leaf = open("DataItem");
      nodes_[leaf].item = &item;
      items_.push_back(&item);
      close(leaf);
    }
    close(list);
  }
  if (!component.components.empty()) {
    const std::size_t list = open("Components");
    for (const Component& part : component.components) add(part);
    close(list);
  }
  close(node);
}

std::optional<std::size_t> PathIndex::find(std::string_view data_item_id) const {
  const auto found = by_id_.find(data_item_id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

std::vector<bool> PathIndex::of_device(const Component& device) const {
  std::vector<bool> flags(items_.size());
  for (const Node& node : nodes_) {
    if (node.component != &device) continue;
    for (std::size_t i = node.first_item; i < node.end_item; ++i) flags[i] = true;
  }
  return flags;
}

std::string_view PathIndex::attribute(const Node& node, std::string_view name) {
  if (const Component* c = node.component) {
    if (name == "id") return c->id;
    if (name == "name") return c->name;
    if (name == "uuid") return c->uuid;
    if (name == "nativeName") return c->native_name;
  }
  if (const DataItem* item = node.item) {
    if (name == "id") return item->id;
    if (name == "name") return item->name;
    if (name == "type") return item->type;
    if (name == "subType") return item->sub_type;
    if (name == "category") return category_name(item->category);
    if (name == "units") return item->units;
    if (name == "nativeUnits") return item->native_units;
    if (name == "compositionId") return item->composition_id;
    if (name == "representation") return representation_name(item->representation);
  }
  return {};
}

bool PathIndex::holds(const Node& node, const PathTest& test) {
  const auto part_holds = [&node](const PathTest& part) { return holds(node, part); };
  const std::string_view value = attribute(node, test.attribute);
  switch (test.kind) {
    case PathTest::Kind::kOr:
      return std::ranges::any_of(test.parts, part_holds);
    case PathTest::Kind::kAnd:
      return std::ranges::all_of(test.parts, part_holds);
    case PathTest::Kind::kNot:
      return !part_holds(test.parts.front());
    case PathTest::Kind::kHas:
      return !value.empty();
    case PathTest::Kind::kEqual:
      return !value.empty() && value == test.value;
    case PathTest::Kind::kNotEqual:  // as in XPath: an attribute that is not there is not unequal
      return !value.empty() && value != test.value;
    case PathTest::Kind::kContains:
      return value.find(test.value) != value.npos;
    case PathTest::Kind::kStartsWith:
      return value.starts_with(test.value);
  }
  return false;
}

std::vector<bool> PathIndex::step(const std::vector<bool>& from, const PathStep& step) const {
  std::vector<bool> to(nodes_.size());
  const auto take = [&](std::size_t i) {
    const Node& node = nodes_[i];
    to[i] = (step.name.empty() || node.name == step.name) &&
            std::ranges::all_of(step.tests, [&](const PathTest& t) { return holds(node, t); });
  };
  std::size_t covered = 0;  // nodes before it were looked at already
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!from[i]) continue;
    if (step.anywhere_below) {
      for (std::size_t j = std::max(i + 1, covered); j < nodes_[i].end; ++j) take(j);
      covered = std::max(covered, nodes_[i].end);
    } else {
      for (std::size_t j = i + 1; j < nodes_[i].end; j = nodes_[j].end) take(j);
    }
  }
  return to;
}

Result<std::vector<bool>> PathIndex::select(std::string_view path) const {
  const auto locations = parse_path(path);
  if (!locations) return locations.error();
  std::vector<bool> flags(items_.size());
  for (const PathLocation& location : *locations) {
    std::vector<bool> nodes(nodes_.size());
    nodes[0] = true;
    for (const PathStep& one : location) nodes = step(nodes, one);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!nodes[i]) continue;
      for (std::size_t j = nodes_[i].first_item; j < nodes_[i].end_item; ++j) flags[j] = true;
      // What lies below is taken already.
      if (nodes_[i].end > i + 1) i = nodes_[i].end - 1;
    }
  }
  return flags;
}

}  // namespace lineshaft::mtconnect
