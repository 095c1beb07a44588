#include "sys/file.h"

namespace lineshaft::sys {
namespace {

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status write_whole_file(FileSystem& files, const std::string& path,
                        const std::function<Status(File&)>& write) {
  Result<std::unique_ptr<File>> file = files.open(path, OpenMode::kCreate);
  if (!file) return std::move(file).error();
  // What a crash left under this name may be longer than what comes.
  if (Status cut = (*file)->truncate(0); !cut) return cut;
  if (Status written = write(**file); !written) return written;
  return (*file)->sync();
}

}  // namespace

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  path += name;
  return path;
}

Result<Bytes> read_file(FileSystem& files, const std::string& path, std::size_t bytes_max) {
  Result<std::unique_ptr<File>> file = files.open(path, OpenMode::kRead);
  if (!file) return std::move(file).error();
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return size.error();
  if (*size > bytes_max) {
    return Error{ErrorId::kInvalidArgument, path + " has " + std::to_string(*size) +
                                                " bytes, more than the " +
                                                std::to_string(bytes_max) + " allowed"};
  }
  Bytes content(static_cast<std::size_t>(*size));
  const Result<std::size_t> count = (*file)->read_at(0, content);
  if (!count) return count.error();
  content.resize(*count);  // it may have shrunk meanwhile
  return content;
}

Status write_file_atomically(FileSystem& files, const std::string& path, ByteSpan content) {
  return write_file_in_parts(files, path, [&](File& file) { return file.write_at(0, content); });
}

Status write_file_in_parts(FileSystem& files, const std::string& path,
                           const std::function<Status(File&)>& write) {
  const std::string temporary = path + ".tmp";
  if (Status written = write_whole_file(files, temporary, write); !written) {
    // Best effort: the next attempt truncates what is left over.
    if (Status removed = files.remove(temporary); !removed) return written;
    return written;
  }
  if (Status renamed = files.rename(temporary, path); !renamed) return renamed;
  Status synced = files.sync_directory(directory_of(path));
  // Whatever the reason, even no space: which of the two a crash leaves is not known any more.
  if (!synced) return Error{ErrorId::kIoError, synced.error().what};
  return {};
}

}  // namespace lineshaft::sys
