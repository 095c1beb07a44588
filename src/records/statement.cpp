#include <sqlite3.h>

#include <utility>

#include "records/database.h"
#include "records/sqlite_error.h"

namespace lineshaft::records {

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      handle_(std::exchange(other.handle_, nullptr)),
      bind_problem_(other.bind_problem_),
      mismatch_(other.mismatch_),
      ended_(other.ended_) {}

Statement::~Statement() { sqlite3_finalize(handle_); }

void Statement::start(std::size_t parameters) {
  LS_ASSERT(static_cast<int>(parameters) == sqlite3_bind_parameter_count(handle_));
  sqlite3_reset(handle_);
  bind_problem_ = SQLITE_OK;
  mismatch_ = false;
  ended_ = false;
}

Result<bool> Statement::step() {
  if (bind_problem_ != SQLITE_OK) return database_->fail(bind_problem_, "writing");
  if (mismatch_) {
    return Error{ErrorId::kCorrupt, database_->path() + " holds a value of a wrong type"};
  }
  if (ended_) return false;
  const bool writes = sqlite3_stmt_readonly(handle_) == 0;
  if (writes && database_->poisoned()) return poisoned_error(database_->path());

  const int stepped = sqlite3_step(handle_);
  if (stepped == SQLITE_ROW) return true;
  ended_ = true;
  if (stepped == SQLITE_DONE) {
    sqlite3_reset(handle_);
    return false;
  }
  Error error = database_->fail(stepped, writes ? "writing" : "reading");
  sqlite3_reset(handle_);
  return error;
}

Status Statement::finish() {
  for (;;) {
    Result<bool> row = step();
    if (!row) return std::move(row).error();
    if (!*row) return {};
  }
}

bool Statement::has_type(int column, int type) {
  LS_ASSERT(column >= 0 && column < sqlite3_data_count(handle_));
  if (sqlite3_column_type(handle_, column) == type) return true;
  mismatch_ = true;
  return false;
}

std::int64_t Statement::int64(int column) {
  return has_type(column, SQLITE_INTEGER) ? sqlite3_column_int64(handle_, column) : 0;
}

std::string_view Statement::text(int column) {
  if (!has_type(column, SQLITE_TEXT)) return {};
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

ByteSpan Statement::blob(int column) {
  if (!has_type(column, SQLITE_BLOB)) return {};
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::optional<std::int64_t> Statement::optional_int64(int column) {
  LS_ASSERT(column >= 0 && column < sqlite3_data_count(handle_));
  if (sqlite3_column_type(handle_, column) == SQLITE_NULL) return std::nullopt;
  return int64(column);
}

void Statement::bind_one(int index, std::int64_t value) {
  if (int done = sqlite3_bind_int64(handle_, index, value); done != SQLITE_OK) bind_problem_ = done;
}

// The library takes a null pointer for NULL, so an empty text needs an address.
void Statement::bind_one(int index, std::string_view value) {
  const char* data = value.data() != nullptr ? value.data() : "";
  const int done =
      sqlite3_bind_text64(handle_, index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (done != SQLITE_OK) bind_problem_ = done;
}

void Statement::bind_one(int index, ByteSpan value) {
  const int done = value.empty() ? sqlite3_bind_zeroblob(handle_, index, 0)
                                 : sqlite3_bind_blob64(handle_, index, value.data(), value.size(),
                                                       SQLITE_TRANSIENT);
  if (done != SQLITE_OK) bind_problem_ = done;
}

void Statement::bind_one(int index, std::nullopt_t) {
  if (int done = sqlite3_bind_null(handle_, index); done != SQLITE_OK) bind_problem_ = done;
}

void Statement::bind_one(int index, const std::optional<std::int64_t>& value) {
  value ? bind_one(index, *value) : bind_one(index, std::nullopt);
}

}  // namespace lineshaft::records
