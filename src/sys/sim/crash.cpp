#include "sys/sim/crash.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "base/assert.h"

namespace lineshaft::sys {
namespace {

using Kind = DiskOperation::Kind;
using PartKind = DiskPart::Kind;

constexpr std::uint64_t kSectorBytes = 512;
// A write of more sectors is torn at some of their boundaries only, evenly spread.
constexpr std::uint64_t kSectorCutsMax = 16;

void apply_to_names(const DiskOperation& operation, DiskImage& image) {
  switch (operation.kind) {
    case Kind::kCreate:
    case Kind::kMakeDirectory:
      image.link(operation.directory, operation.name, operation.node);
      return;
    case Kind::kRename:
      image.unlink(operation.directory, operation.name);
      image.link(operation.to_directory, operation.to_name, operation.node);
      return;
    case Kind::kRemove:
      image.unlink(operation.directory, operation.name);
      return;
    default:
      return;
  }
}

void grow(FileImage& file, std::uint64_t size) {
  if (file.size() < size) file.resize(size);
}

void apply_to_file(const DiskOperation& operation, DiskPart part, FileImage& file) {
  switch (operation.kind) {
    case Kind::kTruncate:
      file.resize(operation.size);
      return;
    case Kind::kAllocate:
      grow(file, part.kind == PartKind::kBefore ? operation.offset + part.cut : operation.size);
      return;
    case Kind::kWrite: {
      const ByteSpan data = *operation.data;
      const auto cut = static_cast<std::size_t>(part.cut);
      if (part.kind == PartKind::kWhole) file.write(operation.offset, data);
      if (part.kind == PartKind::kBefore) file.write(operation.offset, data.first(cut));
      if (part.kind == PartKind::kFrom) file.write(operation.offset + cut, data.subspan(cut));
      if (part.kind == PartKind::kSizeOnly) grow(file, operation.offset + data.size());
      return;
    }
    default:
      return;
  }
}

void apply(const DiskOperation& operation, DiskPart part, DiskImage& image) {
  if (part.kind == PartKind::kNothing) return;
  if (operation.is_of_names()) {
    apply_to_names(operation, image);
  } else {
    apply_to_file(operation, part, image.file(operation.node));
  }
}

// Files and directories whose content the operation changes.
std::vector<NodeId> touched_by(const DiskOperation& operation) {
  if (!operation.is_of_names()) return {operation.node};
  if (operation.kind == Kind::kRename) return {operation.directory, operation.to_directory};
  return {operation.directory};
}

std::vector<std::uint64_t> sector_cuts(std::uint64_t offset, std::uint64_t bytes) {
  std::vector<std::uint64_t> cuts;
  const std::uint64_t first = kSectorBytes - offset % kSectorBytes;
  if (first >= bytes) return cuts;
  const std::uint64_t boundaries = (bytes - first - 1) / kSectorBytes + 1;
  const std::uint64_t count = std::min(boundaries, kSectorCutsMax);
  for (std::uint64_t i = 0; i < count; ++i) {
    cuts.push_back(first + i * boundaries / count * kSectorBytes);
  }
  return cuts;
}

// The ways in which a write, or an allocation, may be done in part.
std::vector<DiskPart> torn_parts(const DiskOperation& operation, std::uint64_t whole_bytes) {
  std::vector<DiskPart> parts;
  if (operation.kind == Kind::kAllocate) {
    const std::uint64_t bytes = operation.size - operation.offset;
    for (std::uint64_t cut : {std::uint64_t{1}, bytes / 2, bytes - 1}) {
      parts.push_back({PartKind::kBefore, cut});
    }
  }
  if (operation.kind != Kind::kWrite || operation.data->empty()) return parts;
  const std::uint64_t bytes = operation.data->size();
  std::set<std::uint64_t> cuts = {1, 8, bytes / 2, bytes - 1};
  for (std::uint64_t cut : sector_cuts(operation.offset, bytes)) {
    cuts.insert(cut);
    parts.push_back({PartKind::kFrom, cut});
  }
  for (std::uint64_t cut : cuts) {
    cut -= std::min(cut, (operation.offset + cut) % whole_bytes);
    if (cut > 0 && cut < bytes) parts.push_back({PartKind::kBefore, cut});
  }
  return parts;
}

// Visits the disks after one prefix.
class Prefix {
 public:
  Prefix(const Platter& platter, std::size_t operations,
         const std::function<bool(const CrashState&)>& visit, std::uint64_t whole_bytes)
      : platter_(platter), operations_(operations), visit_(visit), whole_bytes_(whole_bytes) {}

  // False if the visitor wants no more. `last`: of the prefix; null for the empty one.
  bool run(const DiskOperation* last) {
    return whole() && singles() && kinds() && (last == nullptr || torn(*last));
  }

 private:
  bool show(const std::string& what, const Platter::Choice& choice) {
    CrashState state{operations_, what, platter_.image(choice)};
    if (!seen_.insert(state.image.fingerprint()).second) return true;
    return visit_(state);
  }
  static DiskPart part_if(bool whole) { return {whole ? PartKind::kWhole : PartKind::kNothing, 0}; }

  bool whole() {
    return show("nothing that is not synced", [](std::size_t) { return part_if(false); }) &&
           show("everything", [](std::size_t) { return part_if(true); });
  }
  bool singles() {
    for (std::size_t one = 0; one < platter_.unsynced(); ++one) {
      const std::string text = platter_.operation(one).text();
      if (!show("all but " + text, [&](std::size_t i) { return part_if(i != one); })) return false;
      if (!show("only " + text, [&](std::size_t i) { return part_if(i == one); })) return false;
    }
    return true;
  }
  bool kinds() {
    const auto is_of_names = [&](std::size_t i) { return platter_.operation(i).is_of_names(); };
    return show("names without bytes", [&](std::size_t i) { return part_if(is_of_names(i)); }) &&
           show("bytes without names", [&](std::size_t i) { return part_if(!is_of_names(i)); }) &&
           show("names and sizes without bytes", [&](std::size_t i) {
             return is_of_names(i) ? part_if(true) : DiskPart{PartKind::kSizeOnly, 0};
           });
  }
  bool torn(const DiskOperation& last) {
    const std::size_t newest = platter_.unsynced() - 1;
    for (const DiskPart part : torn_parts(last, whole_bytes_)) {
      const std::string what =
          last.text() + " torn, all but " +
          (part.kind == PartKind::kFrom ? "the bytes before " : "the bytes from ") +
          std::to_string(part.cut);
      const auto choice = [&](std::size_t i) { return i == newest ? part : part_if(true); };
      if (!show(what, choice)) return false;
    }
    return true;
  }

  const Platter& platter_;
  const std::size_t operations_;
  const std::function<bool(const CrashState&)>& visit_;
  const std::uint64_t whole_bytes_;
  std::unordered_set<std::uint64_t> seen_;
};

}  // namespace

void apply(const DiskOperation& operation, DiskImage& image) {
  apply(operation, {PartKind::kWhole, 0}, image);
}

std::string DiskOperation::text() const {
  const auto range = [this](std::uint64_t bytes) {
    return " " + std::to_string(offset) + "+" + std::to_string(bytes);
  };
  switch (kind) {
    case Kind::kCreate:
      return "create " + path;
    case Kind::kMakeDirectory:
      return "make directory " + path;
    case Kind::kRename:
      return "rename " + path + " to " + to_name;
    case Kind::kRemove:
      return "remove " + path;
    case Kind::kSyncDirectory:
      return "sync directory " + path;
    case Kind::kWrite:
      return "write " + path + range(data->size());
    case Kind::kTruncate:
      return "truncate " + path + " to " + std::to_string(size);
    case Kind::kAllocate:
      return "allocate " + path + range(size - offset);
    case Kind::kSync:
      return "sync " + path;
    case Kind::kFailedSync:
      return "sync " + path + ", failed";
  }
  return {};
}

void Platter::add(const DiskOperation& operation) {
  switch (operation.kind) {
    case Kind::kSync:
      for (Unsynced& one : unsynced_) {
        if (one.operation.is_of_names() || one.operation.node != operation.node) continue;
        one.is_size_durable = one.is_dropped;
        one.is_durable = !one.is_dropped;
      }
      return settle();
    case Kind::kFailedSync:
      for (Unsynced& one : unsynced_) {
        if (one.operation.kind != Kind::kWrite || one.operation.node != operation.node) continue;
        one.is_dropped = one.is_dropped || !one.is_durable;
      }
      return;
    case Kind::kSyncDirectory:
      for (Unsynced& one : unsynced_) {
        if (!one.operation.is_of_names()) continue;
        const bool is_rename = one.operation.kind == Kind::kRename;
        const NodeId holder = is_rename ? one.operation.to_directory : one.operation.directory;
        one.is_durable = one.is_durable || holder == operation.directory;
      }
      return settle();
    case Kind::kCreate:
    case Kind::kMakeDirectory:
      LS_ASSERT(base_.add_node(operation.kind == Kind::kMakeDirectory) == operation.node);
      break;
    default:
      break;
  }
  unsynced_.push_back({operation});
}

void Platter::settle() {
  std::set<NodeId> blocked;
  std::vector<Unsynced> kept;
  for (Unsynced& one : unsynced_) {
    const std::vector<NodeId> touched = touched_by(one.operation);
    const bool is_blocked = std::any_of(touched.begin(), touched.end(),
                                        [&](NodeId node) { return blocked.contains(node); });
    if (one.is_durable && !is_blocked) {
      apply(one.operation, base_);
      continue;
    }
    blocked.insert(touched.begin(), touched.end());
    kept.push_back(std::move(one));
  }
  unsynced_ = std::move(kept);
}

DiskImage Platter::image(const Choice& choice) const {
  DiskImage image = base_;
  for (std::size_t i = 0; i < unsynced_.size(); ++i) {
    const Unsynced& one = unsynced_[i];
    DiskPart part = one.is_durable ? DiskPart{PartKind::kWhole, 0} : choice(i);
    if (part.kind == PartKind::kNothing && one.is_size_durable) part.kind = PartKind::kSizeOnly;
    apply(one.operation, part, image);
  }
  return image;
}

DiskImage Platter::durable_image() const {
  return image([](std::size_t) { return DiskPart{}; });
}

void for_each_crash_state(const DiskImage& start, const std::vector<DiskOperation>& operations,
                          std::size_t from, const std::function<bool(const CrashState&)>& visit,
                          std::uint64_t whole_bytes) {
  Platter platter(start);
  for (std::size_t done = 0;; ++done) {
    const DiskOperation* last = done == 0 ? nullptr : &operations[done - 1];
    if (last != nullptr) platter.add(*last);
    const bool is_wanted = done > from || (done == 0 && from == 0);
    if (is_wanted && !Prefix(platter, done, visit, whole_bytes).run(last)) return;
    if (done == operations.size()) return;
  }
}

}  // namespace lineshaft::sys
