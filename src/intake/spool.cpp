#include "intake/spool.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/log.h"

namespace lineshaft::intake {
namespace {

// 1,000 refused rows and 10,000 columns with long names stay far below.
constexpr std::size_t kStateBytesMax = 64 * 1024 * 1024;
constexpr std::string_view kLastId = "last_id";

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "12.json" with ".json" -> 12.
std::optional<std::uint64_t> id_in(std::string_view name, std::string_view ending) {
  if (!name.ends_with(ending)) return std::nullopt;
  return number_in(name.substr(0, name.size() - ending.size()));
}

Result<StoredImport> read_state(sys::FileSystem& files, const std::string& path) {
  const Result<Bytes> bytes = sys::read_file(files, path, kStateBytesMax);
  if (!bytes.ok()) return bytes.error();
  return json_to_state(as_text(*bytes));
}

}  // namespace

std::string Spool::data_path(std::uint64_t id) const {
  return sys::join_path(directory_, std::to_string(id) + ".csv");
}
std::string Spool::state_path(std::uint64_t id) const {
  return sys::join_path(directory_, std::to_string(id) + ".json");
}
std::string Spool::upload_path(std::uint64_t number) const {
  return sys::join_path(directory_, "upload-" + std::to_string(number));
}
std::string Spool::last_id_path() const { return sys::join_path(directory_, kLastId); }

Result<Spool> Spool::open(sys::FileSystem& files, std::string directory) {
  if (Status made = files.create_directories(directory); !made) return std::move(made).error();
  Spool spool(files, std::move(directory));
  if (Status loaded = spool.load_last_id(); !loaded) return std::move(loaded).error();
  return spool;
}

Status Spool::load_last_id() {
  if (!files_->exists(last_id_path())) return {};
  const Result<Bytes> bytes = sys::read_file(*files_, last_id_path(), 32);
  if (!bytes.ok()) return bytes.error();
  last_id_ = number_in(as_text(*bytes)).value_or(0);
  return {};
}

Result<std::map<std::uint64_t, StoredImport>> Spool::load() {
  const Result<std::vector<std::string>> names = files_->list(directory_);
  if (!names.ok()) return names.error();
  std::map<std::uint64_t, StoredImport> imports;
  for (const std::string& name : *names) {
    const std::optional<std::uint64_t> id = id_in(name, ".json");
    if (!id) continue;
    Result<StoredImport> stored = read_state(*files_, state_path(*id));
    if (stored.ok()) {
      imports.emplace(*id, std::move(stored).value());
    } else {
      log_warn("intake", "import " + std::to_string(*id) + " is dropped: " + stored.error().text());
    }
    last_id_ = std::max(last_id_, *id);
  }
  for (const std::string& name : *names) {
    const std::optional<std::uint64_t> state = id_in(name, ".json");
    const std::optional<std::uint64_t> owner = state ? state : id_in(name, ".csv");
    const bool known = owner ? imports.count(*owner) > 0 : name == kLastId;
    if (!known) remove_if_there(sys::join_path(directory_, name));
  }
  return imports;
}

Result<std::uint64_t> Spool::take_id() {
  const std::string text = std::to_string(last_id_ + 1);
  if (Status kept = sys::write_file_atomically(*files_, last_id_path(), as_bytes(text)); !kept) {
    return std::move(kept).error();
  }
  return ++last_id_;
}

Status Spool::adopt(const std::string& upload, std::uint64_t id) {
  {
    const Result<std::unique_ptr<sys::File>> file = files_->open(upload, sys::OpenMode::kReadWrite);
    if (!file.ok()) return file.error();
    if (Status synced = (*file)->sync(); !synced) return synced;
  }
  if (Status renamed = files_->rename(upload, data_path(id)); !renamed) return renamed;
  return files_->sync_directory(directory_);
}

Status Spool::save(const StoredImport& stored) {
  return sys::write_file_atomically(*files_, state_path(stored.import.id),
                                    as_bytes(state_to_json(stored)));
}

void Spool::remove_if_there(const std::string& path) {
  if (!files_->exists(path)) return;
  if (Status removed = files_->remove(path); !removed) {
    log_warn("intake", "removing " + path + ": " + removed.error().text());
  }
}

void Spool::remove_data(std::uint64_t id) { remove_if_there(data_path(id)); }

// The state first: a file without a state is swept up later, a state without a file is not.
void Spool::remove(std::uint64_t id) {
  remove_if_there(state_path(id));
  remove_if_there(data_path(id));
}

}  // namespace lineshaft::intake
