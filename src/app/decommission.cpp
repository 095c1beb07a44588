#include "app/decommission.h"

#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "sys/file.h"
#include "vault/wipe.h"

namespace lineshaft::app {
namespace {

namespace fs = std::filesystem;
using Code = std::error_code;

// What opens the rest; master.key lies here unless the configuration says otherwise.
constexpr std::array<std::string_view, 3> kKeys{"keys.json", "keys.json.copy", "master.key"};

Error in_the_way(const fs::path& path, const Code& code) {
  return {ErrorId::kIoError, "removing " + path.string() + ": " + code.message()};
}

Status remove_entry(const fs::path& path) {
  Code code;
  fs::remove(path, code);
  return code ? Status(in_the_way(path, code)) : Status();
}

Status erase_file(const fs::path& path, Decommissioned& done) {
  const auto file = sys::real_file_system().open(path.string(), sys::OpenMode::kReadWrite);
  if (!file) return file.error();
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return size.error();
  if (Status zeros = vault::overwrite(**file); !zeros) return zeros;
  if (Status removed = remove_entry(path); !removed) return removed;
  done.files += 1;
  done.bytes += *size;
  return {};
}

Result<std::vector<fs::path>> entries_of(const fs::path& directory) {
  Code code;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(directory, code), end; !code && at != end; at.increment(code)) {
    entries.push_back(at->path());
  }
  if (code) return in_the_way(directory, code);
  return entries;
}

Status erase(const fs::path& path, Decommissioned& done) {
  Code code;
  const fs::file_status status = fs::symlink_status(path, code);
  if (code) return in_the_way(path, code);
  if (fs::is_regular_file(status)) return erase_file(path, done);
  if (!fs::is_directory(status)) return remove_entry(path);
  const auto entries = entries_of(path);
  if (!entries) return entries.error();
  for (const fs::path& entry : *entries) {
    if (Status gone = erase(entry, done); !gone) return gone;
  }
  return remove_entry(path);
}

}  // namespace

Result<Decommissioned> decommission(const Config& config) {
  sys::FileSystem& files = sys::real_file_system();
  const std::string& directory = config.data_directory;
  // Anything else is not ours to remove.
  if (!files.exists(sys::join_path(directory, "records.db")) &&
      !files.exists(sys::join_path(directory, "keys.json"))) {
    return Error{ErrorId::kFileMissing, directory + " is no data directory of a server"};
  }
  const auto lock = files.lock_directory(directory);
  if (!lock) return lock.error();
  Decommissioned done;
  for (const std::string_view key : kKeys) {
    const std::string path = sys::join_path(directory, key);
    if (!files.exists(path)) continue;
    if (Status gone = erase(path, done); !gone) return std::move(gone).error();
  }
  // The names are gone for good before anything else goes.
  if (Status synced = files.sync_directory(directory); !synced) return std::move(synced).error();
  if (Status gone = erase(directory, done); !gone) return std::move(gone).error();
  return done;
}

}  // namespace lineshaft::app
