// key: make | register | list | revoke. The keys with which a person signs agreements.
#include <iostream>

#include "app/cli.h"
#include "rights/signing_key.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace lineshaft::app {
namespace {

constexpr std::size_t kKeyBytesMax = 10'000;

const std::vector<Column> kKeyColumns{{"id", "/id"},
                                      {"owner", "/owner"},
                                      {"label", "/label"},
                                      {"registered", "/registered"},
                                      {"revoked", "/revoked"}};

Result<rights::PrivateKey> read_private_key(const std::string& path) {
  const Result<Bytes> text = sys::read_file(sys::real_file_system(), path, kKeyBytesMax);
  if (!text) return text.error();
  Result<rights::PrivateKey> key = rights::PrivateKey::parse(as_text(*text));
  if (!key) return Error{key.error().id, path + " " + key.error().what};
  return key;
}

// A file for its owner only; one that is there stays.
int make_key(const std::string& path) {
  const rights::PrivateKey key = rights::PrivateKey::make(sys::real_random());
  auto file = sys::real_file_system().open(path, sys::OpenMode::kCreateNew);
  if (!file) return print_error(file.error());
  const std::string pem = key.pem();
  Status kept = (*file)->write_at(0, as_bytes(pem));
  if (kept) kept = (*file)->sync();
  if (!kept) return print_error(kept.error());
  std::cout << key.public_key().pem();
  print_note(path +
             " has the private key: keep it, and show it to nobody. Its public part has the id " +
             key.public_key().id() + "; register it with `lineshaft key register " + path + "`");
  return kExitOk;
}

int register_key(ApiClient& api, Format format, const std::string& path, const std::string& label) {
  const Result<rights::PrivateKey> key = read_private_key(path);
  if (!key) return print_error(key.error());
  const Result<Json> kept =
      api.post("/keys", {{"public_key", key->public_key().pem()}, {"label", label}});
  if (!kept) return print_error(kept.error());
  print_object(format, kKeyColumns, *kept);
  return kExitOk;
}

int list_keys(ApiClient& api, Format format) {
  const Result<Json> keys = api.get("/keys");
  if (!keys) return print_error(keys.error());
  print_rows(format, kKeyColumns, (*keys)["items"]);
  return kExitOk;
}

int revoke_key(ApiClient& api, const std::string& id) {
  const Result<Json> done = api.post("/keys/" + url_encode(id) + "/revoke", Json());
  if (!done) return print_error(done.error());
  print_note("key " + id + " signs nothing more; what it has signed stays signed");
  return kExitOk;
}

}  // namespace

void add_key_commands(Cli& cli) {
  CLI::App* key = cli.root.add_subcommand("key", "Keys with which you sign agreements");
  key->require_subcommand(1);
  auto file = std::make_shared<std::string>();
  CLI::App* make = key->add_subcommand("make", "Make an Ed25519 key in a file that openssl reads");
  make->add_option("file", *file, "Where to; it must not be there yet")->required();
  cli.on(make, [file] { return make_key(*file); });
  auto label = std::make_shared<std::string>();
  auto secret = std::make_shared<std::string>();
  CLI::App* add =
      key->add_subcommand("register", "Say that a key is yours; only its public part is sent");
  add->add_option("file", *secret, "The private key, as `key make` writes it")->required();
  add->add_option("--label", *label, "What you call it");
  cli.on_data(add, [&cli, secret, label](ApiClient& api) {
    return register_key(api, cli.format(), *secret, *label);
  });
  CLI::App* list = key->add_subcommand("list", "List your keys");
  cli.on_data(list, [&cli](ApiClient& api) { return list_keys(api, cli.format()); });
  auto id = std::make_shared<std::string>();
  CLI::App* revoke = key->add_subcommand("revoke", "Sign nothing more with a key");
  revoke->add_option("id", *id, "The key")->required();
  cli.on_api(revoke, [id](ApiClient& api) { return revoke_key(api, *id); });
}

}  // namespace lineshaft::app
