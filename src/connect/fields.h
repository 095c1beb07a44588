// connect/fields.h: reads the members of one JSON object, so that a long object reads as a list;
// and tells, from the same list, which members there are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/json.h"

namespace lineshaft::connect {

// A member as a form needs it.
struct FieldSpec {
  enum class Kind : std::uint8_t { kInteger, kNumber, kBoolean, kText, kSecret, kWord, kJson };

  std::string name;
  Kind kind = Kind::kText;
  bool required = false;
  bool advanced = false;             // rarely needed: a form keeps it out of sight at first
  std::optional<std::int64_t> min;   // kInteger
  std::optional<std::int64_t> max;   // kInteger
  std::vector<std::string> choices;  // kWord
};

// Whether a form of the settings carries what only the machine may know: in the store, not in
// answers.
enum class Secrets : std::uint8_t { kShown, kHidden };

// Keeps the first error and leaves what it was given alone from then on. Members that nobody asked
// for are an error too: a typing error must not pass for a default.
class Fields {
 public:
  // `object` must outlive the reader.
  explicit Fields(const Json& object);
  // Reads nothing and notes what is asked for.
  explicit Fields(std::vector<FieldSpec>& specs) : object_(nullptr), specs_(&specs) {}

  // Absent or null members leave `out` as it is.
  template <typename T>
  void integer(const char* name, T& out, std::int64_t min, std::int64_t max) {
    out = static_cast<T>(whole(name, static_cast<std::int64_t>(out), min, max));
  }
  template <typename T>
  void optional_int(const char* name, std::optional<T>& out, std::int64_t max) {
    T number = out.value_or(0);
    integer(name, number, 0, max);
    if (has(name)) out = number;
  }
  void boolean(const char* name, bool& out);
  void string(const char* name, std::string& out);
  // Text that must not be shown again.
  void secret(const char* name, std::string& out);
  void number(const char* name, double& out);
  void optional_double(const char* name, std::optional<double>& out);
  // One of a set of words, through its parser; `allowed` lists them for people: "a, b or c".
  template <typename T, typename Parse>
  void word(const char* name, T& out, Parse parse, std::string_view allowed) {
    const std::string text = word_text(name, allowed);
    if (text.empty()) return;
    if (const auto value = parse(text)) {
      out = *value;
    } else {
      fail_field(name, "must be " + std::string(allowed));
    }
  }
  // A member that is an object or a list; null if absent.
  const Json* member(const char* name);

  void require(const char* name);
  // What is asked for from here on is rarely needed.
  void advanced() { advanced_ = true; }
  void ignore(const char* name) { known_.emplace_back(name); }
  void fail_field(const char* name, const std::string& problem);

  // Success if nothing was wrong and no member is left over. Errors: kInvalidArgument "name: ...".
  Status done() const;

 private:
  bool ask(const char* name, FieldSpec::Kind kind);  // false: there is nothing to read
  bool has(const char* name) const;
  void text(const char* name, std::string& out, FieldSpec::Kind kind);
  std::string word_text(const char* name, std::string_view allowed);
  std::int64_t whole(const char* name, std::int64_t fallback, std::int64_t min, std::int64_t max);

  const Json* object_;  // null: notes into specs_
  std::vector<FieldSpec>* specs_ = nullptr;
  std::vector<std::string> known_;
  std::vector<std::string> required_;
  bool advanced_ = false;
  std::optional<Error> error_;
};

// The same error, told to be inside of `where`: "settings: port: ...".
Error inside(const std::string& where, const Error& error);

// What can be set, for forms: a list of {"name", "kind", "required", "advanced", "default"?,
// "min"?, "max"?, "choices"?}. `defaults` is what an object has that says nothing.
Json specs_json(const std::vector<FieldSpec>& specs, const Json& defaults);

// Fills secrets that `settings` leaves out from `kept`, unless the address is another one: else a
// new address would be a way to read them.
void keep_secrets_of(Json& settings, const Json& kept, const std::vector<FieldSpec>& specs);

}  // namespace lineshaft::connect
