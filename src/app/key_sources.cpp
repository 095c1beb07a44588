#include "app/key_sources.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "sys/file.h"
#include "sys/terminal.h"

namespace lineshaft::app {
namespace {

constexpr std::size_t kSecretBytesMax = 4096;

std::string variable_of(std::string what) {
  std::ranges::transform(what, what.begin(), [](char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return "LINESHAFT_" + what;
}

Result<std::string> ask(const std::string& what) {
  const std::string credential = "lineshaft-" + what;
  if (const char* folder = std::getenv("CREDENTIALS_DIRECTORY"); folder != nullptr) {
    const Result<Bytes> text = sys::read_file(sys::real_file_system(),
                                              sys::join_path(folder, credential), kSecretBytesMax);
    if (text) {
      std::string line(as_text(*text));
      line.erase(std::min(line.find_first_of("\r\n"), line.size()));
      return line;
    }
  }
  const std::string variable = variable_of(what);
  if (const char* given = std::getenv(variable.c_str()); given != nullptr)
    return std::string(given);
  if (what != "master-key") {
    if (auto typed = sys::ask_hidden(what + " of the keys of this server")) return *typed;
  }
  return Error{ErrorId::kBadConfig,
               "vault.master: the " + what + " is neither in the credential " + credential +
                   " nor in " + variable +
                   (what == "master-key" ? "" : ", and no terminal to ask on")};
}

std::string key_file(const Config& config) {
  return config.master_key_file.empty() ? sys::join_path(config.data_directory, "master.key")
                                        : config.master_key_file;
}

}  // namespace

vault::MasterSettings master_settings(const Config& config) {
  vault::MasterSettings settings;
  settings.source = config.master;
  settings.file = key_file(config);
  settings.ask = [](const char* what) { return ask(what); };
  settings.module = config.pkcs11_module;
  settings.token = config.pkcs11_token;
  settings.key_label = config.pkcs11_key;
  return settings;
}

std::string master_place(const Config& config) {
  if (config.master == "file") return "the file " + key_file(config);
  if (config.master == "credential") return "the credential lineshaft-master-key";
  if (config.master == "passphrase") return "a passphrase";
  return "the token " + config.pkcs11_token + " (" + config.pkcs11_module + ")";
}

}  // namespace lineshaft::app
