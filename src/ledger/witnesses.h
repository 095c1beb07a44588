// ledger/witnesses.h: other organisations that cosign the checkpoints of the ledger, and what each
// of them cosigned last. One small file a witness (docs/formats/ledger.md).
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ledger/checkpoint.h"
#include "sys/file.h"

namespace lineshaft::ledger {

struct Cosigned {
  SignedNote note;  // with the ledger's signature and the witness's, no others
  Checkpoint checkpoint;
  Timestamp time;  // when the witness signed
};

struct Witness {
  NoteKey key;
  std::optional<Cosigned> last;  // nothing yet
};

// Threads: any.
class Witnesses {
 public:
  Witnesses(sys::FileSystem& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  // By name. Errors: kIoError; kCorrupt, naming the file.
  Result<std::vector<Witness>> list() const;
  // Errors: kInvalidArgument: not the key of a witness; kConflict: one of this name is known; of
  // writing.
  Status add(const NoteKey& key);
  // Errors: kNotFound; of writing.
  Status remove(const std::string& name);

  // Keeps a checkpoint for each known witness who cosigned it, unless that one has cosigned a newer
  // one already. Gives back who cosigned it. Requires: `ledger` signed the note.
  // Errors: kVerificationFailed: none of them did; of writing.
  Result<std::vector<std::string>> keep(const SignedNote& note, const NoteKey& ledger);
  // The newest checkpoint that any of them cosigned, with the signatures of all who did.
  // Errors: kNotFound: there is none; of reading.
  Result<SignedNote> newest() const;
  // Adds the signatures of all whose last checkpoint has this text. What cannot be read is left
  // out.
  void add_signatures(SignedNote& note) const;

 private:
  std::string path_of(const NoteKey& key) const;
  Result<Witness> read(const std::string& path) const;
  Result<std::vector<Witness>> read_all() const;

  sys::FileSystem& files_;
  const std::string directory_;
  mutable std::mutex mutex_;  // guards the files
};

}  // namespace lineshaft::ledger
