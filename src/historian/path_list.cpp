#include "historian/path_list.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace lineshaft::historian {
namespace {

// The next entry; `path` is the one before, and becomes this one's. False if it makes no sense.
bool take_entry(ByteReader& reader, TagId& tag, std::string& path) {
  const std::uint64_t id = reader.varint();
  const std::uint64_t shared = reader.varint();
  const std::uint64_t rest = reader.varint();
  if (id == 0 || id > UINT32_MAX || shared > path.size() || rest > reader.remaining()) return false;
  tag = {static_cast<std::uint32_t>(id)};
  path.resize(static_cast<std::size_t>(shared));
  path += as_text(reader.bytes(static_cast<std::size_t>(rest)));
  return reader.ok();
}

}  // namespace

void PathList::add(TagId tag, std::string_view path) {
  const auto differs =
      std::mismatch(path.begin(), path.end(), last_path_.begin(), last_path_.end());
  const auto shared = static_cast<std::size_t>(differs.first - path.begin());
  ByteWriter writer(entries_);
  writer.varint(tag.value);
  writer.varint(shared);
  writer.varint(path.size() - shared);
  writer.bytes(as_bytes(path.substr(shared)));
  last_path_ = path;
  ++count_;
}

Bytes PathList::record() const {
  Bytes out(sizeof tenant_.value);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::uint8_t>(tenant_.value >> (8 * i));
  }
  ByteWriter(out).varint(count_);
  const std::size_t head = out.size();
  out.resize(head + entries_.size());
  std::copy(entries_.begin(), entries_.end(), out.begin() + static_cast<std::ptrdiff_t>(head));
  return out;
}

Result<PathList> PathList::read(ByteSpan record) {
  const Error corrupt{ErrorId::kCorrupt, "a list of paths cannot be read"};
  ByteReader reader(record);
  PathList list({reader.read_le<std::uint32_t>()});
  list.count_ = reader.varint();
  if (!reader.ok() || list.count_ > reader.remaining()) return corrupt;
  const ByteSpan entries = record.subspan(reader.position());
  TagId tag;
  for (std::uint64_t i = 0; i < list.count_; ++i) {
    if (!take_entry(reader, tag, list.last_path_)) return corrupt;
  }
  if (!reader.at_end()) return corrupt;
  list.entries_ = Bytes(entries.begin(), entries.end());
  return list;
}

void PathList::for_each(const std::function<void(TagId, const std::string&)>& visit) const {
  ByteReader reader(entries_);
  TagId tag;
  std::string path;
  for (std::uint64_t i = 0; i < count_; ++i) {
    LS_ASSERT(take_entry(reader, tag, path));
    visit(tag, path);
  }
}

}  // namespace lineshaft::historian
