// intake/spool.h: the directory in which uploads and the states of their imports lie.
//
// ID.json is the state of an import, ID.csv its file; "last_id" holds the greatest id ever given,
// so that an id never comes back; everything else is an upload on its way.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "intake/state.h"
#include "sys/file.h"

namespace lineshaft::intake {

class Spool {
 public:
  // Makes the directory if it is missing. Errors: kIoError, kDiskFull.
  static Result<Spool> open(sys::FileSystem& files, std::string directory);

  // All imports of the directory, by id; removes what belongs to none. A state that cannot be read
  // is removed with its file and logged: nothing of it was promised to be kept.
  Result<std::map<std::uint64_t, StoredImport>> load();

  std::string data_path(std::uint64_t id) const;
  std::string upload_path(std::uint64_t number) const;

  // The next id, durably taken.
  Result<std::uint64_t> take_id();

  // Syncs the upload and gives it the name of its import. Errors: kFileMissing, kIoError.
  Status adopt(const std::string& upload, std::uint64_t id);

  // Durable when it returns. Errors: kIoError, kDiskFull.
  Status save(const StoredImport& stored);

  // The file, or all of an import; what is missing already is no error.
  void remove_data(std::uint64_t id);
  void remove(std::uint64_t id);

 private:
  Spool(sys::FileSystem& files, std::string directory)
      : files_(&files), directory_(std::move(directory)) {}
  std::string state_path(std::uint64_t id) const;
  std::string last_id_path() const;
  Status load_last_id();
  void remove_if_there(const std::string& path);

  sys::FileSystem* files_;
  std::string directory_;
  std::uint64_t last_id_ = 0;
};

}  // namespace lineshaft::intake
