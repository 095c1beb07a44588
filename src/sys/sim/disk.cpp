#include "sys/sim/disk.h"

#include <algorithm>
#include <numeric>

#include "base/assert.h"

namespace lineshaft::sys {
namespace {

using Kind = DiskOperation::Kind;

constexpr std::uint64_t kFreeBytesUnlimited = std::uint64_t{1} << 40;

Error failed(ErrorId id, std::string_view doing, std::string_view path, std::string_view why) {
  return {id, std::string(doing) + " " + std::string(path) + " failed: " + std::string(why)};
}

Error injected(const DiskFault& fault, std::string_view doing, std::string_view path) {
  return failed(fault.error, doing, path, "injected fault");
}

Error is_a_directory(std::string_view doing, std::string_view path) {
  return failed(ErrorId::kIoError, doing, path, "it is a directory");
}

DiskOperation operation(Kind kind, const std::string& path) {
  DiskOperation made;
  made.kind = kind;
  made.path = path;
  return made;
}

DiskOperation file_operation(Kind kind, NodeId file, const std::string& path) {
  DiskOperation made = operation(kind, path);
  made.node = file;
  return made;
}

}  // namespace

class SimFile : public File {
 public:
  SimFile(SimDisk& disk, NodeId node, std::string path, OpenMode mode)
      : disk_(disk), node_(node), path_(std::move(path)), is_writable_(mode != OpenMode::kRead) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) override {
    return disk_.read(node_, path_, offset, out);
  }
  Status write_at(std::uint64_t offset, ByteSpan data) override {
    if (!is_writable_) return read_only("writing");
    return disk_.write(node_, path_, offset, data);
  }
  Status sync() override {
    if (sync_failure_.ok()) sync_failure_ = disk_.sync(node_, path_);
    return sync_failure_;
  }
  Result<std::uint64_t> size() override { return disk_.size(node_, path_); }
  Status truncate(std::uint64_t size) override {
    if (!is_writable_) return read_only("truncating");
    return disk_.truncate(node_, path_, size);
  }
  Status allocate(std::uint64_t size) override {
    if (!is_writable_) return read_only("reserving space for");
    return disk_.allocate(node_, path_, size);
  }

 private:
  Error read_only(std::string_view doing) const {
    return failed(ErrorId::kIoError, doing, path_, "it was opened for reading");
  }

  SimDisk& disk_;
  const NodeId node_;
  const std::string path_;
  const bool is_writable_;
  Status sync_failure_;  // holds for the life of this object, as that of the real file
};

class SimDirectoryLock : public DirectoryLock {
 public:
  SimDirectoryLock(SimDisk& disk, NodeId directory) : disk_(disk), directory_(directory) {}
  ~SimDirectoryLock() override {
    const std::lock_guard lock(disk_.mutex_);
    disk_.locked_.erase(directory_);
  }

 private:
  SimDisk& disk_;
  const NodeId directory_;
};

SimDisk::SimDisk(DiskImage start) : start_(std::move(start)), live_(start_), platter_(start_) {}

std::optional<DiskFault> SimDisk::begin(DiskCall call) {
  ++calls_[static_cast<std::size_t>(call)];
  std::optional<DiskFault> met;
  for (Injected& one : injected_) {
    if (one.fault.call && *one.fault.call != call) continue;
    ++one.seen;
    const bool is_met =
        one.seen == one.fault.nth || (one.fault.from_then_on && one.seen > one.fault.nth);
    if (is_met && !met) met = one.fault;
  }
  if (met) ++faults_hit_;
  return met;
}

void SimDisk::record(DiskOperation operation) {
  apply(operation, live_);
  platter_.add(operation);
  journal_.push_back(std::move(operation));
}

Result<SimDisk::Place> SimDisk::place(const std::string& path, std::string_view doing) const {
  const std::size_t slash = path.find_last_of('/');
  const bool is_bare = slash == std::string::npos;
  const auto directory = live_.find(is_bare ? "" : path.substr(0, slash));
  if (!directory || !live_.is_directory(*directory)) {
    return failed(ErrorId::kFileMissing, doing, path, "no such directory");
  }
  Place found{*directory, is_bare ? path : path.substr(slash + 1), std::nullopt};
  if (found.name.empty() || found.name == ".") return is_a_directory(doing, path);
  const auto& entries = live_.entries(*directory);
  if (const auto entry = entries.find(found.name); entry != entries.end()) {
    found.node = entry->second;
  }
  return found;
}

Result<NodeId> SimDisk::directory_at(const std::string& path, std::string_view doing) const {
  const std::optional<NodeId> node = live_.find(path);
  if (!node || !live_.is_directory(*node)) {
    return failed(ErrorId::kFileMissing, doing, path, "no such directory");
  }
  return *node;
}

Result<std::unique_ptr<File>> SimDisk::open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = begin(DiskCall::kOpen)) return injected(*fault, "opening", path);
  Result<Place> found = place(path, "opening");
  if (!found) return std::move(found).error();
  const bool may_make = mode == OpenMode::kCreate || mode == OpenMode::kCreateNew;
  if (!found->node && !may_make) {
    return failed(ErrorId::kFileMissing, "opening", path, "no such file");
  }
  if (found->node && mode == OpenMode::kCreateNew) {
    return failed(ErrorId::kConflict, "opening", path, "it exists");
  }
  if (found->node && live_.is_directory(*found->node)) return is_a_directory("opening", path);
  if (!found->node) {
    DiskOperation create = operation(Kind::kCreate, path);
    create.node = live_.add_node(false);
    create.directory = found->directory;
    create.name = found->name;
    found->node = create.node;
    record(std::move(create));
  }
  return std::unique_ptr<File>(std::make_unique<SimFile>(*this, *found->node, path, mode));
}

Status SimDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = begin(DiskCall::kRename)) return injected(*fault, "renaming", from);
  Result<Place> source = place(from, "renaming");
  if (!source) return std::move(source).error();
  Result<Place> target = place(to, "renaming");
  if (!target) return std::move(target).error();
  if (!source->node) return failed(ErrorId::kFileMissing, "renaming", from, "no such file");
  if (live_.is_directory(*source->node)) return is_a_directory("renaming", from);
  if (target->node && live_.is_directory(*target->node)) return is_a_directory("renaming", to);
  if (target->node == source->node) return {};  // two names of one file: POSIX leaves both
  DiskOperation renamed = operation(Kind::kRename, from);
  renamed.node = *source->node;
  renamed.directory = source->directory;
  renamed.name = source->name;
  renamed.to_directory = target->directory;
  renamed.to_name = target->name;
  record(std::move(renamed));
  return {};
}

Status SimDisk::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = begin(DiskCall::kRemove)) return injected(*fault, "removing", path);
  Result<Place> found = place(path, "removing");
  if (!found) return std::move(found).error();
  if (!found->node) return failed(ErrorId::kFileMissing, "removing", path, "no such file");
  if (live_.is_directory(*found->node)) return is_a_directory("removing", path);
  DiskOperation removed = operation(Kind::kRemove, path);
  removed.directory = found->directory;
  removed.name = found->name;
  record(std::move(removed));
  return {};
}

Status SimDisk::create_directories(const std::string& path) {
  const std::lock_guard lock(mutex_);
  std::size_t end = 0;
  while (end < path.size()) {
    end = std::min(path.find('/', end + 1), path.size());
    const std::string part = path.substr(0, end);
    const std::optional<NodeId> node = live_.find(part);
    if (node && live_.is_directory(*node)) continue;
    if (Status made = make_directory(part); !made) return made;
    const std::size_t slash = part.find_last_of('/');
    const std::string parent = slash == std::string::npos ? "" : part.substr(0, slash);
    if (Status synced = sync_directory_at(parent); !synced) return synced;
  }
  return {};
}

Status SimDisk::make_directory(const std::string& path) {
  constexpr std::string_view kDoing = "making the directory";
  if (const auto fault = begin(DiskCall::kMakeDirectory)) return injected(*fault, kDoing, path);
  Result<Place> found = place(path, kDoing);
  if (!found) return std::move(found).error();
  if (found->node) return failed(ErrorId::kConflict, kDoing, path, "it is a file");
  DiskOperation made = operation(Kind::kMakeDirectory, path);
  made.node = live_.add_node(true);
  made.directory = found->directory;
  made.name = found->name;
  record(std::move(made));
  return {};
}

Status SimDisk::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return sync_directory_at(path);
}

Status SimDisk::sync_directory_at(const std::string& path) {
  constexpr std::string_view kDoing = "syncing the directory";
  if (const auto fault = begin(DiskCall::kSyncDirectory)) return injected(*fault, kDoing, path);
  Result<NodeId> directory = directory_at(path, kDoing);
  if (!directory) return std::move(directory).error();
  DiskOperation synced = operation(Kind::kSyncDirectory, path);
  synced.directory = *directory;
  record(std::move(synced));
  return {};
}

Result<std::vector<std::string>> SimDisk::list(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = begin(DiskCall::kList)) return injected(*fault, "listing", path);
  Result<NodeId> directory = directory_at(path, "listing");
  if (!directory) return std::move(directory).error();
  std::vector<std::string> names;
  for (const auto& entry : live_.entries(*directory)) names.push_back(entry.first);
  return names;
}

bool SimDisk::exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return live_.find(path).has_value();
}

std::uint64_t SimDisk::free_bytes_now() const {
  if (!capacity_) return kFreeBytesUnlimited;
  return *capacity_ - std::min(*capacity_, live_.used_bytes());
}

Result<std::uint64_t> SimDisk::total_bytes(const std::string&) {
  const std::lock_guard lock(mutex_);
  return capacity_.value_or(kFreeBytesUnlimited);
}

Result<std::uint64_t> SimDisk::free_bytes(const std::string& path) {
  const std::lock_guard lock(mutex_);
  constexpr std::string_view kDoing = "measuring free space of";
  if (const auto fault = begin(DiskCall::kFreeBytes)) return injected(*fault, kDoing, path);
  if (!live_.find(path)) return failed(ErrorId::kFileMissing, kDoing, path, "no such file");
  return free_bytes_now();
}

Result<std::unique_ptr<DirectoryLock>> SimDisk::lock_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = begin(DiskCall::kLock)) return injected(*fault, "locking", path);
  Result<NodeId> directory = directory_at(path, "locking");
  if (!directory) return std::move(directory).error();
  if (!locked_.insert(*directory).second) return Error{ErrorId::kLocked, path};
  return std::unique_ptr<DirectoryLock>(std::make_unique<SimDirectoryLock>(*this, *directory));
}

Result<std::size_t> SimDisk::read(NodeId file, const std::string& path, std::uint64_t offset,
                                  std::span<std::uint8_t> out) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = begin(DiskCall::kRead)) return injected(*fault, "reading", path);
  for (const BadRange& bad : bad_ranges_) {
    const bool overlaps = offset < bad.offset + bad.bytes && bad.offset < offset + out.size();
    if (bad.file != file || !overlaps) continue;
    ++faults_hit_;
    return failed(ErrorId::kIoError, "reading", path, "a place that cannot be read");
  }
  return live_.file(file).read(offset, out);
}

void SimDisk::write_part(NodeId file, const std::string& path, std::uint64_t offset,
                         ByteSpan data) {
  if (data.empty()) return;
  DiskOperation write = file_operation(Kind::kWrite, file, path);
  write.offset = offset;
  write.data = std::make_shared<const Bytes>(data.begin(), data.end());
  record(std::move(write));
}

Status SimDisk::write(NodeId file, const std::string& path, std::uint64_t offset, ByteSpan data) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = begin(DiskCall::kWrite)) {
    if (fault->partial) write_part(file, path, offset, data.first(data.size() / 2));
    return injected(*fault, "writing", path);
  }
  const std::uint64_t free = capacity_ ? free_bytes_now() : kFreeBytesUnlimited;
  const std::uint64_t end_max = live_.file(file).size() + free;
  const std::uint64_t fitting = end_max > offset ? end_max - offset : 0;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(fitting, data.size()));
  write_part(file, path, offset, data.first(count));
  if (count == data.size()) return {};
  return failed(ErrorId::kDiskFull, "writing", path, "no space left");
}

Status SimDisk::sync(NodeId file, const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto fault = begin(DiskCall::kSync);
  record(file_operation(fault ? Kind::kFailedSync : Kind::kSync, file, path));
  if (fault) return injected(*fault, "syncing", path);
  return {};
}

Result<std::uint64_t> SimDisk::size(NodeId file, const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = begin(DiskCall::kSize)) return injected(*fault, "looking at", path);
  return live_.file(file).size();
}

Status SimDisk::truncate(NodeId file, const std::string& path, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  if (const auto fault = begin(DiskCall::kTruncate)) return injected(*fault, "truncating", path);
  DiskOperation truncate = file_operation(Kind::kTruncate, file, path);
  truncate.size = size;
  record(std::move(truncate));
  return {};
}

void SimDisk::allocate_part(NodeId file, const std::string& path, std::uint64_t size) {
  const std::uint64_t before = live_.file(file).size();
  if (size <= before) return;
  DiskOperation allocate = file_operation(Kind::kAllocate, file, path);
  allocate.offset = before;
  allocate.size = size;
  record(std::move(allocate));
}

Status SimDisk::allocate(NodeId file, const std::string& path, std::uint64_t size) {
  constexpr std::string_view kDoing = "reserving space for";
  const std::lock_guard lock(mutex_);
  const std::uint64_t before = live_.file(file).size();
  const std::uint64_t growth = size - std::min(size, before);
  if (const auto fault = begin(DiskCall::kAllocate)) {
    const bool is_partial = fault->partial && fault->error != ErrorId::kDiskFull;
    if (is_partial) allocate_part(file, path, before + growth / 2);
    return injected(*fault, kDoing, path);
  }
  if (capacity_ && growth > free_bytes_now()) {
    return failed(ErrorId::kDiskFull, kDoing, path, "no space left");
  }
  allocate_part(file, path, size);
  return {};
}

DiskImage SimDisk::image() const {
  const std::lock_guard lock(mutex_);
  return live_;
}

DiskImage SimDisk::durable_image() const {
  const std::lock_guard lock(mutex_);
  return platter_.durable_image();
}

std::size_t SimDisk::operations() const {
  const std::lock_guard lock(mutex_);
  return journal_.size();
}

std::string SimDisk::journal() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (std::size_t i = 0; i < journal_.size(); ++i) {
    text += std::to_string(i + 1) + " " + journal_[i].text() + "\n";
  }
  return text;
}

void SimDisk::for_each_crash_state(std::size_t from,
                                   const std::function<bool(const CrashState&)>& visit,
                                   std::uint64_t whole_bytes) const {
  std::unique_lock lock(mutex_);
  const std::vector<DiskOperation> operations = journal_;
  lock.unlock();
  sys::for_each_crash_state(start_, operations, from, visit, whole_bytes);
}

void SimDisk::inject(DiskFault fault) {
  LS_ASSERT(fault.nth >= 1);
  const std::lock_guard lock(mutex_);
  injected_.push_back({fault});
}

void SimDisk::fail_reads(const std::string& path, std::uint64_t offset, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const std::optional<NodeId> file = live_.find(path);
  LS_ASSERT(file.has_value());
  bad_ranges_.push_back({*file, offset, bytes});
}

void SimDisk::clear_faults() {
  const std::lock_guard lock(mutex_);
  injected_.clear();
  bad_ranges_.clear();
}

void SimDisk::set_capacity(std::optional<std::uint64_t> bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

std::uint64_t SimDisk::faults_hit() const {
  const std::lock_guard lock(mutex_);
  return faults_hit_;
}

std::uint64_t SimDisk::calls() const {
  const std::lock_guard lock(mutex_);
  return std::accumulate(calls_.begin(), calls_.end(), std::uint64_t{0});
}

std::uint64_t SimDisk::calls(DiskCall call) const {
  const std::lock_guard lock(mutex_);
  return calls_[static_cast<std::size_t>(call)];
}

}  // namespace lineshaft::sys
