// Files are read again to find damage before somebody needs what is damaged.
#include "historian/store.h"

namespace lineshaft::historian {

Result<VerifyReport> Store::verify(const Progress& go_on) {
  const std::lock_guard one_at_a_time(scrub_mutex_);
  std::vector<FilePtr> files;
  {
    const std::shared_lock lock(mutex_);
    files = open_files_;
  }
  std::uint64_t total = 0;
  for (const FilePtr& file : files) total += file->bytes();
  VerifyReport report;
  for (const FilePtr& file : files) {
    for (const BlockRef& block : file->all_blocks()) {
      if (!go_on(report.bytes + block.offset, total)) {
        return Error{ErrorId::kCancelled, "the check was stopped"};
      }
      ++report.blocks;
      const Result<Bytes> stored = file->read_stored(block);
      if (stored) continue;
      ++report.damaged_blocks;
      report.damages.push_back(stored.error().what);
    }
    ++report.files;
    report.bytes += file->bytes();
  }
  return report;
}

}  // namespace lineshaft::historian
