#include "sys/process.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#if defined(__SANITIZE_ADDRESS__)
#define LS_LEAK_CHECK 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LS_LEAK_CHECK 1
#endif
#endif

namespace lineshaft::sys {
namespace {

Error refused(const std::string& what) {
  return {ErrorId::kDenied, "the system refused " + what + ": " + std::strerror(errno)};
}

// Permitted and effective; nothing is handed to programs that are started.
bool keep_capability(unsigned capability) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  data[capability / 32].permitted = data[capability / 32].effective = 1U << (capability % 32);
  return syscall(SYS_capset, &header, data.data()) == 0;
}

}  // namespace

Status harden_process() {
  umask(S_IRWXG | S_IRWXO);
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return refused("to forbid core files");
#ifndef LS_LEAK_CHECK  // which looks into the process at its end
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return refused("to forbid dumps");
#endif
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("to forbid new privileges");
  return {};
}

Status become_user(const std::string& name) {
  const passwd* const user = getpwnam(name.c_str());
  if (user == nullptr) {
    return Error{ErrorId::kInvalidArgument, "--user: there is no user '" + name + "'"};
  }
  if (user->pw_uid == geteuid()) return {};
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return refused("to keep a capability");
  if (initgroups(user->pw_name, user->pw_gid) != 0) return refused("the groups of " + name);
  if (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) return refused("to become " + name);
  if (!keep_capability(CAP_NET_BIND_SERVICE)) return refused("to give up root's rights");
  if (setuid(0) == 0) return Error{ErrorId::kDenied, "root's rights could not be given up"};
  return {};
}

bool runs_as_root() { return geteuid() == 0; }

bool writes_core_files() {
  rlimit limit{};
  return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur > 0 &&
         prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
}

Result<unsigned> rights_of_others(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return Error{errno == ENOENT ? ErrorId::kFileMissing : ErrorId::kIoError,
                 path + ": " + std::strerror(errno)};
  }
  return static_cast<unsigned>(info.st_mode) & (S_IRWXG | S_IRWXO);
}

}  // namespace lineshaft::sys
