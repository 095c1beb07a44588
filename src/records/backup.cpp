// A copy of a database that is in use.
#include <sqlite3.h>

#include "records/database.h"

namespace lineshaft::records {

Status Database::back_up(sys::FileSystem& files, const std::string& path) {
  const std::string unfinished = path + ".tmp";
  // The library refuses to write into what is left of an earlier attempt.
  if (files.exists(unfinished)) {
    if (Status removed = files.remove(unfinished); !removed) return removed;
  }
  // The library does not sync such a copy, and makes it with the rights of any file.
  Status made;
  {
    const auto file = files.open(unfinished, sys::OpenMode::kCreateNew);
    if (!file) return file.error();
    made = run("VACUUM INTO ?1", std::string_view(unfinished));
    if (made) made = (*file)->sync();
  }
  if (made) made = verify(files, unfinished);
  if (made) made = files.rename(unfinished, path);
  if (!made) {
    static_cast<void>(files.remove(unfinished));
    return made;
  }
  const std::size_t slash = path.rfind('/');
  return files.sync_directory(slash == std::string::npos ? "." : path.substr(0, slash));
}

Status Database::verify(sys::FileSystem& files, const std::string& path) {
  if (!files.exists(path)) return Error{ErrorId::kFileMissing, path + " does not exist"};
  sqlite3* handle = nullptr;
  const int opened =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Database database(path, handle);
  if (opened != SQLITE_OK) return database.fail(opened, "opening");
  Status whole = database.check_integrity();
  if (whole || whole.error().id != ErrorId::kCorrupt) return whole;
  return Error{ErrorId::kCorrupt, path + ": " + whole.error().what};
}

}  // namespace lineshaft::records
