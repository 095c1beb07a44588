#include "identity/audit_seals.h"

#include <algorithm>
#include <bit>

#include "base/hex.h"

namespace lineshaft::identity {
namespace {

using ledger::NoteKey;
using ledger::NoteSigner;
using ledger::Sha256;

constexpr std::size_t kHashBytes = sizeof(Sha256);
constexpr std::size_t kSignatureBytes = 4 + 64;

std::string new_name(sys::Random& random) {
  std::array<std::uint8_t, 6> bytes{};
  random.fill(bytes);
  return "lineshaft-" + hex_text(bytes) + "/audit";
}

std::unique_ptr<NoteSigner> signer_of(const Bytes& secret, const NoteKey& key) {
  NoteSigner::Seed seed{};
  if (secret.size() != seed.size()) return nullptr;
  std::ranges::copy(secret, seed.begin());
  auto signer = std::make_unique<NoteSigner>(key.name, ledger::SignatureKind::kNote, seed);
  return signer->key() == key ? std::move(signer) : nullptr;
}

// The secret first: one that nobody verifies with is replaced at the next start.
Status add_key(sys::FileSystem& files, const std::string& directory, sys::Random& random,
               AuditKeys& keys) {
  NoteSigner::Seed seed{};
  random.fill(seed);
  const std::string name = keys.known.empty() ? new_name(random) : keys.known.back().name;
  keys.signer = std::make_unique<NoteSigner>(name, ledger::SignatureKind::kNote, seed);
  keys.replaced = !keys.known.empty();
  keys.known.push_back(keys.signer->key());
  if (Status kept =
          sys::write_file_atomically(files, sys::join_path(directory, kAuditSigningKey), seed);
      !kept) {
    return kept;
  }
  std::string lines;
  for (const NoteKey& key : keys.known) lines += key.text() + "\n";
  return sys::write_file_atomically(files, sys::join_path(directory, kAuditVerifierKeys),
                                    as_bytes(lines));
}

}  // namespace

Result<std::vector<NoteKey>> read_verifier_keys(sys::FileSystem& files,
                                                const std::string& directory) {
  const std::string path = sys::join_path(directory, kAuditVerifierKeys);
  const Result<Bytes> bytes = sys::read_file(files, path, ledger::kNoteBytesMax);
  if (!bytes) return bytes.error();
  std::vector<NoteKey> keys;
  std::string_view text = as_text(*bytes);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const Result<NoteKey> key = NoteKey::parse(text.substr(0, end));
    if (!key) return Error{ErrorId::kCorrupt, path + " is damaged"};
    keys.push_back(*key);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return keys;
}

Result<AuditKeys> AuditKeys::open(sys::FileSystem& files, const std::string& directory,
                                  sys::Random& random) {
  if (Status made = files.create_directories(directory); !made) return std::move(made).error();
  AuditKeys keys;
  Result<std::vector<NoteKey>> known = read_verifier_keys(files, directory);
  if (known) {
    keys.known = *std::move(known);
  } else if (known.error().id == ErrorId::kCorrupt) {
    // The server starts all the same; what nobody can verify any more is found by verifying.
    const std::string path = sys::join_path(directory, kAuditVerifierKeys);
    if (Status aside = files.rename(path, path + ".damaged"); !aside)
      return std::move(aside).error();
  } else if (known.error().id != ErrorId::kFileMissing) {
    return std::move(known).error();
  }
  const Result<Bytes> secret =
      sys::read_file(files, sys::join_path(directory, kAuditSigningKey), kHashBytes);
  if (secret && !keys.known.empty()) keys.signer = signer_of(*secret, keys.known.back());
  if (keys.signer) return keys;
  if (Status made = add_key(files, directory, random, keys); !made) return std::move(made).error();
  return keys;
}

Result<std::uint64_t> count_seals(records::Database& database) {
  Result<records::Statement> select =
      database.prepare("SELECT coalesce(max(id), 0) FROM audit_seals");
  if (!select) return std::move(select).error();
  select->bind();
  if (Result<bool> row = select->step(); !row) return std::move(row).error();
  return static_cast<std::uint64_t>(select->int64(0));
}

Result<std::vector<Sha256>> nodes_of_blob(ByteSpan blob) {
  if (blob.empty() || blob.size() % kHashBytes != 0) {
    return Error{ErrorId::kCorrupt, "the hashes of an entry of the audit trail are damaged"};
  }
  std::vector<Sha256> nodes(blob.size() / kHashBytes);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    std::ranges::copy(blob.subspan(i * kHashBytes, kHashBytes), nodes[i].begin());
  }
  return nodes;
}

Result<Seal> read_seal(records::Database& database, std::uint64_t id) {
  Result<records::Statement> select =
      database.prepare("SELECT nodes, signature FROM audit_seals WHERE id = ?1");
  if (!select) return std::move(select).error();
  select->bind(static_cast<std::int64_t>(id));
  Result<bool> row = select->step();
  if (!row) return std::move(row).error();
  if (!*row) {
    return Error{ErrorId::kCorrupt,
                 "entry " + std::to_string(id) + " of the audit trail is not sealed"};
  }
  Result<std::vector<Sha256>> nodes = nodes_of_blob(select->blob(0));
  if (!nodes) return std::move(nodes).error();
  const ByteSpan signature = select->blob(1);
  return Seal{*std::move(nodes), Bytes(signature.begin(), signature.end())};
}

// The leaf that made the hash has the seal it stands in.
ledger::Nodes seal_nodes(records::Database& database) {
  return [&database](std::uint64_t position) -> Result<Sha256> {
    std::uint64_t low = 0;  // node_count(low) <= position < node_count(high)
    std::uint64_t high = position + 1;
    while (high - low > 1) {
      const std::uint64_t middle = low + (high - low) / 2;
      (ledger::node_count(middle) <= position ? low : high) = middle;
    }
    Result<Seal> seal = read_seal(database, low + 1);
    if (!seal) return std::move(seal).error();
    const std::uint64_t slot = position - ledger::node_count(low);
    if (slot < seal->nodes.size()) return seal->nodes[static_cast<std::size_t>(slot)];
    return Error{ErrorId::kCorrupt, "a hash of the audit trail is missing"};
  };
}

Result<ledger::SignedNote> note_of_seal(const Seal& seal, std::uint64_t size, const Sha256& root,
                                        const std::vector<NoteKey>& keys) {
  const Error unsigned_entry{ErrorId::kVerificationFailed,
                             "entry " + std::to_string(size) + " is not signed by a known key"};
  if (seal.signature.size() != kSignatureBytes) return unsigned_entry;
  std::uint32_t key_id = 0;
  for (std::size_t i = 0; i < 4; ++i) key_id = key_id << 8U | seal.signature[i];
  for (const NoteKey& key : keys) {
    if (key.id() != key_id) continue;
    ledger::SignedNote note;
    note.text = ledger::Checkpoint{key.name, size, root}.text();
    note.signatures.push_back(
        {key.name, key_id, Bytes(seal.signature.begin() + 4, seal.signature.end())});
    if (ledger::verify_note(note, key)) return note;
  }
  return unsigned_entry;
}

Result<std::uint64_t> AuditSeals::next_id() {
  Result<std::uint64_t> count = count_seals(database_);
  if (!count) return count;
  if (peaks_.size() != *count) {
    std::vector<Sha256> hashes;
    std::uint64_t begin = 0;
    const ledger::Nodes nodes = seal_nodes(database_);
    for (std::uint64_t bit = std::bit_floor(*count); bit != 0; bit >>= 1U) {
      if ((*count & bit) == 0) continue;
      const auto level = static_cast<unsigned>(std::countr_zero(bit));
      Result<Sha256> hash = nodes(ledger::node_position(level, begin >> level));
      if (!hash) return std::move(hash).error();
      hashes.push_back(*hash);
      begin += bit;
    }
    peaks_ = ledger::Peaks(*count, std::move(hashes));
  }
  return *count + 1;
}

Status AuditSeals::seal(std::uint64_t id, const Sha256& leaf) {
  LS_ASSERT(id == peaks_.size() + 1);
  std::vector<Sha256> made;
  peaks_.append(leaf, made);
  const NoteSigner& signer = *keys_.signer;
  const ledger::SignedNote note =
      ledger::sign_checkpoint({signer.key().name, peaks_.size(), peaks_.root()}, signer);
  Bytes nodes;
  for (const Sha256& hash : made) nodes.insert(nodes.end(), hash.begin(), hash.end());
  Bytes signature;
  ByteWriter(signature).write_be(signer.key().id());
  const Bytes& raw = note.signatures.front().signature;
  signature.insert(signature.end(), raw.begin(), raw.end());
  return database_.run("INSERT INTO audit_seals (id, nodes, signature) VALUES (?1, ?2, ?3)",
                       static_cast<std::int64_t>(id), ByteSpan(nodes), ByteSpan(signature));
}

}  // namespace lineshaft::identity
