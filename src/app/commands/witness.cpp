#include "app/commands/witness.h"

#include <algorithm>
#include <charconv>

#include "sys/clock.h"
#include "sys/file.h"

namespace lineshaft::app {

using ledger::Checkpoint;
using ledger::NoteKey;
using ledger::SignedNote;

Result<std::string> get_text(ApiClient& api, const std::string& path) {
  std::string text;
  Status done = api.download(path, [&](std::string_view piece) -> Status {
    text += piece;
    if (text.size() <= ledger::kNoteBytesMax) return {};
    return Error{ErrorId::kInternal, "the server's answer is too long"};
  });
  if (!done) return std::move(done).error();
  return text;
}

Result<Bytes> bytes_of(const Json& hex) {
  const std::string text = hex.is_string() ? hex.get<std::string>() : "";
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    std::uint8_t byte = 0;
    const auto [end, code] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (code != std::errc() || end != text.data() + i + 2) break;
    bytes.push_back(byte);
  }
  if (2 * bytes.size() == text.size() && !text.empty()) return bytes;
  return Error{ErrorId::kInternal, "the server's answer has no hash where one should be"};
}

Result<ledger::Sha256> hash_of(const Json& hex) {
  const Result<Bytes> bytes = bytes_of(hex);
  if (!bytes) return bytes.error();
  ledger::Sha256 hash{};
  if (bytes->size() != hash.size()) {
    return Error{ErrorId::kInternal, "the server's answer has no hash where one should be"};
  }
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

Result<ledger::Proof> proof_of(const Json& answer) {
  ledger::Proof proof;
  for (const Json& one : answer["proof"]) {
    const Result<ledger::Sha256> hash = hash_of(one);
    if (!hash) return hash.error();
    proof.push_back(*hash);
  }
  return proof;
}

Result<Signed> signed_now(ApiClient& api, const std::string& base, const std::string& key_text) {
  std::string text = key_text;
  if (text.empty()) {
    const Result<std::string> theirs = get_text(api, base + "/key");
    if (!theirs) return theirs.error();
    text = theirs->substr(0, theirs->find('\n'));
  }
  const Result<NoteKey> key = NoteKey::parse(text);
  if (!key) return key.error();
  const Result<std::string> encoded = get_text(api, base + "/checkpoint");
  if (!encoded) return encoded.error();
  Result<SignedNote> note = ledger::parse_note(*encoded);
  if (!note) return note.error();
  Result<Checkpoint> checkpoint = ledger::open_checkpoint(*note, *key);
  if (!checkpoint) return checkpoint.error();
  return Signed{*std::move(note), *std::move(checkpoint), *key};
}

namespace {

const std::vector<Column> kWitnessColumns{
    {"name", "/name"}, {"cosigned", "/size"}, {"time", "/time"}, {"key", "/key"}};

constexpr const char* kWitnessKeyFile = "witness.key";

struct SignOptions {
  std::string directory;
  std::string name;
  std::string log_key;
};

// The secret of the witness, made at the first time.
Result<ledger::NoteSigner::Seed> witness_seed(const std::string& directory) {
  sys::FileSystem& files = sys::real_file_system();
  if (Status made = files.create_directories(directory); !made) return made.error();
  const std::string path = sys::join_path(directory, kWitnessKeyFile);
  ledger::NoteSigner::Seed seed{};
  const Result<Bytes> kept = sys::read_file(files, path, seed.size());
  if (kept && kept->size() == seed.size()) {
    std::copy(kept->begin(), kept->end(), seed.begin());
    return seed;
  }
  if (kept) return Error{ErrorId::kCorrupt, path + " is damaged"};
  if (kept.error().id != ErrorId::kFileMissing) return kept.error();
  sys::real_random().fill(seed);
  if (Status written = sys::write_file_atomically(files, path, seed); !written) {
    return written.error();
  }
  return seed;
}

// The checkpoint that this witness cosigned last.
Result<std::optional<Checkpoint>> known_checkpoint(const std::string& path, const NoteKey& key) {
  const Result<Bytes> text = sys::read_file(sys::real_file_system(), path, ledger::kNoteBytesMax);
  if (!text && text.error().id == ErrorId::kFileMissing) return std::optional<Checkpoint>();
  if (!text) return text.error();
  const Result<SignedNote> note = ledger::parse_note(as_text(*text));
  if (!note) return Error{ErrorId::kCorrupt, path + " is damaged"};
  const Result<Checkpoint> known = ledger::open_checkpoint(*note, key);
  if (!known) return known.error();
  return std::optional(*known);
}

// Cosigns only what continues the checkpoint of before, and keeps it before it hands it out.
Result<SignedNote> cosigned(ApiClient& api, const WitnessedLog& log, const Signed& now,
                            const std::string& known_path, const ledger::NoteSigner& witness) {
  const auto known = known_checkpoint(known_path, now.key);
  if (!known) return known.error();
  ledger::Proof proof;
  const bool grows = *known && (*known)->size > 0 && (*known)->size < now.checkpoint.size;
  if (grows) {
    const Result<Json> answer =
        api.get(log.base + "/consistency?from=" + std::to_string((*known)->size) +
                "&to=" + std::to_string(now.checkpoint.size));
    if (!answer) return answer.error();
    Result<ledger::Proof> read = proof_of(*answer);
    if (!read) return read.error();
    proof = *std::move(read);
  }
  Result<ledger::NoteSignature> signature = ledger::witness_checkpoint(
      now.note, now.key, *known, proof, witness, sys::real_clock().now());
  if (!signature) return signature.error();
  if (Status kept = sys::write_file_atomically(sys::real_file_system(), known_path,
                                               as_bytes(now.note.encoded()));
      !kept) {
    return kept.error();
  }
  SignedNote note = now.note;
  note.signatures.push_back(*std::move(signature));
  return note;
}

int sign(ApiClient& api, const WitnessedLog& log, const SignOptions& options) {
  if (!ledger::is_key_name(options.name)) {
    return print_error({ErrorId::kUsage, "'" + options.name + "' is no name for a witness"});
  }
  const auto seed = witness_seed(options.directory);
  if (!seed) return print_error(seed.error());
  const ledger::NoteSigner witness(options.name, ledger::SignatureKind::kCosignature, *seed);
  const Result<Signed> now = signed_now(api, log.base, options.log_key);
  if (!now) return print_error(now.error());
  const auto note =
      cosigned(api, log, *now, sys::join_path(options.directory, log.known_file), witness);
  if (!note) return print_error(note.error());
  const Result<Json> taken = api.post(log.base + "/cosignatures", {{"note", note->encoded()}});
  if (!taken) {
    print_note("The key of this witness, for who runs the server: " + witness.key().text());
    return print_error(taken.error());
  }
  print_note("cosigned " + std::to_string(now->checkpoint.size) + " " + log.entries + " of " +
             now->checkpoint.origin);
  return kExitOk;
}

int list_witnesses(ApiClient& api, const WitnessedLog& log, Format format) {
  const Result<Json> list = api.get(log.base + "/witnesses");
  if (!list) return print_error(list.error());
  print_rows(format, kWitnessColumns, (*list)["items"]);
  return kExitOk;
}

}  // namespace

void add_witness_commands(Cli& cli, CLI::App* noun, const WitnessedLog& log) {
  CLI::App* witness = noun->add_subcommand("witness", "Others who cosign checkpoints");
  witness->require_subcommand(1);
  cli.on_data(witness->add_subcommand("ls", "Who they are and what each cosigned last"),
              [&cli, log](ApiClient& api) { return list_witnesses(api, log, cli.format()); });
  auto key = std::make_shared<std::string>();
  CLI::App* add = witness->add_subcommand("add", "Make a witness known");
  add->add_option("key", *key, "The key of the witness")->required();
  cli.on_api(add, [key, log](ApiClient& api) {
    const Result<Json> added = api.post(log.base + "/witnesses", {{"key", *key}});
    return added ? kExitOk : print_error(added.error());
  });
  auto name = std::make_shared<std::string>();
  CLI::App* remove = witness->add_subcommand("remove", "Forget a witness");
  remove->add_option("name", *name, "Its name")->required();
  cli.on_api(remove, [name, log](ApiClient& api) {
    const Result<Json> removed = api.remove(log.base + "/witnesses/" + url_encode(*name));
    return removed ? kExitOk : print_error(removed.error());
  });
  auto options = std::make_shared<SignOptions>();
  CLI::App* sign_command = witness->add_subcommand(
      "sign", "Be a witness: cosign " + log.name + " if it continues what was cosigned before");
  sign_command
      ->add_option("directory", options->directory,
                   "Where the witness keeps its key and what it cosigned last")
      ->required();
  sign_command->add_option("--name", options->name, "Of the witness, as witness.example")
      ->required();
  sign_command->add_option(
      "--key", options->log_key,
      "The key of " + log.name + ", as its owner told you; default: the server's word");
  cli.on_api(sign_command, [options, log](ApiClient& api) { return sign(api, log, *options); });
}

}  // namespace lineshaft::app
