#include "sys/pkcs11.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>

#include <array>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

namespace lineshaft::sys {
namespace {

constexpr std::size_t kIvBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr CK_ULONG kSlotsMax = 64;

Error refused(const std::string& doing, CK_RV code) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "0x%lx", code);
  std::string what = "the token refuses to " + doing + " (CKR " + text.data() + ")";
  if (code == CKR_PIN_INCORRECT) what += ": the PIN is wrong";
  if (code == CKR_PIN_LOCKED) what += ": the PIN is locked";
  return {ErrorId::kBadConfig, what};
}

CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void* value, std::size_t bytes) {
  return {type, const_cast<void*>(value), static_cast<CK_ULONG>(bytes)};
}

// Labels are padded with blanks to 32 characters.
std::string label_of(const CK_TOKEN_INFO& info) {
  std::string label(reinterpret_cast<const char*>(info.label), sizeof(info.label));
  const std::size_t last = label.find_last_not_of(' ');
  label.resize(last == std::string::npos ? 0 : last + 1);
  return label;
}

class ModuleToken final : public Token {
 public:
  explicit ModuleToken(TokenOptions options) : options_(std::move(options)) {}
  ~ModuleToken() override {
    if (session_) functions_->C_CloseSession(*session_);
    if (initialised_) functions_->C_Finalize(nullptr);
    if (library_ != nullptr) ::dlclose(library_);
  }
  ModuleToken(const ModuleToken&) = delete;
  ModuleToken& operator=(const ModuleToken&) = delete;

  Status sign_in(const std::string& pin) {
    if (Status loaded = load(); !loaded) return loaded;
    const Result<CK_SLOT_ID> slot = find_slot();
    if (!slot) return slot.error();
    CK_SESSION_HANDLE session = 0;
    CK_RV code = functions_->C_OpenSession(*slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                           nullptr, &session);
    if (code != CKR_OK) return refused("open a session", code);
    session_ = session;
    std::string text = pin;
    code = functions_->C_Login(session, CKU_USER, reinterpret_cast<CK_UTF8CHAR*>(text.data()),
                               static_cast<CK_ULONG>(text.size()));
    text.assign(text.size(), '\0');
    if (code != CKR_OK && code != CKR_USER_ALREADY_LOGGED_IN) return refused("sign us in", code);
    return {};
  }

  Result<Bytes> seal(ByteSpan plain, ByteSpan bound, Random& random) override {
    Result<std::optional<CK_OBJECT_HANDLE>> key = find_key();
    if (!key) return key.error();
    if (!*key) {
      const Result<CK_OBJECT_HANDLE> made = make_key();
      if (!made) return made.error();
      key = std::optional(*made);
    }
    Bytes sealed(kIvBytes + plain.size() + kTagBytes);
    random.fill(std::span(sealed).first(kIvBytes));
    CK_GCM_PARAMS parameters = gcm(sealed.data(), bound);
    CK_MECHANISM mechanism{CKM_AES_GCM, &parameters, sizeof(parameters)};
    CK_RV code = functions_->C_EncryptInit(*session_, &mechanism, **key);
    CK_ULONG length = static_cast<CK_ULONG>(plain.size() + kTagBytes);
    if (code == CKR_OK) {
      code = functions_->C_Encrypt(*session_, const_cast<CK_BYTE*>(plain.data()),
                                   static_cast<CK_ULONG>(plain.size()), sealed.data() + kIvBytes,
                                   &length);
    }
    if (code != CKR_OK) return refused("seal with AES-GCM", code);
    sealed.resize(kIvBytes + length);
    return sealed;
  }

  Result<Bytes> open_sealed(ByteSpan sealed, ByteSpan bound) override {
    const Result<std::optional<CK_OBJECT_HANDLE>> key = find_key();
    if (!key) return key.error();
    if (!*key) {
      return Error{ErrorId::kBadConfig,
                   "the token '" + options_.label + "' has no key '" + options_.key_label + "'"};
    }
    if (sealed.size() < kIvBytes + kTagBytes) {
      return Error{ErrorId::kBadConfig, "what the token should open is too short"};
    }
    Bytes copy(sealed.begin(), sealed.end());
    CK_GCM_PARAMS parameters = gcm(copy.data(), bound);
    CK_MECHANISM mechanism{CKM_AES_GCM, &parameters, sizeof(parameters)};
    CK_RV code = functions_->C_DecryptInit(*session_, &mechanism, **key);
    Bytes plain(sealed.size());
    CK_ULONG length = static_cast<CK_ULONG>(plain.size());
    if (code == CKR_OK) {
      code = functions_->C_Decrypt(*session_, copy.data() + kIvBytes,
                                   static_cast<CK_ULONG>(copy.size() - kIvBytes), plain.data(),
                                   &length);
    }
    if (code != CKR_OK) return refused("open what was sealed with AES-GCM", code);
    plain.resize(length);
    return plain;
  }

 private:
  Status load() {
    library_ = ::dlopen(options_.module.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) {
      return Error{ErrorId::kBadConfig,
                   "vault.pkcs11_module: cannot be loaded: " + std::string(::dlerror())};
    }
    const auto list =
        reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library_, "C_GetFunctionList"));
    if (list == nullptr || list(&functions_) != CKR_OK) {
      return Error{ErrorId::kBadConfig,
                   "vault.pkcs11_module: " + options_.module + " is no PKCS#11 library"};
    }
    const CK_RV code = functions_->C_Initialize(nullptr);
    if (code != CKR_OK) return refused("start", code);
    initialised_ = true;
    return {};
  }

  Result<CK_SLOT_ID> find_slot() const {
    std::vector<CK_SLOT_ID> slots(kSlotsMax);
    CK_ULONG count = kSlotsMax;
    const CK_RV code = functions_->C_GetSlotList(CK_TRUE, slots.data(), &count);
    if (code != CKR_OK) return refused("list its slots", code);
    slots.resize(count);
    for (const CK_SLOT_ID slot : slots) {
      CK_TOKEN_INFO info{};
      if (functions_->C_GetTokenInfo(slot, &info) != CKR_OK) continue;
      if (label_of(info) == options_.label) return slot;
    }
    return Error{ErrorId::kBadConfig,
                 "vault.pkcs11_token: there is no token '" + options_.label + "'"};
  }

  Result<std::optional<CK_OBJECT_HANDLE>> find_key() const {
    const CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
    std::array wanted{attribute(CKA_CLASS, &secret, sizeof(secret)),
                      attribute(CKA_LABEL, options_.key_label.data(), options_.key_label.size())};
    CK_RV code = functions_->C_FindObjectsInit(*session_, wanted.data(), wanted.size());
    if (code != CKR_OK) return refused("look for the key", code);
    CK_OBJECT_HANDLE found = 0;
    CK_ULONG count = 0;
    code = functions_->C_FindObjects(*session_, &found, 1, &count);
    functions_->C_FindObjectsFinal(*session_);
    if (code != CKR_OK) return refused("look for the key", code);
    if (count == 0) return std::optional<CK_OBJECT_HANDLE>();
    return std::optional(found);
  }

  Result<CK_OBJECT_HANDLE> make_key() const {
    const CK_BBOOL yes = CK_TRUE;
    const CK_BBOOL no = CK_FALSE;
    const CK_ULONG bytes = 32;
    std::array properties{
        attribute(CKA_TOKEN, &yes, sizeof(yes)),
        attribute(CKA_PRIVATE, &yes, sizeof(yes)),
        attribute(CKA_SENSITIVE, &yes, sizeof(yes)),
        attribute(CKA_EXTRACTABLE, &no, sizeof(no)),
        attribute(CKA_ENCRYPT, &yes, sizeof(yes)),
        attribute(CKA_DECRYPT, &yes, sizeof(yes)),
        attribute(CKA_VALUE_LEN, &bytes, sizeof(bytes)),
        attribute(CKA_LABEL, options_.key_label.data(), options_.key_label.size())};
    CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
    CK_OBJECT_HANDLE made = 0;
    const CK_RV code = functions_->C_GenerateKey(*session_, &mechanism, properties.data(),
                                                 properties.size(), &made);
    if (code != CKR_OK) return refused("make a key", code);
    return made;
  }

  static CK_GCM_PARAMS gcm(std::uint8_t* iv, ByteSpan bound) {
    CK_GCM_PARAMS parameters{};
    parameters.iv_ptr = iv;
    parameters.iv_len = kIvBytes;
    parameters.iv_bits = kIvBytes * 8;
    parameters.aad_ptr = const_cast<std::uint8_t*>(bound.data());
    parameters.aad_len = static_cast<CK_ULONG>(bound.size());
    parameters.tag_bits = kTagBytes * 8;
    return parameters;
  }

  const TokenOptions options_;
  void* library_ = nullptr;
  CK_FUNCTION_LIST_PTR functions_ = nullptr;
  bool initialised_ = false;
  std::optional<CK_SESSION_HANDLE> session_;
};

}  // namespace

Result<std::unique_ptr<Token>> Token::open(const TokenOptions& options, const std::string& pin) {
  auto token = std::make_unique<ModuleToken>(options);
  if (Status signed_in = token->sign_in(pin); !signed_in) return signed_in.error();
  return std::unique_ptr<Token>(std::move(token));
}

}  // namespace lineshaft::sys
