// app/tamper_fixture.h: changes an export in every way that hands can, and asks the command what it
// says, for tests.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/cli.h"
#include "ledger/export_fixture.h"

namespace lineshaft::app {

using ledger::Checkpoint;
using ledger::Journal;
using ledger::legs_of;
using ledger::NoteSigner;
using ledger::Parts;
using ledger::SignatureKind;
using ledger::SignedNote;

inline constexpr Timestamp kNoon{1'764'158'400'000'000'000};

// What the reader has besides the export.
struct Reader {
  bool has_key = true;
  std::string kept;  // a checkpoint
  std::vector<std::string> witnesses;
};

struct Tampering {
  Bytes bytes;
  std::string says;  // a part of the sentence
  Reader reader;
};

class TamperTest : public ledger::ExportTest {
 protected:
  TamperTest() : owner_(seed_of("/data/ledger/signing.key")) {}
  ~TamperTest() override { std::filesystem::remove_all(folder_); }

  NoteSigner::Seed seed_of(const std::string& path) {
    NoteSigner::Seed seed{};
    const Bytes secret = sys::read_file(disk_, path, seed.size()).value();
    std::copy(secret.begin(), secret.end(), seed.begin());
    return seed;
  }

  struct Said {
    int exit = -1;
    std::string text;
  };
  // The command itself, as a person calls it.
  Said verified(const Bytes& bytes, const Reader& reader) {
    const auto keep = [&](const char* name, std::string_view text) {
      const std::string path = folder_ + "/" + name;
      std::ofstream(path, std::ios::binary) << text;
      return path;
    };
    std::vector<std::string> words{"lineshaft", "ledger", "verify", keep("export", as_text(bytes))};
    if (reader.has_key) words.insert(words.end(), {"--key", key_.text()});
    if (!reader.kept.empty()) {
      words.insert(words.end(), {"--checkpoint", keep("kept", reader.kept)});
    }
    for (const std::string& witness : reader.witnesses) {
      words.insert(words.end(), {"--witness", witness});
    }
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int exit = run_cli(static_cast<int>(arguments.size()), arguments.data());
    static_cast<void>(testing::internal::GetCapturedStdout());
    return {exit, testing::internal::GetCapturedStderr()};
  }

  void add(const std::string& name, Bytes bytes, std::string says, Reader reader = {}) {
    const bool is_new =
        kinds_.emplace(name, Tampering{std::move(bytes), std::move(says), std::move(reader)})
            .second;
    EXPECT_TRUE(is_new) << name;
  }
  void add(const std::string& name, const Parts& parts, std::string says, Reader reader = {}) {
    add(name, put_together(parts), std::move(says), std::move(reader));
  }
  // All kinds so far, each of which is another file.
  void check() {
    ASSERT_EQ(verified(bytes_, {}).exit, kExitOk);
    std::set<std::pair<Bytes, std::string>> seen{{bytes_, ""}};
    for (const auto& [name, kind] : kinds_) {
      std::string besides = (kind.reader.has_key ? "" : "no key") + kind.reader.kept;
      for (const std::string& witness : kind.reader.witnesses) besides += witness;
      EXPECT_TRUE(seen.emplace(kind.bytes, besides).second) << name << " is another's file";
      const Said said = verified(kind.bytes, kind.reader);
      EXPECT_EQ(said.exit, 7) << name << ": " << said.text;
      EXPECT_THAT(said.text, testing::HasSubstr(kind.says)) << name;
    }
    total_ += kinds_.size();
    kinds_.clear();
  }

  // --- hands ---

  static std::size_t begin_of(const Parts& parts, std::size_t entry) {
    std::size_t at = 12;
    for (std::size_t i = 1; i < entry; ++i) at += 36 + parts.entries[i - 1].size();
    return at;
  }
  Bytes with_byte(std::size_t at, std::uint8_t value) const {
    Bytes bytes = bytes_;
    bytes[at] = value;
    return bytes;
  }
  Bytes cut(std::size_t size) const {
    return {bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size)};
  }
  // Changes the bytes of an entry, mends the hash beside it.
  Parts raw(std::size_t entry, const std::function<void(Bytes&)>& change) const {
    Parts parts = parts_;
    change(parts.entries[entry - 1]);
    parts.hashes[entry - 1] = ledger::leaf_hash(parts.entries[entry - 1]);
    return parts;
  }
  static void remove(Parts& parts, std::size_t entry) {
    const auto at = static_cast<std::ptrdiff_t>(entry - 1);
    parts.entries.erase(parts.entries.begin() + at);
    parts.hashes.erase(parts.hashes.begin() + at);
  }
  // As entry `entry`; the others move up.
  static void insert(Parts& parts, std::size_t entry, const Bytes& bytes) {
    const auto at = static_cast<std::ptrdiff_t>(entry - 1);
    parts.entries.insert(parts.entries.begin() + at, bytes);
    parts.hashes.insert(parts.hashes.begin() + at, ledger::leaf_hash(bytes));
  }
  static void exchange(Parts& parts, std::size_t a, std::size_t b) {
    std::swap(parts.entries[a - 1], parts.entries[b - 1]);
    std::swap(parts.hashes[a - 1], parts.hashes[b - 1]);
  }
  // A posting that the rules allow at the end of these entries.
  Bytes forged(const std::string& key) const {
    Journal journal = ledger::post_of(key, {{1, 7}, {3, -7}});
    Journal last;
    EXPECT_TRUE(ledger::decode_journal(parts_.entries.back(), last).ok());
    journal.recorded = last.recorded;
    Bytes bytes;
    ledger::encode_journal(journal, bytes);
    return bytes;
  }
  static ledger::Peaks tree_of(const Parts& parts) {
    ledger::Peaks peaks;
    for (const ledger::Sha256& hash : parts.hashes) peaks.append(hash);
    return peaks;
  }
  // What the owner signs who has the key and wants to deceive.
  Parts signed_by_owner(Parts parts) const {
    const ledger::Peaks peaks = tree_of(parts);
    parts.note = owner_note(peaks.size(), peaks.root());
    return parts;
  }
  std::string owner_note(std::uint64_t size, const ledger::Sha256& root) const {
    return sign_checkpoint({key_.name, size, root}, owner()).encoded();
  }
  NoteSigner owner(const std::string& name = "example.org/ledger") const {
    return NoteSigner(name, SignatureKind::kNote, owner_);
  }
  static NoteSigner stranger(const std::string& name = "example.org/ledger") {
    NoteSigner::Seed seed{};
    seed.fill(9);
    return NoteSigner(name, SignatureKind::kNote, seed);
  }
  static NoteSigner witness(std::uint8_t byte = 1) {
    NoteSigner::Seed seed{};
    seed.fill(byte);
    return NoteSigner("witness.example", SignatureKind::kCosignature, seed);
  }
  Parts with_note(const std::string& note) const {
    Parts parts = parts_;
    parts.note = note;
    return parts;
  }
  Parts with_signatures(const std::function<void(SignedNote&)>& change) const {
    SignedNote note = ledger::parse_note(parts_.note).value();
    change(note);
    return with_note(note.encoded());
  }
  std::string replaced(std::string text, const std::string& from, const std::string& to) const {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }

  std::string folder_ = [] {
    std::string path = testing::TempDir() + "lineshaft-tamper-XXXXXX";
    LS_ASSERT(mkdtemp(path.data()) != nullptr);
    return path;
  }();
  const NoteSigner::Seed owner_;
  std::map<std::string, Tampering> kinds_;
  std::size_t total_ = 0;
};

}  // namespace lineshaft::app
