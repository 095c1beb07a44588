// sys/sim/disk_image.h: the content of a simulated disk as a value: copies are cheap and
// independent.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"

namespace lineshaft::sys {

// The bytes of one file, in pages that copies share. Pages are never changed, only replaced, so
// images may be used in several threads, each its own.
class FileImage {
 public:
  std::uint64_t size() const { return size_; }
  // Returns the bytes read: fewer than asked only at the end.
  std::size_t read(std::uint64_t offset, std::span<std::uint8_t> out) const;
  void write(std::uint64_t offset, ByteSpan data);  // grows the file as needed
  void resize(std::uint64_t size);                  // what is new is zero
  std::uint64_t hash() const;

 private:
  struct Page;

  std::uint64_t size_ = 0;
  std::vector<std::shared_ptr<const Page>> pages_;  // null: zeros. Past size_ all bytes are zero.
};

// A file or directory, whatever its names. The numbers of one disk grow from 0, the root.
using NodeId = StrongId<struct NodeName, std::size_t>;
inline constexpr NodeId kRootNode{};

// Directories, names and files. Paths: "/a/b" and "a/b" are the same; "", "." and "/" are the root.
class DiskImage {
 public:
  DiskImage();  // an empty root directory

  std::optional<NodeId> find(std::string_view path) const;
  bool is_directory(NodeId node) const { return nodes_[node.value].is_directory; }
  const FileImage& file(NodeId node) const { return nodes_[node.value].file; }
  FileImage& file(NodeId node) { return nodes_[node.value].file; }
  const std::map<std::string, NodeId>& entries(NodeId directory) const {
    return nodes_[directory.value].entries;
  }

  NodeId add_node(bool is_directory);                                 // without a name
  void link(NodeId directory, const std::string& name, NodeId node);  // replaces the name
  void unlink(NodeId directory, const std::string& name);             // nothing if it is not there

  // Equal for equal trees of names and bytes, and practically never otherwise.
  std::uint64_t fingerprint() const { return fingerprint(kRootNode); }
  // Sum of the sizes of all files that have a name.
  std::uint64_t used_bytes() const { return used_bytes(kRootNode); }

 private:
  struct Node {
    bool is_directory = false;
    FileImage file;
    std::map<std::string, NodeId> entries;
  };
  std::uint64_t fingerprint(NodeId node) const;
  std::uint64_t used_bytes(NodeId node) const;

  std::vector<Node> nodes_;
};

}  // namespace lineshaft::sys
