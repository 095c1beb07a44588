// sys/process.h: what this process may do on the machine, and how little of it it keeps.
#pragma once

#include <string>

#include "base/result.h"

namespace lineshaft::sys {

// Before anything is opened: new files are for the owner only; no core file, and no debugger of
// other users, gets at keys in memory; no program that is started gains rights by its file. Errors:
// kDenied saying what the system refused.
Status harden_process();

// From root to another user and that user's groups. Of root's rights it keeps one: to listen on
// ports below 1024. Before threads are started. Errors: kInvalidArgument: there is no such user;
// kDenied.
Status become_user(const std::string& name);

bool runs_as_root();
// Whether a crash would write the memory, keys and all, to disk.
bool writes_core_files();
// Who besides the owner may read, write or enter what is at `path`: the last six bits of its mode.
// Errors: kFileMissing, kIoError.
Result<unsigned> rights_of_others(const std::string& path);

}  // namespace lineshaft::sys
