#include "sys/terminal.h"

#include <termios.h>
#include <unistd.h>

#include <iostream>

namespace lineshaft::sys {

std::optional<std::string> ask_hidden(const std::string& prompt) {
  termios before{};
  if (::tcgetattr(STDIN_FILENO, &before) != 0) return std::nullopt;
  termios quiet = before;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  std::cerr << prompt << ": " << std::flush;
  std::string text;
  const bool typed = static_cast<bool>(std::getline(std::cin, text));
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::cerr << std::endl;
  if (!typed) return std::nullopt;
  return text;
}

}  // namespace lineshaft::sys
