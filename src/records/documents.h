// records/documents.h: small JSON documents by organisation, kind and id: settings of connections
// and the like, for parts that need no tables of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/sample.h"
#include "records/database.h"

namespace lineshaft::records {

inline constexpr std::size_t kDocumentBytesMax = std::size_t{8} * 1024 * 1024;
inline constexpr std::size_t kDocumentKindBytesMax = 64;

struct Document {
  std::int64_t id = 0;       // from 1 in its tenant and kind
  std::int64_t version = 0;  // 1 when made, plus one with every change
  std::string json;
};

struct DocumentChange {
  std::string kind;
  std::int64_t id = 0;                // 0: the next one
  std::int64_t expected_version = 0;  // 0: there is none under that id
  std::optional<std::string> json;    // absent: it is removed
};

// Seals the secrets inside documents on their way into the file, and opens them on the way back.
// Threads: one at a time.
class DocumentSeal {
 public:
  virtual ~DocumentSeal() = default;
  // The text to store. Errors: as the vault; the document is not stored then.
  virtual Result<std::string> seal(TenantId tenant, std::string_view kind, std::int64_t id,
                                   std::string_view json) = 0;
  // The text that was given to seal(). What does not open stays as it is stored.
  virtual std::string open(TenantId tenant, std::string_view kind, std::int64_t id,
                           std::string_view stored) = 0;
  // Should it be sealed anew: has it a secret in the clear, or under a key that is retired?
  virtual bool is_stale(TenantId tenant, std::string_view kind, std::int64_t id,
                        std::string_view stored) = 0;
};

// Threads: any; calls wait for each other. Every call blocks for the disk.
// Errors of every call: as Statement::step, and kInvalidArgument for a kind that is not 1..64 bytes
// of a-z, 0-9, '.', '_' or '-'.
class Documents {
 public:
  // Takes the database for itself. `seal` (none: nothing is sealed) must outlive the object.
  // Errors: as Database::migrate.
  static Result<std::unique_ptr<Documents>> open(std::unique_ptr<Database> database,
                                                 DocumentSeal* seal = nullptr);

  // In order of id.
  Result<std::vector<Document>> list(TenantId tenant, std::string_view kind);
  // Errors: kNotFound.
  Result<Document> get(TenantId tenant, std::string_view kind, std::int64_t id);

  // Makes a document under the next id; an id is never given twice, also not after a removal.
  // Errors: kInvalidArgument: not valid JSON, or larger than kDocumentBytesMax.
  Result<Document> create(TenantId tenant, std::string_view kind, std::string_view json);

  // Replaces the document if it still has `expected_version`; 0 makes it under that id.
  // Errors: kConflict (it has another version, or exists already), kNotFound, kInvalidArgument.
  Result<Document> put(TenantId tenant, std::string_view kind, std::int64_t id,
                       std::string_view json, std::int64_t expected_version);

  // All of it, or nothing: as create (id 0), put (json) and remove (no json) do. Returns the
  // documents in the order of `changes`, a removed one without text. Errors: as those.
  Result<std::vector<Document>> change(TenantId tenant, std::span<const DocumentChange> changes);

  // Everything of a tenant, for ever. No such tenant: success.
  Status remove_all(TenantId tenant);

  // Errors: kNotFound, kConflict.
  Status remove(TenantId tenant, std::string_view kind, std::int64_t id,
                std::int64_t expected_version);

  // Seals anew what is stale, of all organisations; versions stay. Then the file and its log are
  // written anew, if that changed anything: what was in the clear is in neither any more.
  // Interrupted, it is continued by the next call. Returns how many documents it changed.
  Result<std::size_t> seal_stale();

 private:
  Documents(std::unique_ptr<Database> database, DocumentSeal* seal)
      : database_(std::move(database)), seal_(seal) {}
  std::string opened(TenantId tenant, std::string_view kind, std::int64_t id,
                     std::string_view stored) const;
  Result<std::string> sealed(TenantId tenant, std::string_view kind, std::int64_t id,
                             std::string_view json) const;
  Result<Document> change_one(TenantId tenant, const DocumentChange& change);
  Result<bool> seal_next(std::int64_t& row_id);
  Status shed_old_pages();

  std::mutex mutex_;
  std::unique_ptr<Database> database_;
  DocumentSeal* const seal_;
};

}  // namespace lineshaft::records
