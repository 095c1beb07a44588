#include "connect/method.h"

namespace lineshaft::connect {

std::string arguments_text(const MethodCall& call) {
  std::string text;
  for (const auto& [name, value] : call.arguments) {
    if (!text.empty()) text += ", ";
    text += name + "=" + to_text(value);
  }
  return text;
}

}  // namespace lineshaft::connect
