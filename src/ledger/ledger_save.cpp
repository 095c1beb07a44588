// What the ledger writes beside its log: its key, checkpoints, snapshots.
#include <algorithm>
#include <shared_mutex>

#include "ledger/file_names.h"
#include "ledger/ledger.h"
#include "ledger/snapshot.h"
#include "ledger/source.h"

namespace lineshaft::ledger {

// --- the key ---

// The text of a new key, whose secret is on the disk.
Result<std::string> Ledger::make_key(sys::Random& random) {
  if (!is_key_name(options_.origin)) {
    return Error{ErrorId::kInvalidArgument, "'" + options_.origin + "' is no name for a ledger"};
  }
  NoteSigner::Seed seed{};
  random.fill(seed);
  if (Status kept = sys::write_file_atomically(files_, path_of(kSigningKeyFile), seed); !kept) {
    return std::move(kept).error();
  }
  return NoteSigner(options_.origin, SignatureKind::kNote, seed).key().text();
}

// The name of the ledger is in the verifier's key: it stays, whatever the options say later. A key
// that is lost is not replaced in silence: others know the old one.
void Ledger::load_key(sys::Random& random) {
  const auto trouble = [this](const Error& error) { key_trouble_ = error; };
  const Result<Bytes> known = sys::read_file(files_, path_of(kVerifierKeyFile), kNoteBytesMax);
  if (!known && known.error().id != ErrorId::kFileMissing) return trouble(known.error());
  if (!known) {
    // A first start that stopped half way may have left a secret that nobody used: a new one.
    const Result<std::string> made = make_key(random);
    if (!made) return trouble(made.error());
    if (Status kept =
            sys::write_file_atomically(files_, path_of(kVerifierKeyFile), as_bytes(*made));
        !kept) {
      return trouble(kept.error());
    }
    return load_key(random);
  }
  const Result<NoteKey> key = NoteKey::parse(as_text(*known));
  if (!key) return trouble({ErrorId::kCorrupt, path_of(kVerifierKeyFile) + " is damaged"});
  NoteSigner::Seed seed{};
  const Result<Bytes> secret = sys::read_file(files_, path_of(kSigningKeyFile), seed.size());
  if (!secret) return trouble(secret.error());
  if (secret->size() == seed.size()) std::copy(secret->begin(), secret->end(), seed.begin());
  auto signer = std::make_unique<NoteSigner>(key->name, SignatureKind::kNote, seed);
  if (signer->key() != *key) {
    return trouble({ErrorId::kCorrupt, path_of(kSigningKeyFile) + " is damaged"});
  }
  signer_ = std::move(signer);
}

std::optional<NoteKey> Ledger::key() const {
  if (!signer_) return std::nullopt;
  return signer_->key();
}

// --- checkpoints ---

Result<SignedNote> Ledger::checkpoint() {
  const std::lock_guard saving(saving_mutex_);
  if (!signer_) return *key_trouble_;
  Checkpoint now{signer_->key().name, 0, {}};
  {
    const std::shared_lock lock(mutex_);
    if (stopped_) return *stopped_;
    now.size = peaks_.size();
    now.root = peaks_.root();
  }
  SignedNote note = sign_checkpoint(now, *signer_);
  witnesses_.add_signatures(note);
  const std::string text = note.encoded();
  // Whoever looks at it often does not keep the disk busy.
  if (text == kept_note_) return note;
  if (Status kept = sys::write_file_atomically(files_, path_of(kCheckpointFile), as_bytes(text));
      !kept) {
    return std::move(kept).error();
  }
  kept_note_ = text;
  return note;
}

Result<std::vector<std::string>> Ledger::take_cosigned(const SignedNote& note) {
  if (!signer_) return *key_trouble_;
  const Result<Checkpoint> cosigned = open_checkpoint(note, signer_->key());
  if (!cosigned) return cosigned.error();
  const Result<Sha256> root = root_of(cosigned->size);
  if (!root) return root.error();
  if (*root != cosigned->root) {
    return Error{ErrorId::kVerificationFailed, "the checkpoint over " +
                                                   std::to_string(cosigned->size) +
                                                   " journals has another root than the ledger"};
  }
  return witnesses_.keep(note, signer_->key());
}

// What was signed must still be there: a log that was cut off or exchanged opens well by itself.
void Ledger::check_last_checkpoint() {
  const Result<Bytes> text = sys::read_file(files_, path_of(kCheckpointFile), kNoteBytesMax);
  if (!text || !signer_) return;
  const Result<SignedNote> note = parse_note(as_text(*text));
  if (!note) return;
  const Result<Checkpoint> signed_last = open_checkpoint(*note, signer_->key());
  if (!signed_last) return;
  if (signed_last->size > peaks_.size()) {
    return stop({ErrorId::kLedgerReadOnly, "journals from " + std::to_string(peaks_.size() + 1) +
                                               " to " + std::to_string(signed_last->size) +
                                               " are lost: the last checkpoint counts them"});
  }
  const Result<Sha256> root = root_of(signed_last->size);
  if (root && *root == signed_last->root) return;
  stop({ErrorId::kLedgerReadOnly, "at least one of the journals 1 to " +
                                      std::to_string(signed_last->size) +
                                      " is another than the one that was signed"});
}

// --- snapshots ---

Status Ledger::save_snapshot() {
  const std::lock_guard saving(saving_mutex_);
  Bytes bytes;
  {
    const std::unique_lock lock(mutex_);
    if (stopped_) return *stopped_;
    if (tree_.size() != node_count(peaks_.size())) {
      if (Status rebuilt = rebuild_tree(); !rebuilt) return rebuilt;
    }
    if (Status written = tree_.flush(); !written) return written;
    bytes = encode_snapshot(state_, peaks_);
  }
  if (Status synced = sync_tree(files_, path_of(kTreeFile)); !synced) return synced;
  // The name of the file of hashes must be there as long as the snapshot is.
  if (Status named = files_.sync_directory(options_.directory); !named) return named;
  return sys::write_file_atomically(files_, path_of(kSnapshotFile), bytes);
}

}  // namespace lineshaft::ledger
