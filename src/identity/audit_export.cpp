#include "identity/audit_export.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "identity/audit_entry.h"

namespace lineshaft::identity {
namespace {

using ledger::Sha256;

constexpr std::string_view kTitle = "lineshaft-audit 1";

Error failed(std::string what) { return {ErrorId::kVerificationFailed, std::move(what)}; }

// The number in `,"id":17,` of a line: fields stand in the order of the alphabet, and a text cannot
// hold a quotation mark that is not escaped.
std::optional<std::uint64_t> id_of(std::string_view line) {
  constexpr std::string_view kField = ",\"id\":";
  const std::size_t at = line.find(kField);
  if (at == line.npos) return std::nullopt;
  const char* const begin = line.data() + at + kField.size();
  std::uint64_t id = 0;
  const auto [end, code] = std::from_chars(begin, line.data() + line.size(), id);
  if (code != std::errc() || end == line.data() + line.size() || *end != ',') return std::nullopt;
  return id;
}

// Grows a tree from single entries and whole subtrees; remembers the hashes it was told.
class PrunedTree {
 public:
  std::uint64_t size() const { return size_; }
  const TreeNodes& nodes() const { return nodes_; }

  // False: a subtree of that level cannot begin here.
  bool add(unsigned level, Sha256 hash) {
    if (level >= 63 || size_ % (std::uint64_t{1} << level) != 0) return false;
    const std::uint64_t width = std::uint64_t{1} << level;
    if (size_ > (std::uint64_t{1} << 62U)) return false;
    nodes_[ledger::node_position(level, size_ >> level)] = hash;
    size_ += width;
    while (!peaks_.empty() && peaks_.back().first == level) {
      hash = ledger::node_hash(peaks_.back().second, hash);
      peaks_.pop_back();
      ++level;
      nodes_[ledger::node_position(level, (size_ >> level) - 1)] = hash;
    }
    peaks_.emplace_back(level, hash);
    return true;
  }

  Sha256 root() const {
    if (peaks_.empty()) return ledger::empty_root();
    Sha256 root = peaks_.back().second;
    for (std::size_t i = peaks_.size() - 1; i-- > 0;) {
      root = ledger::node_hash(peaks_[i].second, root);
    }
    return root;
  }

 private:
  std::uint64_t size_ = 0;
  std::vector<std::pair<unsigned, Sha256>> peaks_;
  TreeNodes nodes_;
};

std::optional<Sha256> hash_of(std::string_view text) {
  const std::optional<Bytes> bytes = ledger::base64_bytes(text);
  Sha256 hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::ranges::copy(*bytes, hash.begin());
  return hash;
}

// "n 3 BASE64"
bool add_hidden(std::string_view line, PrunedTree& tree) {
  unsigned level = 0;
  const auto [end, code] = std::from_chars(line.data(), line.data() + line.size(), level);
  if (code != std::errc() || end == line.data() + line.size() || *end != ' ') return false;
  const auto hash = hash_of(line.substr(static_cast<std::size_t>(end - line.data()) + 1));
  return hash && tree.add(level, *hash);
}

Status add_line(std::string_view line, PrunedTree& tree, AuditExport& found,
                const std::function<void(std::string_view)>& shown) {
  const std::string name = "entry " + std::to_string(tree.size() + 1);
  if (line.starts_with("n ")) {
    if (add_hidden(line.substr(2), tree)) return {};
    return failed(name + " and what follows cannot be read");
  }
  if (!line.starts_with("e ")) return failed(name + " cannot be read");
  const std::size_t blank = std::min(line.find(' ', 2), line.size() - 1);
  const std::optional<Sha256> hash = hash_of(line.substr(2, blank - 2));
  line.remove_prefix(blank + 1);
  if (!hash) return failed(name + " cannot be read");
  if (id_of(line) != tree.size() + 1) return failed(name + " is missing");
  if (ledger::leaf_hash(as_bytes(line)) != *hash) {
    return failed(name + " is not what the hash beside it says");
  }
  if (!tree.add(0, *hash)) return failed(name + " cannot be read");
  ++found.shown;
  if (shown) shown(line);
  return {};
}

// Another trail, or another key: whatever the entries say, they are not those that were kept.
Status check_origin(const ledger::NoteKey& key, const AuditKnown& known) {
  for (const AuditKept::Mark& mark : known.kept.marks) {
    if (mark.checkpoint.origin == key.name) continue;
    return failed(mark.name + " is of " + mark.checkpoint.origin + ", not of " + key.name);
  }
  if (!known.key || *known.key == key) return {};
  return failed("it is signed by " + key.text() + ", not by " + known.key->text());
}

// Some checkpoint counts more entries than there are. Where the first `good` are not all of those
// that are here, one of the others may be the missing one, and those behind it moved up.
Status check_end(std::uint64_t size, std::uint64_t good, std::uint64_t wanted,
                 const std::string& who) {
  if (wanted <= size) return {};
  const std::string rest = " is missing: " + who + " counts " + std::to_string(wanted);
  if (good == size) return failed("entry " + std::to_string(size + 1) + rest);
  return failed(entry_names(good + 1, wanted) + rest);
}

// Everything that the lines by themselves do not tell. What was kept comes first: it names entries,
// where a signature that does not fit only says that something is wrong.
Status check_tree(const PrunedTree& tree, std::string_view note_text, const AuditKnown& known,
                  AuditExport& found) {
  const std::uint64_t size = tree.size();
  Result<AuditAgreement> agreement = compare_with_kept(size, tree.nodes(), known.kept);
  if (!agreement) return std::move(agreement).error();
  const std::uint64_t good = agreement->good;
  found.unclear = std::move(agreement->unclear);
  if (Status same = check_origin(found.key, known); !same) return same;
  Result<ledger::SignedNote> note = ledger::parse_note(note_text);
  if (!note) return failed("the checkpoint: " + note.error().what);
  Result<ledger::Checkpoint> checkpoint = ledger::open_checkpoint(*note, found.key);
  if (!checkpoint) return failed("the checkpoint: " + checkpoint.error().what);
  if (Status all = check_end(size, good, checkpoint->size, "the checkpoint"); !all) return all;
  for (const AuditKept::Mark& mark : known.kept.marks) {
    if (Status all = check_end(size, good, mark.checkpoint.size, mark.name); !all) return all;
  }
  if (checkpoint->size < size) {
    const std::uint64_t count = checkpoint->size;
    if (good >= count) {
      return failed("entry " + std::to_string(count + 1) + " is not covered by the checkpoint");
    }
    return failed(entry_names(good + 1, size) + " was added: the checkpoint counts " +
                  std::to_string(count));
  }
  if (checkpoint->root != tree.root()) {
    if (good == size) return failed("the checkpoint is not of these entries, which were kept");
    return failed(entry_names(good + 1, size) + " is another than the one that was signed");
  }
  found.note = *std::move(note);
  found.checkpoint = *std::move(checkpoint);
  return {};
}

std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string AuditExportWriter::begin(const std::string& key) const {
  return std::string(kTitle) + "\n" + key + "\n";
}

// The largest whole subtrees that fit.
Status AuditExportWriter::hide_until(std::uint64_t end, std::string& out) {
  while (done_ < end) {
    unsigned level = static_cast<unsigned>(std::bit_width(end - done_)) - 1;
    if (done_ != 0) level = std::min(level, static_cast<unsigned>(std::countr_zero(done_)));
    const Result<Sha256> hash = nodes_(ledger::node_position(level, done_ >> level));
    if (!hash) return hash.error();
    out += "n " + std::to_string(level) + " " + ledger::base64_text(*hash) + "\n";
    done_ += std::uint64_t{1} << level;
  }
  return {};
}

Status AuditExportWriter::show(const AuditEntry& entry, std::string& out) {
  LS_ASSERT(entry.id > done_ && entry.id <= size_);
  if (Status hidden = hide_until(entry.id - 1, out); !hidden) return hidden;
  const std::string line = entry_line(entry);
  out += "e " + ledger::base64_text(ledger::leaf_hash(as_bytes(line))) + " " + line + "\n";
  ++done_;
  return {};
}

Status AuditExportWriter::end(const ledger::SignedNote& note, std::string& out) {
  if (Status hidden = hide_until(size_, out); !hidden) return hidden;
  out += "\n" + note.encoded();
  return {};
}

Result<AuditExport> read_audit_export(std::string_view text,
                                      const std::function<void(std::string_view line)>& shown,
                                      const AuditKnown& known) {
  const auto title = take_line(text);
  if (!title || *title != kTitle) return failed("it is no export of an audit trail");
  const auto key_line = take_line(text);
  if (!key_line) return failed("the key is missing");
  const auto key = ledger::NoteKey::parse(*key_line);
  if (!key) return failed("the key: " + key.error().what);
  AuditExport found{.key = *key, .note = {}, .checkpoint = {}, .nodes = {}, .unclear = {}};
  PrunedTree tree;
  for (;;) {
    const auto line = take_line(text);
    if (line && line->empty()) break;
    Status added = line ? add_line(*line, tree, found, shown)
                        : failed("entry " + std::to_string(tree.size() + 1) + " is cut off");
    if (added) continue;
    // One before it may be wrong as well, which only another copy tells.
    const auto before = compare_with_kept(tree.size(), tree.nodes(), known.kept);
    return before ? std::move(added).error() : before.error();
  }
  if (Status good = check_tree(tree, text, known, found); !good) return std::move(good).error();
  found.nodes = tree.nodes();
  return found;
}

}  // namespace lineshaft::identity
