// agreement: list | show | text | put | compare | approve | sign | export | verify | shares |
// propose | consent.
#include <iostream>

#include "app/cli.h"
#include "app/commands/read_json.h"
#include "app/commands/shares.h"
#include "base/hex.h"
#include "rights/agreement_json.h"
#include "sys/file.h"
#include "sys/sha256.h"

namespace lineshaft::app {
namespace {

constexpr std::size_t kKeyBytesMax = 10'000;
constexpr std::size_t kDocumentBytesMax = std::size_t{16} * 1024 * 1024;

const std::vector<Column> kAgreementColumns{{"id", "/id"},
                                            {"version", "/version"},
                                            {"title", "/agreement/title"},
                                            {"project", "/agreement/project"},
                                            {"approved", "/approved"},
                                            {"signed", "/signed"},
                                            {"missing", "/missing"},
                                            {"in force", "/in_force"}};
const std::vector<Column> kFactColumns{{"id", "/id"},
                                       {"version", "/version"},
                                       {"title", "/agreement/title"},
                                       {"project", "/agreement/project"},
                                       {"from", "/agreement/from"},
                                       {"to", "/agreement/to"},
                                       {"digest", "/digest"},
                                       {"approved", "/approved"},
                                       {"signed", "/signed"},
                                       {"missing", "/missing"},
                                       {"in force", "/in_force"}};
const std::vector<Column> kClauseColumns{{"clause", "/id"}, {"title", "/title"}, {"text", "/text"}};
const std::vector<Column> kDifferenceColumns{{"clause", "/clause"},
                                             {"change", "/change"},
                                             {"before", "/before/text"},
                                             {"after", "/after/text"}};
const std::vector<Column> kChangeColumns{{"sequence", "/sequence"}, {"asset", "/asset"},
                                         {"from", "/from"},         {"shares", "/shares"},
                                         {"missing", "/missing"},   {"digest", "/digest"}};

std::string path_of(const std::string& id) { return "/agreements/" + url_encode(id); }

std::string joined(const Json& texts) {
  std::string line;
  for (const Json& text : texts) {
    line += (line.empty() ? "" : ", ") + text.get<std::string>();
  }
  return line;
}

std::string parties_of(const Json& words) {
  Json parties = Json::array();
  for (const Json& word : words) parties.push_back(word["party"]);
  return joined(parties);
}

// Who has to sign and has not.
std::string missing_of(const Json& kept) {
  Json missing = Json::array();
  for (const Json& signer : kept["signers"]) {
    bool has_signed = false;
    for (const Json& one : kept["signatures"]) has_signed = has_signed || one["party"] == signer;
    if (!has_signed) missing.push_back(signer);
  }
  return joined(missing);
}

void add_summary(Json& kept) {
  kept["missing"] = missing_of(kept);
  kept["approved"] = parties_of(kept["approvals"]);
  kept["signed"] = parties_of(kept["signatures"]);
}

int print_agreement(Format format, Result<Json> kept) {
  if (!kept) return print_error(kept.error());
  if (!is_as_said(format)) add_summary(*kept);
  print_object(format, kFactColumns, *kept);
  return kExitOk;
}

int list_agreements(ApiClient& api, Format format, const std::string& project) {
  Result<Json> page = api.get("/agreements?project=" + url_encode(project));
  if (!page) return print_error(page.error());
  Json& items = (*page)["items"];
  if (!is_as_said(format)) {
    for (Json& item : items) add_summary(item);
  }
  print_rows(format, kAgreementColumns, items);
  return kExitOk;
}

std::string with_version(const std::string& id, std::uint32_t version) {
  return path_of(id) + "?version=" + std::to_string(version);
}

int show_agreement(ApiClient& api, Format format, const std::string& id, std::uint32_t version) {
  const Result<Json> kept = api.get(with_version(id, version));
  if (const int printed = print_agreement(format, kept); printed != kExitOk) return printed;
  if (is_as_said(format)) return kExitOk;
  std::cout << std::endl;
  print_rows(format, kClauseColumns, (*kept)["agreement"]["clauses"]);
  return kExitOk;
}

// Exactly the bytes that are signed, so no line feed behind them.
int print_text(ApiClient& api, const std::string& id, std::uint32_t version) {
  const Result<Json> kept = api.get(with_version(id, version));
  if (!kept) return print_error(kept.error());
  std::cout << (*kept)["text"].get<std::string>() << std::flush;
  return kExitOk;
}

int put_agreement(ApiClient& api, Format format, const std::string& file) {
  const Result<Json> json = read_json(file);
  if (!json) return print_error(json.error());
  return print_agreement(format, api.put("/agreements", *json));
}

int approve(ApiClient& api, Format format, const std::string& id, const std::string& digest) {
  return print_agreement(format, api.post(path_of(id) + "/approve", {{"digest", digest}}));
}

// The server names the party one speaks for; the text is what it says, and its digest what one
// read.
int sign(ApiClient& api, Format format, const std::string& id, const std::string& key_file,
         const std::string& digest) {
  const Result<Bytes> pem = sys::read_file(sys::real_file_system(), key_file, kKeyBytesMax);
  if (!pem) return print_error(pem.error());
  const Result<rights::PrivateKey> key = rights::PrivateKey::parse(as_text(*pem));
  if (!key) return print_error({key.error().id, key_file + " " + key.error().what});
  const Result<Json> view = api.get("/rights/view");
  if (!view) return print_error(view.error());
  const Result<Json> kept = api.get(path_of(id));
  if (!kept) return print_error(kept.error());
  const std::string text = (*kept)["text"].get<std::string>();
  const std::string real_digest = hex_text(sys::sha256(as_bytes(text)));
  if (real_digest != digest) {
    return print_error({ErrorId::kConflict, "the newest text of '" + id + "' has the digest " +
                                                real_digest + ", not the one you gave"});
  }
  const std::string party = (*view)["speaks_for"].get<std::string>();
  const rights::Signature signature = key->sign(rights::signed_message(party, text));
  return print_agreement(
      format, api.post(path_of(id) + "/sign", {{"key", key->public_key().id()},
                                               {"signature", rights::signature_text(signature)}}));
}

Status write(const std::string& directory, const std::string& name, ByteSpan content) {
  return sys::write_file_atomically(sys::real_file_system(), sys::join_path(directory, name),
                                    content);
}

// What openssl needs to check each signature, and the document with all of it.
Status write_files(const std::string& directory, const Json& kept, std::string_view document) {
  Status done = sys::real_file_system().create_directories(directory);
  const std::string text = kept["text"].get<std::string>();
  if (done) done = write(directory, "agreement.json", as_bytes(text));
  if (done) done = write(directory, "document.json", as_bytes(document));
  for (const Json& one : kept["signatures"]) {
    if (!done) return done;
    const std::string party = one["party"].get<std::string>();
    const auto signature = rights::parse_signature(one["signature"].get_ref<const std::string&>());
    if (!signature) return signature.error();
    done = write(directory, party + ".sig", *signature);
    if (done) {
      done = write(directory, party + ".pem",
                   as_bytes(one["public_key"].get_ref<const std::string&>()));
    }
    if (done) {
      done = write(directory, party + ".message", as_bytes(rights::signed_message(party, text)));
    }
  }
  return done;
}

int export_agreement(ApiClient& api, const std::string& id, std::uint32_t version,
                     const std::string& directory) {
  const Result<Json> kept = api.get(with_version(id, version));
  if (!kept) return print_error(kept.error());
  std::string document;
  const Status got = api.download(path_of(id) + "/document?version=" + std::to_string(version),
                                  [&](std::string_view part) {
                                    document += part;
                                    return Status();
                                  });
  if (!got) return print_error(got.error());
  if (Status written = write_files(directory, *kept, document); !written) {
    return print_error(written.error());
  }
  print_note("openssl checks the signature of a party P in " + directory +
             ": openssl pkeyutl -verify -rawin -pubin -inkey P.pem -sigfile P.sig -in P.message");
  return kExitOk;
}

// Needs no server.
int verify(Format format, const std::string& file) {
  const Result<Bytes> document = sys::read_file(sys::real_file_system(), file, kDocumentBytesMax);
  if (!document) return print_error(document.error());
  const auto checked = rights::check_document_text(as_text(*document));
  if (!checked) {
    print_note(file + " is not what was signed: " + checked.error().what);
    return exit_code(ErrorCode::kCorrupt);
  }
  print_object(format,
               {{"id", "/id"},
                {"version", "/version"},
                {"digest", "/digest"},
                {"signed by", "/signed_by"},
                {"not signed by", "/not_signed_by"}},
               {{"id", checked->agreement.id},
                {"version", checked->agreement.version},
                {"digest", checked->digest},
                {"signed_by", joined(Json(checked->signed_by))},
                {"not_signed_by", joined(Json(checked->not_signed_by))}});
  return checked->not_signed_by.empty() ? kExitOk : kExitFailed;
}

int compare(ApiClient& api, Format format, const std::string& id, std::uint32_t from,
            std::uint32_t to) {
  const Result<Json> page = api.get(path_of(id) + "/difference?from=" + std::to_string(from) +
                                    "&to=" + std::to_string(to));
  if (!page) return print_error(page.error());
  print_rows(format, kDifferenceColumns, (*page)["items"]);
  return kExitOk;
}

// --- changes of shares ---

Json shown_change(Json change) {
  change["shares"] = shares_text(change["shares"]);
  change["missing"] = joined(change["missing"]);
  return change;
}

int print_change(Format format, const Result<Json>& change) {
  if (!change) return print_error(change.error());
  print_object(format, kChangeColumns, is_as_said(format) ? *change : shown_change(*change));
  return kExitOk;
}

int list_changes(ApiClient& api, Format format, const std::string& id) {
  Result<Json> page = api.get(path_of(id) + "/shares");
  if (!page) return print_error(page.error());
  Json& items = (*page)["items"];
  if (!is_as_said(format)) {
    for (Json& item : items) item = shown_change(std::move(item));
  }
  print_rows(format, kChangeColumns, items);
  return kExitOk;
}

struct ProposeOptions {
  std::string id;
  std::string asset;
  std::string from;
  std::vector<std::string> shares;
};

int propose(ApiClient& api, Format format, const ProposeOptions& options) {
  Json body = {{"asset", options.asset}, {"from", options.from}, {"shares", Json::array()}};
  for (const std::string& text : options.shares) {
    const Result<Json> share = share_of(text);
    if (!share) return print_error(share.error());
    body["shares"].push_back(*share);
  }
  return print_change(format, api.post(path_of(options.id) + "/shares", body));
}

// --- the table ---

struct VersionOptions {
  std::string id;
  std::uint32_t version = 0;
  std::uint32_t to = 0;
  std::string text;  // a file or a folder
  std::string digest;
};

std::shared_ptr<VersionOptions> add_id(CLI::App* command) {
  auto options = std::make_shared<VersionOptions>();
  command->add_option("id", options->id, "The agreement")->required();
  return options;
}

void add_reading(Cli& cli, CLI::App* agreement) {
  auto project = std::make_shared<std::string>();
  CLI::App* list = agreement->add_subcommand("list", "List the agreements of which you are a side");
  list->add_option("--project", *project, "Of one project");
  cli.on_data(list, [&cli, project](ApiClient& api) {
    return list_agreements(api, cli.format(), *project);
  });
  constexpr const char* kVersionHelp = "Number of the version; the newest";
  CLI::App* show =
      agreement->add_subcommand("show", "One version: who has signed, and the clauses");
  auto shown = add_id(show);
  show->add_option("--version", shown->version, kVersionHelp);
  cli.on_data(show, [&cli, shown](ApiClient& api) {
    return show_agreement(api, cli.format(), shown->id, shown->version);
  });
  CLI::App* text = agreement->add_subcommand("text", "Print exactly the bytes that are signed");
  auto printed = add_id(text);
  text->add_option("--version", printed->version, kVersionHelp);
  cli.on_api(text,
             [printed](ApiClient& api) { return print_text(api, printed->id, printed->version); });
  CLI::App* difference = agreement->add_subcommand("compare", "Two versions, clause by clause");
  auto compared = add_id(difference);
  difference->add_option("--from", compared->version, "The older version")->required();
  difference->add_option("--to", compared->to, "The newer version")->required();
  cli.on_data(difference, [&cli, compared](ApiClient& api) {
    return compare(api, cli.format(), compared->id, compared->version, compared->to);
  });
}

void add_signing(Cli& cli, CLI::App* agreement) {
  auto file = std::make_shared<std::string>();
  CLI::App* put = agreement->add_subcommand("put", "Draft an agreement, or its next version");
  put->add_option("file", *file, "JSON as the API has it; - reads stdin")->required();
  cli.on_data(put,
              [&cli, file](ApiClient& api) { return put_agreement(api, cli.format(), *file); });
  constexpr const char* kDigestHelp = "SHA-256 of the text that you read";
  CLI::App* word =
      agreement->add_subcommand("approve", "Approve a text for the party you speak for");
  auto approved = add_id(word);
  word->add_option("--digest", approved->digest, kDigestHelp)->required();
  cli.on_data(word, [&cli, approved](ApiClient& api) {
    return approve(api, cli.format(), approved->id, approved->digest);
  });
  CLI::App* signature = agreement->add_subcommand("sign", "Sign a text that all have approved");
  auto given = add_id(signature);
  signature->add_option("--key", given->text, "Your private key, as `key make` writes it")
      ->required();
  signature->add_option("--digest", given->digest, kDigestHelp)->required();
  cli.on_data(signature, [&cli, given](ApiClient& api) {
    return sign(api, cli.format(), given->id, given->text, given->digest);
  });
  CLI::App* files = agreement->add_subcommand("export", "Write text, signatures and keys as files");
  auto exported = add_id(files);
  files->add_option("directory", exported->text, "Where to")->required();
  files->add_option("--version", exported->version, "Number of the version; the newest");
  cli.on_api(files, [exported](ApiClient& api) {
    return export_agreement(api, exported->id, exported->version, exported->text);
  });
  auto document = std::make_shared<std::string>();
  CLI::App* check = agreement->add_subcommand("verify", "Check a signed document without a server");
  check->add_option("file", *document, "document.json, as `agreement export` writes it")
      ->required();
  cli.add_output(check);
  cli.on(check, [&cli, document] { return verify(cli.format(), *document); });
}

void add_shares(Cli& cli, CLI::App* agreement) {
  CLI::App* list = agreement->add_subcommand("shares", "Changes of shares that were proposed");
  auto listed = add_id(list);
  cli.on_data(
      list, [&cli, listed](ApiClient& api) { return list_changes(api, cli.format(), listed->id); });
  auto options = std::make_shared<ProposeOptions>();
  CLI::App* proposal = agreement->add_subcommand("propose", "Propose other shares of a result");
  proposal->add_option("id", options->id, "The agreement")->required();
  proposal->add_option("asset", options->asset, "The result")->required();
  proposal->add_option("shares", options->shares, "PARTY=WEIGHT, whole numbers in any proportion")
      ->required();
  proposal->add_option("--from", options->from, "First day, 2026-11-26")->required();
  cli.on_data(proposal,
              [&cli, options](ApiClient& api) { return propose(api, cli.format(), *options); });
  CLI::App* consent = agreement->add_subcommand("consent", "Consent to shares that were proposed");
  auto given = add_id(consent);
  consent->add_option("sequence", given->version, "Number of the change")->required();
  consent->add_option("--digest", given->digest, "Digest of the change that you read")->required();
  cli.on_data(consent, [&cli, given](ApiClient& api) {
    return print_change(cli.format(), api.post(path_of(given->id) + "/shares/" +
                                                   std::to_string(given->version) + "/consent",
                                               {{"digest", given->digest}}));
  });
}

}  // namespace

void add_agreement_commands(Cli& cli) {
  CLI::App* agreement =
      cli.root.add_subcommand("agreement", "Agreements of joint projects, in signed versions");
  agreement->require_subcommand(1);
  add_reading(cli, agreement);
  add_signing(cli, agreement);
  add_shares(cli, agreement);
}

}  // namespace lineshaft::app
