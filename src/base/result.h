// base/result.h: a value or an Error, for expected trouble (I/O, peers, input). Bugs are LS_ASSERT.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/errors.h"

namespace lineshaft {

// `what` says what happened and why, with the names and figures of this case, as one sentence
// without a full stop ("reading /data/wal/000001.wal failed: Input/output error"). What to do is in
// the catalogue under `id`. Never put a secret into it: errors are logged and shown.
struct Error {
  ErrorId id = ErrorId::kInternal;
  std::string what;

  ErrorCode code() const { return error_entry(id).code; }
  // "LS-1102: The disk is full: writing 000001.wal ...". For logs and terminals.
  std::string text() const {
    return error_number(id) + ": " + std::string(error_entry(id).title) + ": " + what;
  }
};

// value(): requires ok. `value() &&` returns by value, so `for (x : f().value())` does not dangle.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  const T& value() const& {
    LS_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  T& value() & {
    LS_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  T value() && {
    LS_ASSERT(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }

  // Requires: !ok().
  const Error& error() const& {
    LS_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }
  Error error() && {
    LS_ASSERT(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

// Success, or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  // Requires: !ok().
  const Error& error() const& {
    LS_ASSERT(!ok());
    return *error_;
  }
  Error error() && {
    LS_ASSERT(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace lineshaft
