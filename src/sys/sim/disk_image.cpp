#include "sys/sim/disk_image.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

namespace lineshaft::sys {
namespace {

constexpr std::size_t kPageBytes = 4096;

// One step of a hash that stays 0 over zeros, so that a page of zeros hashes like no page.
std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
  return hash ^ (hash >> 32);
}

std::uint64_t hash_of(ByteSpan bytes) {
  std::uint64_t hash = 0;
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), count);
    hash = mix(hash, word);
    bytes = bytes.subspan(count);
  }
  return hash;
}

std::size_t pages_for(std::uint64_t bytes) {
  return static_cast<std::size_t>((bytes + kPageBytes - 1) / kPageBytes);
}

}  // namespace

struct FileImage::Page {
  std::array<std::uint8_t, kPageBytes> bytes{};
  mutable std::atomic<bool> is_hashed = false;
  mutable std::atomic<std::uint64_t> hash = 0;
};

std::size_t FileImage::read(std::uint64_t offset, std::span<std::uint8_t> out) const {
  if (offset >= size_) return 0;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset));
  for (std::size_t done = 0; done < count;) {
    const auto page = static_cast<std::size_t>((offset + done) / kPageBytes);
    const auto at = static_cast<std::size_t>((offset + done) % kPageBytes);
    const std::size_t piece = std::min(count - done, kPageBytes - at);
    if (pages_[page]) {
      std::memcpy(out.data() + done, pages_[page]->bytes.data() + at, piece);
    } else {
      std::memset(out.data() + done, 0, piece);
    }
    done += piece;
  }
  return count;
}

void FileImage::write(std::uint64_t offset, ByteSpan data) {
  if (data.empty()) return;
  if (offset + data.size() > size_) resize(offset + data.size());
  for (std::size_t done = 0; done < data.size();) {
    const auto page = static_cast<std::size_t>((offset + done) / kPageBytes);
    const auto at = static_cast<std::size_t>((offset + done) % kPageBytes);
    const std::size_t piece = std::min(data.size() - done, kPageBytes - at);
    const auto changed = std::make_shared<Page>();
    if (pages_[page]) changed->bytes = pages_[page]->bytes;
    std::memcpy(changed->bytes.data() + at, data.data() + done, piece);
    pages_[page] = changed;
    done += piece;
  }
}

void FileImage::resize(std::uint64_t size) {
  const bool shrinks = size < size_;
  size_ = size;
  pages_.resize(pages_for(size));
  const auto kept = static_cast<std::size_t>(size % kPageBytes);
  if (!shrinks || kept == 0 || !pages_.back()) return;
  const auto changed = std::make_shared<Page>();
  std::memcpy(changed->bytes.data(), pages_.back()->bytes.data(), kept);
  pages_.back() = changed;
}

std::uint64_t FileImage::hash() const {
  std::uint64_t hash = mix(1, size_);
  for (const std::shared_ptr<const Page>& page : pages_) {
    if (page && !page->is_hashed) {
      page->hash = hash_of(page->bytes);
      page->is_hashed = true;
    }
    hash = mix(hash, page ? page->hash.load() : 0);
  }
  return hash;
}

DiskImage::DiskImage() { add_node(true); }

std::optional<NodeId> DiskImage::find(std::string_view path) const {
  NodeId node = kRootNode;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(std::min(path.size(), slash + 1));
    if (name.empty() || name == ".") continue;
    const auto& entries = nodes_[node.value].entries;
    const auto entry = entries.find(std::string(name));
    if (entry == entries.end()) return std::nullopt;
    node = entry->second;
  }
  return node;
}

NodeId DiskImage::add_node(bool is_directory) {
  nodes_.push_back({is_directory, {}, {}});
  return {nodes_.size() - 1};
}

void DiskImage::link(NodeId directory, const std::string& name, NodeId node) {
  nodes_[directory.value].entries[name] = node;
}

void DiskImage::unlink(NodeId directory, const std::string& name) {
  nodes_[directory.value].entries.erase(name);
}

std::uint64_t DiskImage::fingerprint(NodeId node) const {
  if (!is_directory(node)) return file(node).hash();
  std::uint64_t hash = 2;
  for (const auto& [name, child] : entries(node)) {
    hash = mix(hash, name.size());
    hash = mix(hash, hash_of(as_bytes(name)));
    hash = mix(hash, fingerprint(child));
  }
  return hash;
}

std::uint64_t DiskImage::used_bytes(NodeId node) const {
  std::uint64_t sum = file(node).size();
  for (const auto& [name, child] : entries(node)) sum += used_bytes(child);
  return sum;
}

}  // namespace lineshaft::sys
