// identity/audit_seals.h: what makes the trail provable: beside each entry the hashes of the Merkle
// tree that it completes, and a signature of the whole tree up to it. Kept in one transaction with
// the entry, so that a crash leaves both or neither (docs/formats/audit.md).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ledger/checkpoint.h"
#include "ledger/merkle.h"
#include "records/database.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace lineshaft::identity {

inline constexpr const char* kAuditDirectory = "audit";  // beside records.db
inline constexpr const char* kAuditSigningKey = "signing.key";
inline constexpr const char* kAuditVerifierKeys = "verifier.key";
inline constexpr const char* kAuditCheckpoint = "checkpoint";
inline constexpr const char* kAuditWitnesses = "witnesses";

// The key that signs, and all that ever signed: one that was lost is replaced, and stays known.
struct AuditKeys {
  std::unique_ptr<ledger::NoteSigner> signer;
  std::vector<ledger::NoteKey> known;  // the last one signs
  bool replaced = false;               // another one signed before

  // Reads or makes them. Damaged ones are set aside. Errors: kIoError, kDiskFull.
  static Result<AuditKeys> open(sys::FileSystem& files, const std::string& directory,
                                sys::Random& random);
};
// Only those that verify. Errors: kFileMissing, kIoError; kCorrupt: a line is no key.
Result<std::vector<ledger::NoteKey>> read_verifier_keys(sys::FileSystem& files,
                                                        const std::string& directory);

struct Seal {
  std::vector<ledger::Sha256> nodes;  // the leaf first; as ledger::Peaks::append makes them
  Bytes signature;                    // key id (4 bytes, big-endian), Ed25519 (64 bytes)
};

// The note that a seal stands for: the checkpoint over the first `size` entries.
Result<ledger::SignedNote> note_of_seal(const Seal& seal, std::uint64_t size,
                                        const ledger::Sha256& root,
                                        const std::vector<ledger::NoteKey>& keys);

// --- reading, over any connection ---
Result<std::uint64_t> count_seals(records::Database& database);
// Errors: kCorrupt: it is missing, or of no such form.
Result<Seal> read_seal(records::Database& database, std::uint64_t id);
Result<std::vector<ledger::Sha256>> nodes_of_blob(ByteSpan blob);
ledger::Nodes seal_nodes(records::Database& database);

// Threads: the owner guards it together with the database.
class AuditSeals {
 public:
  AuditSeals(records::Database& database, AuditKeys keys)
      : database_(database), keys_(std::move(keys)) {}

  // The number of the next entry. Looks at the disk, because what was sealed may have been rolled
  // back since.
  Result<std::uint64_t> next_id();
  // In the caller's transaction. Requires: `id` is what next_id() said.
  Status seal(std::uint64_t id, const ledger::Sha256& leaf);

  const AuditKeys& keys() const { return keys_; }

 private:
  records::Database& database_;
  AuditKeys keys_;
  ledger::Peaks peaks_;
};

}  // namespace lineshaft::identity
