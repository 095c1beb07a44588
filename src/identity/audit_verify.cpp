#include "identity/audit_verify.h"

#include <algorithm>

#include "base/hex.h"
#include "identity/audit_entry.h"
#include "identity/audit_rows.h"
#include "ledger/witnesses.h"

namespace lineshaft::identity {
namespace {

using ledger::Sha256;

Error failed(std::string what) { return {ErrorId::kVerificationFailed, std::move(what)}; }
std::string name_of(std::uint64_t id) { return "entry " + std::to_string(id); }

// What a damaged database says of itself is a finding too.
Error as_finding(const Error& error, std::uint64_t id) {
  if (error.id != ErrorId::kCorrupt) return error;
  return failed(name_of(id) + " cannot be read: " + error.what);
}

struct NumberedSeal {
  std::uint64_t id;
  Seal seal;
};

Result<std::vector<NumberedSeal>> seals_behind(records::Database& database, std::uint64_t after,
                                               std::uint64_t limit) {
  Result<records::Statement> select = database.prepare(
      "SELECT id, nodes, signature FROM audit_seals WHERE id > ?1 ORDER BY id LIMIT ?2");
  if (!select) return std::move(select).error();
  select->bind(static_cast<std::int64_t>(after), static_cast<std::int64_t>(limit));
  std::vector<NumberedSeal> seals;
  for (;;) {
    Result<bool> row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return seals;
    const auto id = static_cast<std::uint64_t>(select->int64(0));
    Result<std::vector<Sha256>> nodes = nodes_of_blob(select->blob(1));
    const ByteSpan signature = select->blob(2);
    NumberedSeal seal{id, {{}, Bytes(signature.begin(), signature.end())}};
    if (nodes) seal.seal.nodes = *std::move(nodes);
    seals.push_back(std::move(seal));
  }
}

}  // namespace

AuditVerifier::AuditVerifier(records::Database& database, std::vector<ledger::NoteKey> keys,
                             AuditKept kept)
    : database_(database), keys_(std::move(keys)), kept_(std::move(kept)) {}

Result<std::uint64_t> AuditVerifier::step(std::uint64_t count) {
  const std::uint64_t begin = checked();
  if (!began_) {
    Result<std::uint64_t> removed = removed_through(database_);
    if (!removed) return as_finding(removed.error(), 1);
    removed_ = *removed;
    began_ = true;
  }
  const auto entries = entries_behind(database_, begin, count);
  if (!entries) return as_finding(entries.error(), begin + 1);
  const auto seals = seals_behind(database_, begin, count);
  if (!seals) return as_finding(seals.error(), begin + 1);
  // Numbers run without gaps, so as many of them as were asked for cover what was read.
  std::uint64_t last = begin;
  if (!entries->empty()) last = std::max(last, entries->back().id);
  if (!seals->empty()) last = std::max(last, seals->back().id);
  last = std::min(last, begin + count);
  auto entry = entries->begin();
  auto seal = seals->begin();
  for (std::uint64_t id = begin + 1; id <= last; ++id) {
    const AuditEntry* const row = entry != entries->end() && entry->id == id ? &*entry++ : nullptr;
    const Seal* const sealed = seal != seals->end() && seal->id == id ? &(seal++)->seal : nullptr;
    if (Status good = take(id, row, sealed); !good) return std::move(good).error();
  }
  return checked() - begin;
}

Status AuditVerifier::take(std::uint64_t id, const AuditEntry* entry, const Seal* seal) {
  const std::string name = name_of(id);
  if (entry == nullptr && (seal == nullptr || id > removed_)) {
    // The hash of nothing: a number that was never given (audit_log.cpp, seal_old).
    const bool never_given =
        seal != nullptr && !seal->nodes.empty() && seal->nodes.front() == ledger::leaf_hash({});
    if (!never_given) return failed(name + " is missing");
  }
  if (seal == nullptr) return failed(name + " was added without a seal");
  if (seal->nodes.empty()) return failed(name + " has a damaged seal");
  if (entry != nullptr && entry_hash(*entry) != seal->nodes.front()) {
    return failed(name + " is another than the one that was sealed");
  }
  std::vector<Sha256> made;
  peaks_.append(seal->nodes.front(), made);
  if (made != seal->nodes) return failed(name + " does not follow from those before it");
  if (auto note = note_of_seal(*seal, id, peaks_.root(), keys_); !note) return note.error();
  return check_kept(id, made);
}

Status AuditVerifier::check_kept(std::uint64_t id, const std::vector<Sha256>& made) {
  const std::uint64_t first = ledger::node_count(id - 1);
  for (std::size_t level = 0; level < made.size(); ++level) {
    const auto known = kept_.nodes.find(first + level);
    if (known == kept_.nodes.end() || known->second == made[level]) continue;
    const std::uint64_t begin = id + 1 - (std::uint64_t{1} << level);
    return failed(entry_names(std::max(begin, good_mark_ + 1), id) +
                  " is another than the one that was kept elsewhere");
  }
  for (const AuditKept::Mark& mark : kept_.marks) {
    if (mark.checkpoint.size != id) continue;
    if (mark.checkpoint.root != peaks_.root()) {
      return failed(entry_names(good_mark_ + 1, id) + " is another than the one that " + mark.name +
                    " counts");
    }
    good_mark_ = id;
  }
  return {};
}

Status AuditVerifier::finish() {
  for (const AuditKept::Mark& mark : kept_.marks) {
    if (mark.checkpoint.size <= checked()) continue;
    return failed(name_of(checked() + 1) + " is missing: " + mark.name + " counts " +
                  std::to_string(mark.checkpoint.size));
  }
  return {};
}

Result<std::vector<AuditKept::Mark>> marks_beside(sys::FileSystem& files,
                                                  const std::string& directory,
                                                  const std::vector<ledger::NoteKey>& keys) {
  std::vector<AuditKept::Mark> marks;
  const std::string path = sys::join_path(directory, kAuditCheckpoint);
  const Result<Bytes> text = sys::read_file(files, path, ledger::kNoteBytesMax);
  if (!text && text.error().id != ErrorId::kFileMissing) return text.error();
  if (text) {
    const Result<ledger::SignedNote> note = ledger::parse_note(as_text(*text));
    if (!note) return failed(path + " is damaged");
    for (const ledger::NoteKey& key : keys) {
      if (auto opened = ledger::open_checkpoint(*note, key)) {
        marks.push_back({"the checkpoint", *opened});
        break;
      }
    }
    if (marks.empty()) return failed(path + " is not signed by a known key");
  }
  const ledger::Witnesses witnesses(files, sys::join_path(directory, kAuditWitnesses));
  const auto known = witnesses.list();
  if (!known) return known.error();
  for (const ledger::Witness& witness : *known) {
    if (witness.last)
      marks.push_back({"the witness " + witness.key.name, witness.last->checkpoint});
  }
  return marks;
}

Result<AuditVerified> verify_audit_directory(sys::FileSystem& files, const std::string& data,
                                             AuditKept kept) {
  constexpr std::uint64_t kStep = 1'000;
  const std::string path = sys::join_path(data, "records.db");
  if (!files.exists(path)) return Error{ErrorId::kFileMissing, path};
  const std::string directory = sys::join_path(data, kAuditDirectory);
  auto keys = read_verifier_keys(files, directory);
  if (!keys) return std::move(keys).error();
  if (keys->empty()) return failed("there is no key to verify with");
  auto marks = marks_beside(files, directory, *keys);
  if (!marks) return std::move(marks).error();
  kept.marks.insert(kept.marks.end(), marks->begin(), marks->end());
  auto database = records::Database::open(files, {.path = path, .check = false});
  if (!database) return std::move(database).error();
  AuditVerifier verifier(**database, *keys, std::move(kept));
  for (;;) {
    Result<std::uint64_t> done = verifier.step(kStep);
    if (!done) return std::move(done).error();
    if (*done == 0) break;
  }
  if (Status whole = verifier.finish(); !whole) return std::move(whole).error();
  return AuditVerified{verifier.checked(), verifier.removed(), hex_text(verifier.root()),
                       keys->back().text()};
}

}  // namespace lineshaft::identity
