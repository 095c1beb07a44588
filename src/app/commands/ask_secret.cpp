#include "app/commands/ask_secret.h"

#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace lineshaft::app {

Result<std::string> ask_secret(const std::string& prompt, const char* variable) {
  if (const char* given = std::getenv(variable); given != nullptr) return std::string(given);
  if (isatty(STDIN_FILENO) != 1) {
    return Error{ErrorId::kUsage, std::string("no terminal to ask on; set ") + variable};
  }
  std::cerr << prompt << ": " << std::flush;
  termios before{};
  tcgetattr(STDIN_FILENO, &before);
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSANOW, &silent);
  std::string password;
  std::getline(std::cin, password);
  tcsetattr(STDIN_FILENO, TCSANOW, &before);
  std::cerr << std::endl;
  return password;
}

Result<std::string> ask_password(const std::string& prompt) {
  return ask_secret(prompt, "LINESHAFT_PASSWORD");
}

}  // namespace lineshaft::app
