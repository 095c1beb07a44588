// A backup: the files of one manifest are copied while the store goes on.
#include "historian/catalogue_file.h"
#include "historian/parity_file.h"
#include "historian/store.h"

namespace lineshaft::historian {

Result<BackupReport> Store::back_up(const std::string& directory, const Progress& go_on) {
  const std::lock_guard one_at_a_time(backup_mutex_);
  if (Status flushed = flush(); !flushed) return flushed.error();
  if (Status renewed = renew_damaged_catalogue(); !renewed) return renewed.error();
  const Manifest manifest = pin_files();
  Result<BackupReport> report = copy_store(files_, options_.directory, manifest, directory, go_on);
  unpin_files();
  return report;
}

// What is in memory is whole.
Status Store::renew_damaged_catalogue() {
  const std::lock_guard one_at_a_time(flush_mutex_);
  std::uint64_t newest = 0;
  {
    const std::lock_guard lock(files_mutex_);
    newest = manifest_.catalogue;
  }
  if (newest == 0) return {};
  if (read_catalogue(files_, catalogue_path(newest), newest, [](auto) {})) return {};
  {
    const std::unique_lock lock(mutex_);
    catalogue_changed_ = true;
  }
  return write_changed_catalogue();
}

// From here on no file of the manifest is removed.
Manifest Store::pin_files() {
  const std::lock_guard lock(files_mutex_);
  is_pinned_ = true;
  return manifest_;
}

void Store::unpin_files() {
  std::set<std::string> paths;
  {
    const std::lock_guard lock(files_mutex_);
    is_pinned_ = false;
    paths.swap(removed_later_);
  }
  for (const std::string& path : paths) remove_with_parity(files_, path);
}

void Store::remove_unneeded(const std::string& path) {
  {
    const std::lock_guard lock(files_mutex_);
    if (is_pinned_) {
      removed_later_.insert(path);
      return;
    }
  }
  remove_with_parity(files_, path);
}

}  // namespace lineshaft::historian
