// ledger/note.h: signed notes (C2SP signed-note): a short text and lines with Ed25519 signatures of
// it, which any implementation of the format can check. Pure functions; threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace lineshaft::ledger {

inline constexpr std::size_t kNoteBytesMax = 64 * 1024;
inline constexpr std::size_t kNoteSignaturesMax = 64;

enum class SignatureKind : std::uint8_t {
  kNote = 1,         // of the text alone
  kCosignature = 4,  // of a witness: of the text and the time (C2SP tlog-cosignature)
};

// Who signs: a name without blanks and plus signs, best one that looks like an address.
struct NoteKey {
  std::string name;
  SignatureKind kind = SignatureKind::kNote;
  std::array<std::uint8_t, 32> public_key{};

  std::uint32_t id() const;  // the first bytes of a hash of all three
  std::string text() const;  // "example.org/ledger+c74f20a3+ARpc2QcU..."
  // Errors: kInvalidArgument: no such text, or its id is not that of its key.
  static Result<NoteKey> parse(std::string_view text);

  friend bool operator==(const NoteKey&, const NoteKey&) = default;
};

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  Bytes signature;
};

struct SignedNote {
  std::string text;  // ends with a line feed
  std::vector<NoteSignature> signatures;

  std::string encoded() const;
};

// Errors: kInvalidArgument: not of the form of a signed note, or too large.
Result<SignedNote> parse_note(std::string_view encoded);

// Of a witness, when it signed; of others, the start of time. Nothing if no signature of `key` is
// among those of the note, or one is wrong.
std::optional<Timestamp> verify_note(const SignedNote& note, const NoteKey& key);

// A secret key; never printed, never logged.
class NoteSigner {
 public:
  using Seed = std::array<std::uint8_t, 32>;

  // Requires: `name` is one that a key may have.
  NoteSigner(std::string name, SignatureKind kind, const Seed& seed);
  ~NoteSigner();
  NoteSigner(const NoteSigner&) = delete;
  NoteSigner& operator=(const NoteSigner&) = delete;

  const NoteKey& key() const { return key_; }
  // `now` counts for a witness only. Requires: `text` ends with a line feed.
  NoteSignature sign(std::string_view text, Timestamp now) const;

 private:
  NoteKey key_;
  std::array<std::uint8_t, 64> secret_{};
};

// True if a key may have this name.
bool is_key_name(std::string_view name);

// RFC 4648 with padding.
std::string base64_text(ByteSpan bytes);
std::optional<Bytes> base64_bytes(std::string_view text);

}  // namespace lineshaft::ledger
