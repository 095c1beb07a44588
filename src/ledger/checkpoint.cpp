#include "ledger/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"

namespace lineshaft::ledger {
namespace {

// Takes the first line off. Nothing if there is no line end.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

Error refused(std::string what) { return {ErrorId::kCheckpointRefused, std::move(what)}; }

}  // namespace

std::string Checkpoint::text() const {
  return origin + "\n" + std::to_string(size) + "\n" + base64_text(root) + "\n";
}

Result<Checkpoint> Checkpoint::parse(std::string_view text) {
  const Error bad{ErrorId::kInvalidArgument, "the note is no checkpoint of a ledger"};
  const std::optional<std::string_view> origin = take_line(text);
  if (!origin || origin->empty()) return bad;
  const std::optional<std::string_view> size = take_line(text);
  if (!size) return bad;
  const std::optional<std::string_view> root = take_line(text);
  if (!root) return bad;
  Checkpoint checkpoint;
  checkpoint.origin = std::string(*origin);
  const auto read = std::from_chars(size->data(), size->data() + size->size(), checkpoint.size);
  if (read.ec != std::errc() || std::to_string(checkpoint.size) != *size) return bad;
  const std::optional<Bytes> hash = base64_bytes(*root);
  if (!hash || hash->size() != checkpoint.root.size()) return bad;
  std::copy(hash->begin(), hash->end(), checkpoint.root.begin());
  return checkpoint;
}

SignedNote sign_checkpoint(const Checkpoint& checkpoint, const NoteSigner& signer) {
  LS_ASSERT(signer.key().kind == SignatureKind::kNote);
  SignedNote note;
  note.text = checkpoint.text();
  note.signatures.push_back(signer.sign(note.text, {}));
  return note;
}

Result<Checkpoint> open_checkpoint(const SignedNote& note, const NoteKey& key) {
  if (!verify_note(note, key)) {
    return Error{ErrorId::kVerificationFailed, "the checkpoint is not signed by " + key.text()};
  }
  Result<Checkpoint> checkpoint = Checkpoint::parse(note.text);
  if (checkpoint && key.kind == SignatureKind::kNote && checkpoint->origin != key.name) {
    return Error{ErrorId::kVerificationFailed, "the checkpoint is of " + checkpoint->origin +
                                                   " and not of " + key.name + ", who signed it"};
  }
  return checkpoint;
}

Result<NoteSignature> witness_checkpoint(const SignedNote& note, const NoteKey& ledger,
                                         const std::optional<Checkpoint>& known, const Proof& proof,
                                         const NoteSigner& witness, Timestamp now) {
  LS_ASSERT(witness.key().kind == SignatureKind::kCosignature);
  const Result<Checkpoint> opened = open_checkpoint(note, ledger);
  if (!opened) return opened.error();
  const std::string sizes =
      known ? std::to_string(opened->size) + " journals after " + std::to_string(known->size) : "";
  if (known && known->origin != opened->origin) return refused("it is of " + opened->origin);
  if (known && opened->size < known->size) return refused("it has fewer: " + sizes);
  if (known && opened->size == known->size && opened->root != known->root) {
    return refused("it has another root for the same " + std::to_string(known->size) + " journals");
  }
  if (known && known->size > 0 &&
      !verify_consistency(known->size, opened->size, proof, known->root, opened->root)) {
    return refused("the proof does not hold: " + sizes);
  }
  return witness.sign(note.text, now);
}

}  // namespace lineshaft::ledger
