// app/commands/save_answer.h: an answer of the API that is a file.
#pragma once

#include <string>

#include "app/api_client.h"

namespace lineshaft::app {

// Writes it into `file`, or to standard output for "-". Prints what went wrong. Returns the exit
// code.
int save_answer(ApiClient& api, const std::string& path, const std::string& file);

}  // namespace lineshaft::app
