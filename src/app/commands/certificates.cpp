// cert: show | authority | list | issue | sign | revoke | renew | import.
#include <cstdlib>
#include <iostream>

#include "app/cli.h"
#include "app/commands/save_answer.h"
#include "ledger/note.h"
#include "sys/file.h"

namespace lineshaft::app {
namespace {

constexpr std::size_t kPemBytesMax = 64 * 1024;

const std::vector<Column> kOwnColumns{{"subject", "/subject"},        {"issuer", "/issuer"},
                                      {"from", "/not_before"},        {"until", "/not_after"},
                                      {"source", "/source"},          {"renews", "/renews"},
                                      {"fingerprint", "/fingerprint"}};
const std::vector<Column> kIssuedColumns{{"id", "/id"},
                                         {"name", "/name"},
                                         {"use", "/use"},
                                         {"token", "/token"},
                                         {"until", "/not_after"},
                                         {"revoked", "/revoked"},
                                         {"fingerprint", "/fingerprint"}};

struct CertificateOptions {
  std::string name;
  std::vector<std::string> use{"client"};
  std::string role;
  std::vector<std::string> names;
  std::vector<std::string> uris;
  std::uint32_t days = 397;
  std::string key = "ec";
  std::string file;
  std::string key_file;
  std::string out;
  std::uint64_t id = 0;
};
using Options = std::shared_ptr<CertificateOptions>;

Result<std::string> read_text(const std::string& file) {
  const Result<Bytes> text = sys::read_file(sys::real_file_system(), file, kPemBytesMax);
  if (!text) return text.error();
  return std::string(as_text(*text));
}

// A file for its owner only; one that is there stays.
Status keep_new(const std::string& path, std::string_view content) {
  auto file = sys::real_file_system().open(path, sys::OpenMode::kCreateNew);
  if (!file) return file.error();
  Status kept = (*file)->write_at(0, as_bytes(content));
  return kept ? (*file)->sync() : kept;
}

int show(ApiClient& api, Format format) {
  const Result<Json> answer = api.get("/authority");
  if (!answer) return print_error(answer.error());
  print_object(format, kOwnColumns, (*answer)["server"]);
  return kExitOk;
}

int list(ApiClient& api, Format format) {
  const Result<Json> answer = api.get("/issued-certificates");
  if (!answer) return print_error(answer.error());
  print_rows(format, kIssuedColumns, (*answer)["items"]);
  return kExitOk;
}

Json order_of(const CertificateOptions& options) {
  Json order = {{"use", options.use}, {"days", options.days}};
  if (!options.name.empty()) order["name"] = options.name;
  if (!options.role.empty()) order["role"] = options.role;
  if (!options.names.empty()) order["names"] = options.names;
  if (!options.uris.empty()) order["uris"] = options.uris;
  return order;
}

// PREFIX.pem, PREFIX-key.pem and, if the environment has a password for it, PREFIX.p12.
int issue(ApiClient& api, Format format, const CertificateOptions& options) {
  Json order = order_of(options);
  order["key"] = options.key;
  const char* const password = std::getenv("LINESHAFT_PKCS12_PASSWORD");
  if (password != nullptr) order["password"] = password;
  const Result<Json> made = api.post("/issued-certificates", order);
  if (!made) return print_error(made.error());
  const std::string prefix = options.out.empty() ? options.name : options.out;
  Status kept = keep_new(prefix + "-key.pem", (*made)["key"].get<std::string>());
  if (kept) {
    kept = keep_new(prefix + ".pem", (*made)["certificate"].get<std::string>() +
                                         (*made)["authority"].get<std::string>());
  }
  if (kept && made->contains("pkcs12")) {
    const auto file = ledger::base64_bytes((*made)["pkcs12"].get<std::string>());
    if (file) kept = keep_new(prefix + ".p12", as_text(*file));
  }
  if (!kept) {
    print_note("revoke certificate " + (*made)["id"].dump() + ": its key could not be kept");
    return print_error(kept.error());
  }
  print_object(format, kIssuedColumns, *made);
  print_note("the key is in " + prefix + "-key.pem and nowhere else");
  return kExitOk;
}

int sign(ApiClient& api, const CertificateOptions& options) {
  const Result<std::string> request = read_text(options.file);
  if (!request) return print_error(request.error());
  Json order = order_of(options);
  order["request"] = *request;
  const Result<Json> made = api.post("/issued-certificates", order);
  if (!made) return print_error(made.error());
  std::cout << (*made)["certificate"].get<std::string>() << (*made)["authority"].get<std::string>()
            << std::flush;
  return kExitOk;
}

int import_own(ApiClient& api, Format format, const CertificateOptions& options) {
  const Result<std::string> certificate = read_text(options.file);
  if (!certificate) return print_error(certificate.error());
  const Result<std::string> key = read_text(options.key_file);
  if (!key) return print_error(key.error());
  const Result<Json> done =
      api.put("/server-certificate", {{"certificate", *certificate}, {"key", *key}});
  if (!done) return print_error(done.error());
  print_object(format, kOwnColumns, (*done)["server"]);
  return kExitOk;
}

void add_order_options(CLI::App* command, const Options& options) {
  command
      ->add_option("--use", options->use,
                   "client, server or both: to whom it may be shown; default client")
      ->delimiter(',');
  command->add_option("--role", options->role,
                      "What a client may do on this server: a role, see access roles; left out: "
                      "nothing");
  command->add_option("--names", options->names, "DNS names and addresses, with commas")
      ->delimiter(',');
  command->add_option("--uris", options->uris, "URIs, as that of an OPC UA application")
      ->delimiter(',');
  command->add_option("--days", options->days, "How long it is valid, 1 to 825")
      ->capture_default_str();
}

void add_issue(Cli& cli, CLI::App* noun, const Options& options) {
  CLI::App* issue_command = noun->add_subcommand(
      "issue", "Make a key and a certificate for a machine, a program or a partner");
  issue_command->add_option("name", options->name, "What it is for")->required();
  add_order_options(issue_command, options);
  issue_command->add_option("--key", options->key, "ec or rsa")->capture_default_str();
  issue_command->add_option("--out", options->out,
                            "Beginning of the names of the files; default: the name. "
                            "With LINESHAFT_PKCS12_PASSWORD set there is a .p12 too");
  cli.on_data(issue_command,
              [&cli, options](ApiClient& api) { return issue(api, cli.format(), *options); });
  CLI::App* sign_command =
      noun->add_subcommand("sign", "Sign a certificate request (PKCS#10); prints the certificate");
  sign_command->add_option("request", options->file, "The request, a PEM file")->required();
  sign_command->add_option("--name", options->name, "Instead of what the request says");
  add_order_options(sign_command, options);
  cli.on_api(sign_command, [options](ApiClient& api) { return sign(api, *options); });
}

void add_own(Cli& cli, CLI::App* noun, const Options& options) {
  CLI::App* renew =
      noun->add_subcommand("renew", "Give the server a new certificate of its authority at once");
  cli.on_data(renew, [&cli](ApiClient& api) {
    const Result<Json> done = api.post("/server-certificate/renew", Json());
    if (!done) return print_error(done.error());
    print_object(cli.format(), kOwnColumns, (*done)["server"]);
    return kExitOk;
  });
  CLI::App* import_command =
      noun->add_subcommand("import", "Give the server a certificate of another authority");
  import_command->add_option("certificate", options->file, "PEM: the server's, then the chain")
      ->required();
  import_command->add_option("key", options->key_file, "PEM, without a password")->required();
  cli.on_data(import_command,
              [&cli, options](ApiClient& api) { return import_own(api, cli.format(), *options); });
}

}  // namespace

void add_cert_commands(Cli& cli) {
  const Options options = std::make_shared<CertificateOptions>();
  CLI::App* noun = cli.root.add_subcommand("cert", "Certificates: the server's and what it issues");
  noun->require_subcommand(1);
  cli.on_data(noun->add_subcommand("show", "Show the certificate of the server"),
              [&cli](ApiClient& api) { return show(api, cli.format()); });
  CLI::App* authority =
      noun->add_subcommand("authority", "Print the certificate of the authority, to trust it");
  cli.on_api(authority, [](ApiClient& api) { return save_answer(api, "/authority.pem", "-"); });
  cli.on_data(noun->add_subcommand("list", "List what was issued"),
              [&cli](ApiClient& api) { return list(api, cli.format()); });
  add_issue(cli, noun, options);
  CLI::App* revoke =
      noun->add_subcommand("revoke", "Revoke a certificate at once, and what it may do here");
  revoke->add_option("id", options->id, "Number of the certificate, see cert list")->required();
  cli.on_api(revoke, [options](ApiClient& api) {
    const Result<Json> done =
        api.post("/issued-certificates/" + std::to_string(options->id) + "/revoke", Json());
    return done ? kExitOk : print_error(done.error());
  });
  add_own(cli, noun, options);
}

}  // namespace lineshaft::app
