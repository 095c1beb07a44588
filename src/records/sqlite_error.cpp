#include "records/sqlite_error.h"

#include <sqlite3.h>

#include <utility>

namespace lineshaft::records {
namespace {

ErrorId id_of(int code) {
  switch (code & 0xff) {  // The low byte is the primary code.
    case SQLITE_FULL:
      return ErrorId::kDiskFull;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return ErrorId::kCorrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorId::kLocked;
    case SQLITE_CONSTRAINT:
      return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
                     code == SQLITE_CONSTRAINT_FOREIGNKEY || code == SQLITE_CONSTRAINT_ROWID
                 ? ErrorId::kConflict
                 : ErrorId::kInvalidArgument;
    case SQLITE_TOOBIG:
      return ErrorId::kInvalidArgument;
    case SQLITE_IOERR:
      return code == SQLITE_IOERR_CORRUPTFS ? ErrorId::kCorrupt : ErrorId::kIoError;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
      return ErrorId::kIoError;
    default:
      return ErrorId::kInternal;
  }
}

}  // namespace

Error sqlite_error(int code, std::string what) { return {id_of(code), std::move(what)}; }

bool is_failed_sync(int code) {
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

Error poisoned_error(const std::string& path) {
  return {ErrorId::kStorePoisoned, path + " takes no writes since a sync failed"};
}

}  // namespace lineshaft::records
