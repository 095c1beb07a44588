#include "vault/master_key.h"

#include <sodium.h>

#include "base/log.h"
#include "sys/pkcs11.h"
#include "vault/seal.h"
#include "vault/wipe.h"

namespace lineshaft::vault {
namespace {

constexpr std::size_t kTextBytesMax = 4096;
constexpr const char* kTokenBound = "lineshaft master 1";

Error wrong(std::string what) { return {ErrorId::kBadConfig, std::move(what)}; }

std::string new_path(const MasterSettings& settings) { return settings.file + ".new"; }

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

// 64 hexadecimal digits, or base64.
Result<SecretBytes> key_of_text(const std::string& text, const std::string& where) {
  SecretBytes key(kKeyBytes);
  std::size_t length = 0;
  if (text.size() == 2 * kKeyBytes &&
      sodium_hex2bin(key.data(), key.size(), text.data(), text.size(), nullptr, &length, nullptr) ==
          0 &&
      length == kKeyBytes) {
    return key;
  }
  Result<Bytes> bytes = base64_bytes(text);
  if (!bytes || bytes->size() != kKeyBytes) {
    return wrong(where + ": is no master key: 64 hexadecimal digits, or 43 characters of base64");
  }
  SecretBytes from_base64{ByteSpan(*bytes)};
  sodium_memzero(bytes->data(), bytes->size());
  return from_base64;
}

Result<std::string> ask(const MasterSettings& settings, const char* what) {
  if (!settings.ask) return wrong(std::string("vault: nobody to ask for the ") + what);
  return settings.ask(what);
}

Result<SecretBytes> read_master_file(sys::FileSystem& files, const std::string& path) {
  Result<Bytes> bytes = sys::read_file(files, path, kTextBytesMax);
  if (!bytes) {
    if (bytes.error().id != ErrorId::kFileMissing) return bytes.error();
    return wrong("vault.master_key_file: there is no " + path +
                 ", the master key that the secrets of this data directory are sealed under");
  }
  std::string text = trimmed(as_text(*bytes));
  Result<SecretBytes> key = key_of_text(text, path);
  sodium_memzero(bytes->data(), bytes->size());
  sodium_memzero(text.data(), text.size());
  return key;
}

Result<SecretBytes> key_of_passphrase(const MasterSettings& settings, const MasterNote& note) {
  Result<std::string> passphrase = ask(settings, "passphrase");
  if (!passphrase) return passphrase.error();
  if (passphrase->empty()) return wrong("vault: the passphrase is empty");
  if (note.salt.size() != crypto_pwhash_SALTBYTES) return wrong("vault: keys.json has no salt");
  SecretBytes key(kKeyBytes);
  const int done =
      crypto_pwhash(key.data(), key.size(), passphrase->data(), passphrase->size(),
                    note.salt.data(), note.passes, note.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  sodium_memzero(passphrase->data(), passphrase->size());
  if (done == 0) return key;
  return Error{ErrorId::kInternal, "there is no memory to stretch the passphrase"};
}

Result<std::unique_ptr<sys::Token>> open_token(const MasterSettings& settings) {
  Result<std::string> pin = ask(settings, "pin");
  if (!pin) return pin.error();
  auto token = sys::Token::open({settings.module, settings.token, settings.key_label}, *pin);
  sodium_memzero(pin->data(), pin->size());
  return token;
}

Status make_master_file(sys::FileSystem& files, const MasterSettings& settings,
                        const SecretBytes& key) {
  const std::string path = files.exists(settings.file) ? new_path(settings) : settings.file;
  std::string text = base64_text(key.span()) + "\n";
  Status kept = sys::write_file_atomically(files, path, as_bytes(text));
  sodium_memzero(text.data(), text.size());
  return kept;
}

}  // namespace

Result<Master> make_master(sys::FileSystem& files, sys::Clock& clock, sys::Random& random,
                           const MasterSettings& settings, MasterTurn turn) {
  Master made;
  made.note.source = settings.source;
  made.note.since = clock.now();
  if (settings.source == "credential") {
    Result<std::string> text = ask(settings, "master-key");
    if (!text) return text.error();
    Result<SecretBytes> key = key_of_text(trimmed(*text), "the credential");
    sodium_memzero(text->data(), text->size());
    if (!key) return key.error();
    made.key = *std::move(key);
    return made;
  }
  if (settings.source == "passphrase") {
    made.note.salt.resize(crypto_pwhash_SALTBYTES);
    random.fill(made.note.salt);
    made.note.passes = settings.passes;
    made.note.memory_bytes = settings.memory_bytes;
    Result<SecretBytes> key = key_of_passphrase(settings, made.note);
    if (!key) return key.error();
    made.key = *std::move(key);
    return made;
  }
  if (settings.source == "file" && turn == MasterTurn::kFirst && files.exists(settings.file)) {
    Result<SecretBytes> key = read_master_file(files, settings.file);
    if (!key) return key.error();
    made.key = *std::move(key);
    return made;
  }
  made.key = SecretBytes(kKeyBytes);
  random.fill(made.key.span());
  if (settings.source == "pkcs11") {
    const auto token = open_token(settings);
    if (!token) return token.error();
    Result<Bytes> sealed = (*token)->seal(made.key.span(), as_bytes(kTokenBound), random);
    if (!sealed) return sealed.error();
    made.note.token_sealed = *std::move(sealed);
    return made;
  }
  if (Status kept = make_master_file(files, settings, made.key); !kept) return kept.error();
  return made;
}

Status settle_master(sys::FileSystem& files, const MasterSettings& settings) {
  if (settings.source != "file" || !files.exists(new_path(settings))) return {};
  const auto before = files.open(settings.file, sys::OpenMode::kReadWrite);
  if (Status renamed = files.rename(new_path(settings), settings.file); !renamed) return renamed;
  const std::size_t slash = settings.file.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : settings.file.substr(0, slash);
  if (Status synced = files.sync_directory(parent.empty() ? "/" : parent); !synced) return synced;
  if (before) wipe(**before);
  return {};
}

Result<SecretBytes> get_master(sys::FileSystem& files, const MasterSettings& settings,
                               const MasterNote& note,
                               const std::function<Status(const SecretBytes&)>& is_it) {
  if (settings.source != note.source) {
    return wrong("vault.master: is \"" + settings.source +
                 "\", but the keys are sealed under a \"" + note.source +
                 "\"; `lineshaft vault change-master` goes from one to the other");
  }
  Result<SecretBytes> key = wrong("");
  if (note.source == "file") {
    key = read_master_file(files, settings.file);
    // A change that was cut off: the keys are sealed under the new one already.
    if (!key || !is_it(*key)) {
      Result<SecretBytes> newer = read_master_file(files, new_path(settings));
      if (newer && is_it(*newer)) {
        if (Status settled = settle_master(files, settings); !settled) return settled.error();
        return newer;
      }
    }
  } else if (note.source == "credential") {
    Result<std::string> text = ask(settings, "master-key");
    if (!text) return text.error();
    key = key_of_text(trimmed(*text), "the credential");
    sodium_memzero(text->data(), text->size());
  } else if (note.source == "passphrase") {
    key = key_of_passphrase(settings, note);
  } else if (note.source == "pkcs11") {
    const auto token = open_token(settings);
    if (!token) return token.error();
    Result<Bytes> plain = (*token)->open_sealed(note.token_sealed, as_bytes(kTokenBound));
    if (!plain) return plain.error();
    if (plain->size() != kKeyBytes) return wrong("vault: the token gives something else");
    key = SecretBytes{ByteSpan(*plain)};
    sodium_memzero(plain->data(), plain->size());
  }
  if (!key) return key;
  if (Status fits = is_it(*key); !fits) return fits.error();
  return key;
}

}  // namespace lineshaft::vault
