// app/commands/witness.h: what the ledger and the audit trail share: the server's signed word
// checked here, and witnesses who cosign it.
#pragma once

#include <string>

#include "app/cli.h"
#include "ledger/checkpoint.h"

namespace lineshaft::app {

// A short text of the API.
Result<std::string> get_text(ApiClient& api, const std::string& path);

// Hashes in answers. Errors: kInternal.
Result<Bytes> bytes_of(const Json& hex);
Result<ledger::Sha256> hash_of(const Json& hex);
Result<ledger::Proof> proof_of(const Json& answer);

struct Signed {
  ledger::SignedNote note;
  ledger::Checkpoint checkpoint;
  ledger::NoteKey key;
};

// The server's checkpoint, checked with the key that the reader has, or else the server's word.
// `base`: "/ledger", "/audit".
Result<Signed> signed_now(ApiClient& api, const std::string& base, const std::string& key_text);

struct WitnessedLog {
  std::string base;        // of its routes
  std::string name;        // "the ledger"
  std::string entries;     // "journals"
  std::string known_file;  // in the directory of a witness: the checkpoint cosigned last
};

// witness ls, add, remove, sign.
void add_witness_commands(Cli& cli, CLI::App* noun, const WitnessedLog& log);

}  // namespace lineshaft::app
