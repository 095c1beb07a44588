#include "app/commands/shares.h"

namespace lineshaft::app {

std::string shares_text(const Json& shares) {
  std::string text;
  for (const Json& share : shares) {
    text += (text.empty() ? "" : ", ") + share["party"].get<std::string>() + " " +
            share["weight"].dump();
  }
  return text;
}

Result<Json> share_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string weight = equals == std::string::npos ? "" : text.substr(equals + 1);
  const bool digits = weight.find_first_not_of("0123456789") == std::string::npos;
  if (weight.empty() || weight.size() > 10 || !digits) {
    return Error{ErrorId::kUsage,
                 "'" + text + "' is no share; one is PARTY=WEIGHT, a whole number"};
  }
  return Json{{"party", text.substr(0, equals)}, {"weight", std::stoll(weight)}};
}

}  // namespace lineshaft::app
