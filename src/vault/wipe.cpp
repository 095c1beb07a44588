#include "vault/wipe.h"

#include <algorithm>
#include <memory>

#include "base/log.h"

namespace lineshaft::vault {

Status overwrite(sys::File& file) {
  constexpr std::size_t kChunkBytes = std::size_t{1} << 20U;
  const Result<std::uint64_t> size = file.size();
  if (!size) return size.error();
  const Bytes zeros(static_cast<std::size_t>(std::min<std::uint64_t>(*size, kChunkBytes)));
  Status done;
  for (std::uint64_t at = 0; at < *size && done; at += zeros.size()) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), *size - at));
    done = file.write_at(at, ByteSpan(zeros).first(count));
  }
  return done ? file.sync() : done;
}

void wipe(sys::File& file) {
  const Status done = overwrite(file);
  if (!done) log_warn("vault", "what was replaced could not be overwritten: " + done.error().what);
}

Status replace_and_wipe(sys::FileSystem& files, const std::string& path, ByteSpan content) {
  // Held open, the old file is still there after another one has its name.
  auto before = files.open(path, sys::OpenMode::kReadWrite);
  if (!before && before.error().id != ErrorId::kFileMissing) return before.error();
  if (Status kept = sys::write_file_atomically(files, path, content); !kept) return kept;
  if (before) wipe(**before);
  return {};
}

}  // namespace lineshaft::vault
