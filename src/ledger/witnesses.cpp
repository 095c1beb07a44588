#include "ledger/witnesses.h"

#include <algorithm>
#include <array>

#include "base/hex.h"

namespace lineshaft::ledger {
namespace {

std::string id_text(const NoteKey& key) {
  Bytes id;
  ByteWriter(id).write_be(key.id());
  return hex_text(id);
}

// The signatures of these keys only: who else signed is nobody whom we know.
SignedNote signed_by(const SignedNote& note, const NoteKey& ledger, const NoteKey& witness) {
  SignedNote kept{note.text, {}};
  for (const NoteSignature& one : note.signatures) {
    for (const NoteKey* const key : {&ledger, &witness}) {
      if (one.name == key->name && one.key_id == key->id()) kept.signatures.push_back(one);
    }
  }
  return kept;
}

}  // namespace

std::string Witnesses::path_of(const NoteKey& key) const {
  return sys::join_path(directory_, id_text(key));
}

Result<Witness> Witnesses::read(const std::string& path) const {
  const Result<Bytes> bytes = sys::read_file(files_, path, 2 * kNoteBytesMax);
  if (!bytes) return bytes.error();
  const Error damaged{ErrorId::kCorrupt, path + " is damaged"};
  const std::string_view text = as_text(*bytes);
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return damaged;
  const Result<NoteKey> key = NoteKey::parse(text.substr(0, end));
  if (!key) return damaged;
  Witness witness{*key, {}};
  if (end + 1 == text.size()) return witness;
  Result<SignedNote> note = parse_note(text.substr(end + 1));
  if (!note) return damaged;
  const std::optional<Timestamp> time = verify_note(*note, *key);
  Result<Checkpoint> checkpoint = Checkpoint::parse(note->text);
  if (!time || !checkpoint) return damaged;
  witness.last = Cosigned{*std::move(note), *std::move(checkpoint), *time};
  return witness;
}

Result<std::vector<Witness>> Witnesses::read_all() const {
  std::vector<Witness> all;
  const Result<std::vector<std::string>> names = files_.list(directory_);
  if (!names && names.error().id == ErrorId::kFileMissing) return all;
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (name.find('.') != std::string::npos) continue;  // what a crash left
    Result<Witness> witness = read(sys::join_path(directory_, name));
    if (!witness) return std::move(witness).error();
    all.push_back(*std::move(witness));
  }
  std::ranges::sort(all, {}, [](const Witness& one) { return one.key.name; });
  return all;
}

Result<std::vector<Witness>> Witnesses::list() const {
  const std::lock_guard lock(mutex_);
  return read_all();
}

Status Witnesses::add(const NoteKey& key) {
  if (key.kind != SignatureKind::kCosignature) {
    return Error{ErrorId::kInvalidArgument, key.name + " is the key of a ledger, not of a witness"};
  }
  const std::lock_guard lock(mutex_);
  const Result<std::vector<Witness>> all = read_all();
  if (!all) return all.error();
  for (const Witness& known : *all) {
    if (known.key.name != key.name && known.key.id() != key.id()) continue;
    return Error{ErrorId::kConflict, "the witness " + known.key.name + " is known already"};
  }
  if (Status made = files_.create_directories(directory_); !made) return made;
  return sys::write_file_atomically(files_, path_of(key), as_bytes(key.text() + "\n"));
}

Status Witnesses::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const Result<std::vector<Witness>> all = read_all();
  if (!all) return all.error();
  for (const Witness& known : *all) {
    if (known.key.name != name) continue;
    if (Status gone = files_.remove(path_of(known.key)); !gone) return gone;
    return files_.sync_directory(directory_);
  }
  return Error{ErrorId::kNotFound, "there is no witness '" + name + "'"};
}

Result<std::vector<std::string>> Witnesses::keep(const SignedNote& note, const NoteKey& ledger) {
  const Result<Checkpoint> checkpoint = Checkpoint::parse(note.text);
  if (!checkpoint) return checkpoint.error();
  const std::lock_guard lock(mutex_);
  const Result<std::vector<Witness>> all = read_all();
  if (!all) return all.error();
  std::vector<std::string> names;
  for (const Witness& known : *all) {
    if (!verify_note(note, known.key)) continue;
    names.push_back(known.key.name);
    if (known.last && known.last->checkpoint.size > checkpoint->size) continue;
    const std::string text = known.key.text() + "\n" + signed_by(note, ledger, known.key).encoded();
    if (Status kept = sys::write_file_atomically(files_, path_of(known.key), as_bytes(text));
        !kept) {
      return std::move(kept).error();
    }
  }
  if (!names.empty()) return names;
  return Error{ErrorId::kVerificationFailed,
               "no witness that this ledger knows has cosigned the checkpoint"};
}

void Witnesses::add_signatures(SignedNote& note) const {
  const Result<std::vector<Witness>> all = list();
  if (!all) return;
  for (const Witness& known : *all) {
    if (!known.last || known.last->note.text != note.text || verify_note(note, known.key)) continue;
    for (const NoteSignature& one : known.last->note.signatures) {
      if (one.name == known.key.name) note.signatures.push_back(one);
    }
  }
}

Result<SignedNote> Witnesses::newest() const {
  const Result<std::vector<Witness>> all = list();
  if (!all) return all.error();
  const Cosigned* found = nullptr;
  for (const Witness& known : *all) {
    if (!known.last) continue;
    if (found == nullptr || known.last->checkpoint.size > found->checkpoint.size) {
      found = &*known.last;
    }
  }
  if (found == nullptr) return Error{ErrorId::kNotFound, "no witness has cosigned a checkpoint"};
  SignedNote note = found->note;
  add_signatures(note);
  return note;
}

}  // namespace lineshaft::ledger
