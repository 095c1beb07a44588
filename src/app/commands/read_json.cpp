#include "app/commands/read_json.h"

#include <fstream>
#include <iostream>
#include <sstream>

namespace lineshaft::app {

Result<Json> read_json(const std::string& file) {
  std::stringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream stream(file);
    if (!stream) return Error{ErrorId::kFileMissing, file};
    text << stream.rdbuf();
  }
  Json json = Json::parse(text.str(), nullptr, false);
  if (json.is_discarded()) return Error{ErrorId::kUsage, file + " is not JSON"};
  return json;
}

}  // namespace lineshaft::app
