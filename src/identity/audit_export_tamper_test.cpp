// Somebody changes an export of the trail: bits, lines, whole parts, with hashes made to fit, with
// another signature, with an older or a foreign trail. Each is found, and the first bad entry is
// named as exactly as what the reader kept allows. Where it lies is told by comparing the lines of
// both texts, without a hash.
//
// As long as LINESHAFT_TORTURE_SECONDS says, from the seed LINESHAFT_TORTURE_SEED; else
// kTamperingsShort.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <random>

#include "base/torture_fixture.h"
#include "identity/audit_export.h"
#include "identity/audit_seals.h"
#include "identity/identity_fixture.h"

namespace lineshaft::identity {
namespace {

constexpr std::uint64_t kEntries = 24;
constexpr std::uint64_t kKeptEarly = 16;  // an export that was kept some time ago
constexpr std::uint64_t kMark = 8;        // a checkpoint that was kept before that
constexpr std::uint64_t kTamperingsShort = 3'000;

// An export, taken apart as docs/formats/audit.md says. Where it was cut off it is not `whole`.
struct Parts {
  std::string title;
  std::string key;
  std::vector<std::string> lines;
  std::string note;
  bool whole = false;

  std::string text() const {
    std::string text = title + "\n" + key + "\n";
    for (const std::string& line : lines) text += line + "\n";
    return text + "\n" + note;
  }
};

Parts take_apart(std::string_view text) {
  Parts parts;
  std::vector<std::string> head;
  while (!parts.whole) {
    const std::size_t end = text.find('\n');
    if (end == text.npos) break;
    if (end == 0 && head.size() >= 2) {
      parts.whole = true;
      parts.note = text.substr(1);
    }
    head.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  if (parts.whole) head.pop_back();
  if (!head.empty()) parts.title = head[0];
  if (head.size() > 1) parts.key = head[1];
  if (head.size() > 2) parts.lines.assign(head.begin() + 2, head.end());
  return parts;
}

// The number of the first entry that differs, or is missing, or too many; 0 if none.
std::uint64_t first_difference(const Parts& before, const Parts& after) {
  const auto differs = std::ranges::mismatch(before.lines, after.lines);
  const bool same = differs.in1 == before.lines.end() && differs.in2 == after.lines.end();
  if (same && after.whole) return 0;
  return static_cast<std::uint64_t>(differs.in2 - after.lines.begin()) + 1;
}

std::string entry_of(const std::string& line) { return line.substr(line.find('{')); }
std::string line_of(const std::string& entry) {
  return "e " + ledger::base64_text(ledger::leaf_hash(as_bytes(entry))) + " " + entry;
}
std::string numbered(std::string entry, std::uint64_t id) {
  const std::size_t at = entry.find(",\"id\":") + 6;
  return entry.replace(at, entry.find(',', at) - at, std::to_string(id));
}

// Who reads, and what he kept: how far single entries, and which checkpoints.
struct Reader {
  std::string name;
  AuditKnown known;
  std::uint64_t nodes = 0;
  std::vector<std::uint64_t> marks = {};
};

class AuditExportTamper : public IdentityFixture {
 protected:
  AuditExportTamper() {
    admin_ = claim().session.principal;
    fill(*identity_, admin_, "north");
    whole_ = take_apart(exports_.at(kEntries));
    early_ = take_apart(exports_.at(kKeptEarly));
    other_ = take_apart(foreign_trail());
    key_ = ledger::NoteKey::parse(whole_.key).value();
    make_readers();
  }

  void fill(Identity& identity, const Principal& admin, const std::string& where) {
    for (std::uint64_t i = 2; i <= kEntries; ++i) {
      clock_.pass(std::chrono::seconds(1));
      const std::string n = where + " " + std::to_string(i);
      EXPECT_TRUE(identity.trail().append(
          admin, {.action = "test." + n, .object = "object " + n, .before = "{}", .after = n}));
      exports_[i] = exported(identity, admin, {});
    }
  }
  static std::string exported(Identity& identity, const Principal& admin,
                              const AuditFilter& filter) {
    std::string text;
    const AuditPieces pieces = identity.trail().signed_export(admin, filter).value();
    for (;;) {
      const std::string piece = pieces().value();
      if (piece.empty()) return text;
      text += piece;
    }
  }
  // Of another server, as long as ours.
  std::string foreign_trail() {
    records::TestDirectory directory;
    const auto identity =
        Identity::open(
            records::Database::open(sys::real_file_system(), {.path = directory.file("records.db")})
                .value(),
            clock_, random_)
            .value();
    const auto claimed = identity->claim(claim_request(identity->issue_claim_code().value()));
    const std::map<std::uint64_t, std::string> ours = exports_;
    fill(*identity, claimed.value().session.principal, "south");
    const std::string text = exports_.at(kEntries);
    exports_ = ours;
    return text;
  }

  void make_readers() {
    readers_.push_back({"knows the key", {key_, {}}});
    Reader marks{"kept checkpoints", {key_, {}}, 0, {kMark, kEntries}};
    for (const std::uint64_t size : marks.marks) {
      const Parts parts = take_apart(exports_.at(size));
      marks.known.kept.marks.push_back(
          {"one kept",
           ledger::open_checkpoint(ledger::parse_note(parts.note).value(), key_).value()});
    }
    readers_.push_back(marks);
    for (const std::uint64_t size : {kKeptEarly, kEntries}) {
      const AuditExport kept = read_audit_export(exports_.at(size), {}).value();
      readers_.push_back({"kept an export of " + std::to_string(size),
                          {key_, {{{"the export", kept.checkpoint}}, kept.nodes}},
                          size,
                          {size}});
    }
    for (const Reader& reader : readers_) {
      const auto good = read_audit_export(whole_.text(), {}, reader.known);
      EXPECT_TRUE(good.ok()) << reader.name << ": " << good.error().text();
    }
  }

  std::uint64_t below(std::uint64_t bound) { return random64_() % bound; }

  // What is said of a text: "" if nothing, with the numbers of "entry 17 ..." or "one of the
  // entries 9 to 24 ...".
  struct Said {
    std::string text;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  static Said verdict(const std::string& text, const AuditKnown& known) {
    const auto read = read_audit_export(text, {}, known);
    if (read) return {};
    EXPECT_EQ(read.error().id, ErrorId::kVerificationFailed) << read.error().text();
    Said said{read.error().what};
    const auto number = [&](std::string_view before, std::uint64_t& out) {
      const std::size_t at = said.text.find(before);
      if (at == said.text.npos) return;
      std::from_chars(said.text.data() + at + before.size(), said.text.data() + said.text.size(),
                      out);
    };
    if (said.text.starts_with("entry ")) {
      number("entry ", said.first);
      said.last = said.first;
    } else if (said.text.starts_with("one of the entries ")) {
      number("entries ", said.first);
      number(" to ", said.last);
    }
    return said;
  }

  void edit(std::string& line);
  void number_from(Parts& parts, std::size_t at);
  void sign(Parts& parts, const ledger::NoteSigner& signer);
  ledger::NoteSigner stranger() const {
    return {key_.name, ledger::SignatureKind::kNote, ledger::NoteSigner::Seed{7}};
  }
  AuditKeys stolen() {
    return AuditKeys::open(sys::real_file_system(), directory_.file("audit"), random_).value();
  }

  struct Tampering {
    std::string name;
    std::string text;
    bool fits = false;      // each line fits its hash and its number: no line gives itself away
    bool in_place = false;  // nor does the first bad one, but the next one does
    std::uint64_t reader_min = 0;  // who can know of it at all
  };
  Tampering tamper();
  Tampering tamper_lines();
  Tampering tamper_with_hashes();
  Tampering tamper_with_signatures();
  void expect_found(const Tampering& done, const Reader& reader, const Said& said) const;

  Principal admin_;
  std::map<std::uint64_t, std::string> exports_;  // by how many entries there were
  Parts whole_;
  Parts early_;
  Parts other_;
  ledger::NoteKey key_;
  std::vector<Reader> readers_;  // those who know more come later
  std::mt19937_64 random64_;
};

void AuditExportTamper::edit(std::string& line) {
  static constexpr const char* kFields[] = {"actor",  "action", "object", "detail",  "address",
                                            "before", "after",  "door",   "request", "result"};
  std::string entry = entry_of(line);
  const std::string field = "\"" + std::string(kFields[below(std::size(kFields))]) + "\":\"";
  entry.insert(entry.find(field) + field.size(), 1, static_cast<char>('a' + below(26)));
  line = line_of(entry);
}

// Numbers and hashes from there on, as if nothing had happened.
void AuditExportTamper::number_from(Parts& parts, std::size_t at) {
  for (std::size_t i = at; i < parts.lines.size(); ++i) {
    parts.lines[i] = line_of(numbered(entry_of(parts.lines[i]), i + 1));
  }
}

void AuditExportTamper::sign(Parts& parts, const ledger::NoteSigner& signer) {
  ledger::Peaks peaks;
  for (const std::string& line : parts.lines) {
    peaks.append(ledger::leaf_hash(as_bytes(entry_of(line))));
  }
  parts.key = signer.key().text();
  const ledger::Checkpoint checkpoint{signer.key().name, peaks.size(), peaks.root()};
  parts.note = ledger::sign_checkpoint(checkpoint, signer).encoded();
}

// What somebody does who knows nothing of hashes.
AuditExportTamper::Tampering AuditExportTamper::tamper_lines() {
  Parts parts = whole_;
  auto& lines = parts.lines;
  const std::size_t at = below(kEntries);
  const std::size_t other = (at + 1 + below(kEntries - 1)) % kEntries;
  switch (below(7)) {
    case 0: {
      std::string text = parts.text();
      for (std::uint64_t bits = 1 + below(3); bits > 0; --bits) {
        const std::size_t byte = below(text.size());
        text[byte] = static_cast<char>(text[byte] ^ (1 << below(8)));
      }
      return {"bits flipped", text};
    }
    case 1:
      return {"cut off", parts.text().substr(0, below(parts.text().size()))};
    case 2:
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
      // Without its last one each line still fits.
      return {"deleted", parts.text(), at == kEntries - 1};
    case 3:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at + 1), lines[at]);
      return {"repeated", parts.text()};
    case 4:
      std::swap(lines[at], lines[other]);
      return {"exchanged", parts.text()};
    case 5:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), other_.lines[other]);
      return {"inserted from another trail", parts.text()};
    default:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), lines[at]);
      edit(lines[at]);
      return {"forged and put in between", parts.text(), false, true};
  }
}

// What somebody does who makes all numbers and hashes fit.
AuditExportTamper::Tampering AuditExportTamper::tamper_with_hashes() {
  Parts parts = whole_;
  auto& lines = parts.lines;
  const std::size_t at = below(kEntries);
  switch (below(5)) {
    case 0:
      edit(lines[at]);
      return {"edited, hashes made to fit", parts.text(), true};
    case 1:
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
      number_from(parts, at);
      return {"deleted, hashes made to fit", parts.text(), true};
    case 2:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), lines[below(kEntries)]);
      edit(lines[at]);
      number_from(parts, at);
      return {"inserted, hashes made to fit", parts.text(), true};
    case 3:
      std::swap(lines[at], lines[(at + 1 + below(kEntries - 1)) % kEntries]);
      number_from(parts, 0);
      return {"exchanged, hashes made to fit", parts.text(), true};
    default:
      for (std::size_t i = at; i < kEntries; i += 1 + below(kEntries)) lines[i] = other_.lines[i];
      return {"mixed with another trail", parts.text(), true};
  }
}

AuditExportTamper::Tampering AuditExportTamper::tamper_with_signatures() {
  Parts parts = whole_;
  auto& lines = parts.lines;
  const std::size_t at = below(kKeptEarly);
  switch (below(6)) {
    case 0:
      sign(parts, stranger());
      parts.key = whole_.key;
      return {"a checkpoint of another key", parts.text(), true};
    case 1:
      sign(parts, stranger());
      return {"signed anew with another key", parts.text(), true};
    case 2:
      edit(lines[at]);
      sign(parts, stranger());
      return {"written anew with another key", parts.text(), true};
    case 3:
      std::copy(other_.lines.begin() + static_cast<std::ptrdiff_t>(at), other_.lines.end(),
                lines.begin() + static_cast<std::ptrdiff_t>(at));
      parts.key = other_.key;
      parts.note = other_.note;
      return {"the end, key and checkpoint of another trail", parts.text(), true};
    case 4:
      if (below(2) == 0) {
        edit(lines[at]);
      } else {
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
        number_from(parts, at);
      }
      sign(parts, *stolen().signer);
      return {"written anew with the stolen key", parts.text(), true, false, 1};
    default:
      return {"rolled back to an old whole one", early_.text(), true, false, 1};
  }
}

AuditExportTamper::Tampering AuditExportTamper::tamper() {
  const std::uint64_t kind = below(18);
  if (kind < 7) return tamper_lines();
  return kind < 12 ? tamper_with_hashes() : tamper_with_signatures();
}

void AuditExportTamper::expect_found(const Tampering& done, const Reader& reader,
                                     const Said& said) const {
  const Parts after = take_apart(done.text);
  const std::uint64_t bad = first_difference(whole_, after);
  ASSERT_NE(said.text, "");
  const bool parses = ledger::NoteKey::parse(after.key).ok();
  if (after.title != whole_.title) {
    EXPECT_TRUE(said.text.starts_with("it is no export")) << "the title";
  } else if (!parses) {
    EXPECT_TRUE(said.text.starts_with("the key")) << "the line of the key";
  } else if (bad == 0 && after.key == whole_.key) {
    EXPECT_TRUE(said.text.starts_with("the checkpoint: ")) << "the checkpoint";
  } else if (const bool known = bad != 0 && (bad <= reader.nodes || !done.fits); known) {
    if (done.in_place && bad > reader.nodes) {
      EXPECT_GE(said.last, bad);
    } else {
      EXPECT_EQ(said.first, bad);
      EXPECT_EQ(said.last, bad);
    }
  } else {
    // The last checkpoint that holds, if a later one could be looked at.
    std::uint64_t good = 0;
    for (const std::uint64_t mark : reader.marks) {
      if (mark < bad) good = std::max(good, mark);
    }
    const bool reaches = std::ranges::any_of(reader.marks, [&](auto mark) { return mark >= bad; });
    if (after.key != whole_.key && (bad == 0 || !reaches)) {
      EXPECT_TRUE(said.text.starts_with("it is signed by ") ||
                  said.text.find(" is of ") != said.text.npos)
          << "another key";
      return;
    }
    EXPECT_EQ(said.first, good + 1) << "behind the last checkpoint that holds; bad is " << bad;
    EXPECT_GE(said.last, bad);
  }
}

TEST_F(AuditExportTamper, IsFoundAtTheFirstBadEntry) {
  const Torture torture;
  std::map<std::string, std::uint64_t> kinds;
  std::uint64_t count = 0;
  for (std::uint64_t round = 0; torture.wanted() ? !torture.is_over() : count < kTamperingsShort;
       ++round) {
    random64_.seed(Torture::seed(round));
    const Tampering done = tamper();
    if (done.text == whole_.text()) continue;  // two bits, of the same place
    std::uint64_t who = done.reader_min + below(readers_.size() - done.reader_min);
    // What was kept early does not say how it went on.
    if (done.name.starts_with("rolled back") && readers_[who].nodes == kKeptEarly) who = 3;
    const Said said = verdict(done.text, readers_[who].known);
    expect_found(done, readers_[who], said);
    ASSERT_FALSE(HasFailure()) << done.name << ", for one who " << readers_[who].name << ", seed "
                               << Torture::seed(round) << ", said: " << said.text;
    ++kinds[done.name];
    ++count;
  }
  EXPECT_EQ(kinds.size(), 18U);
  torture.report({{"audit_export_tamperings", count}});
}

// Of hidden entries there are hashes of whole subtrees only.
TEST_F(AuditExportTamper, OfHiddenEntriesIsFoundAndNoneBeforeIsBlamed) {
  const std::string text = exported(*identity_, admin_, {.object = "object north 1"});
  const Parts before = take_apart(text);
  const AuditKnown whole = readers_.back().known;
  ASSERT_TRUE(read_audit_export(text, {}, whole).ok());
  ASSERT_TRUE(std::ranges::any_of(before.lines, [](auto& line) { return line.starts_with("n "); }));
  for (std::size_t i = text.find("\nn ") + 1; i < text.find("\n\n"); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 7)));
    // The first entry of the line that was changed: each `n` stands for 2^level entries.
    std::uint64_t entry = 1;
    for (std::size_t line = 0; before.lines[line] == take_apart(changed).lines[line]; ++line) {
      const bool hidden = before.lines[line].starts_with("n ");
      entry += hidden ? std::uint64_t{1} << std::stoul(before.lines[line].substr(2)) : 1;
    }
    for (const AuditKnown& known : {AuditKnown{key_, {}}, whole}) {
      const Said said = verdict(changed, known);
      EXPECT_NE(said.text, "") << "byte " << i;
      EXPECT_GE(said.last, entry) << "byte " << i << ": " << said.text;
    }
  }
}

}  // namespace
}  // namespace lineshaft::identity
