// ledger/checkpoint.h: what a ledger says of itself at one moment (C2SP tlog-checkpoint), signed by
// it and by witnesses: other organisations who keep it and so hold the ledger to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ledger/merkle.h"
#include "ledger/note.h"

namespace lineshaft::ledger {

struct Checkpoint {
  std::string origin;      // the ledger's name for ever
  std::uint64_t size = 0;  // journals
  Sha256 root{};

  std::string text() const;  // three lines
  // Errors: kInvalidArgument. Further lines (extensions) are allowed and ignored.
  static Result<Checkpoint> parse(std::string_view text);

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

SignedNote sign_checkpoint(const Checkpoint& checkpoint, const NoteSigner& signer);

// The checkpoint of a note that `key` signed, if the note is of that key's ledger.
// Errors: kVerificationFailed: not signed by it, or by it for another origin; kInvalidArgument.
Result<Checkpoint> open_checkpoint(const SignedNote& note, const NoteKey& key);

// What a witness does with the checkpoint of somebody else's ledger. `known`: the last one that it
// cosigned; nothing at the first meeting. `proof`: that the new one continues it; empty if they are
// of the same size. The signature to hand back; the witness keeps the new checkpoint first,
// durably. Errors: kCheckpointRefused: smaller than the known one, or not its continuation: the
// ledger has two histories, and both checkpoints prove it; and of open_checkpoint.
Result<NoteSignature> witness_checkpoint(const SignedNote& note, const NoteKey& ledger,
                                         const std::optional<Checkpoint>& known, const Proof& proof,
                                         const NoteSigner& witness, Timestamp now);

}  // namespace lineshaft::ledger
