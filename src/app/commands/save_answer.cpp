#include "app/commands/save_answer.h"

#include <fstream>
#include <iostream>

namespace lineshaft::app {

int save_answer(ApiClient& api, const std::string& path, const std::string& file) {
  std::ofstream kept;
  if (file != "-") {
    kept.open(file, std::ios::binary | std::ios::trunc);
    if (!kept) return print_error({ErrorId::kIoError, "cannot write " + file});
  }
  std::ostream& out = file == "-" ? std::cout : kept;
  const Status done = api.download(path, [&](std::string_view piece) -> Status {
    out << piece;
    if (out.good()) return {};
    return Error{ErrorId::kIoError, "writing " + file};
  });
  out.flush();
  return done ? kExitOk : print_error(done.error());
}

}  // namespace lineshaft::app
