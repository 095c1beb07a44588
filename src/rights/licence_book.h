// rights/licence_book.h: the licences that were drafted and signed, kept in tables of records.db. A
// licence is signed when every side has approved the same text and nothing stands against it.
//
// Threads: any; calls wait for each other. Every call blocks for the disk.
// Errors of every call besides those named: as records::Statement::step.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "rights/licence.h"
#include "rights/register.h"

namespace lineshaft::rights {

// One side's word for exactly one text.
struct Approval {
  std::string party;
  std::string digest;  // SHA-256 of the canonical text that was approved, in hexadecimal digits
  Timestamp time;
  std::string by;
};

struct KeptLicence {
  Licence licence;
  std::string digest;               // of its text as it is now
  std::vector<Approval> approvals;  // of this text, in order of time
};

struct LicenceFilter {
  std::string asset = {};  // "" for all
  std::string party = {};  // grants or is granted
  std::optional<LicenceStatus> status = {};
};

class LicenceBook {
 public:
  // Takes the database for itself; the register and the clock must outlive the book.
  // Errors: as Database::migrate.
  static Result<std::unique_ptr<LicenceBook>> open(std::unique_ptr<records::Database> database,
                                                   Register& assets, sys::Clock& clock);

  // A party sees the licences that it grants or is granted. In order of id.
  Result<std::vector<KeptLicence>> list(const View& view, const LicenceFilter& filter);
  // kNotFound also for one that the view does not show.
  Result<KeptLicence> get(const View& view, std::string_view id);

  // Makes a draft when version is 0, else replaces that version; approvals fall away. Errors: of
  // check_licence and terms_of; kNotFound: an asset, a party or that version is not there;
  // kConflict: the id is taken, another version is there, or it is signed and stays as it is.
  Result<KeptLicence> put(TenantId tenant, Licence licence);

  // Everything that stands against signing it now. Errors: kNotFound.
  Result<std::vector<Conflict>> conflicts(const View& view, std::string_view id);

  // The word of `party` for the text with `digest`. With the last word the licence is signed, if
  // nothing stands against it. Errors: kNotFound; kDenied: the party is no side of it; kConflict:
  // the text is another one by now, it was signed already, or a conflict, named with its licence.
  Result<KeptLicence> approve(TenantId tenant, std::string_view id, std::string_view party,
                              std::string_view digest, std::string_view by);

  // A signed licence runs until the day before `on`. Errors: kNotFound; kConflict: it is not
  // signed, or `on` is not among its days.
  Result<KeptLicence> end(TenantId tenant, std::string_view id, Day on);

 private:
  LicenceBook(std::unique_ptr<records::Database> database, Register& assets, sys::Clock& clock)
      : database_(std::move(database)), register_(assets), clock_(clock) {}

  // mutex_ held:
  Result<KeptLicence> read(TenantId tenant, std::string_view id);
  Result<std::vector<Licence>> read_all(TenantId tenant);
  Status write(TenantId tenant, const Licence& licence);
  Status check_references(TenantId tenant, const Licence& licence);
  Result<std::vector<Conflict>> find(TenantId tenant, const Licence& licence);

  std::mutex mutex_;
  std::unique_ptr<records::Database> database_;  // guarded by mutex_
  Register& register_;
  sys::Clock& clock_;
};

// The parties that must approve it: licensors and licensees, each once, in order.
std::vector<std::string> sides_of(const Licence& licence);

}  // namespace lineshaft::rights
