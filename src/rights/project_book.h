// rights/project_book.h: joint projects, who has accepted them, and what was entered for them, kept
// in tables of records.db. An entry is never changed; one that was wrong is withdrawn and stays.
//
// Threads: any; calls wait for each other. Every call blocks for the disk.
// Errors of every call besides those named: as records::Statement::step.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "rights/project.h"
#include "rights/register.h"

namespace lineshaft::rights {

class ProjectBook {
 public:
  // Takes the database for itself; the register and the clock must outlive the book.
  // Errors: as Database::migrate.
  static Result<std::unique_ptr<ProjectBook>> open(std::unique_ptr<records::Database> database,
                                                   Register& assets, sys::Clock& clock);

  // A party sees the projects to which it is invited or which it has accepted. In order of id,
  // without their entries.
  Result<std::vector<KeptProject>> list(const View& view);
  // kNotFound also for one that the view does not show.
  Result<KeptProject> get(const View& view, std::string_view id);

  // Makes it when version is 0, else replaces that version; who is new among the parties is
  // invited, and so is who has declined and is named again. A party may make projects in which it
  // is, and has accepted those; it changes those that it leads. Errors: of check_project;
  // kNotFound: a party or that version; kDenied; kConflict: the id is taken, another version is
  // there, or a party that has accepted would be left out.
  Result<KeptProject> put(const View& view, const Project& project, std::string_view by);

  // Errors: kNotFound: it is not invited; kConflict: it has accepted, and leaves by the agreement.
  Result<KeptProject> answer(TenantId tenant, std::string_view id, std::string_view party,
                             bool accepts, std::string_view by);

  // A party enters for itself what it has accepted to work on; assets must be among those it sees,
  // and a result belongs to parties of the project. Errors: of check_entry; kNotFound; kDenied.
  Result<ProjectEntry> add_entry(const View& view, std::string_view id, ProjectEntry entry,
                                 std::string_view by);
  // Errors: kNotFound; kConflict: it was withdrawn before, or is a result under an agreement in
  // force.
  Status withdraw(const View& view, std::string_view id, std::int64_t sequence,
                  std::string_view by);

 private:
  ProjectBook(std::unique_ptr<records::Database> database, Register& assets, sys::Clock& clock)
      : database_(std::move(database)), register_(assets), clock_(clock) {}

  // mutex_ held:
  Result<std::vector<KeptProject>> read(const View& view, std::string_view id);
  Result<std::vector<ProjectParty>> read_parties(TenantId tenant, std::string_view id);
  Result<std::vector<ProjectEntry>> read_entries(TenantId tenant, std::string_view id);
  Result<KeptProject> read_one(const View& view, std::string_view id);
  Status check_change(const View& view, const Project& project);
  Status write(const View& view, const Project& project, std::string_view by);

  Status check_asset(const View& view, const ProjectEntry& entry, const KeptProject& kept);

  std::mutex mutex_;                             // never held while the register is called
  std::unique_ptr<records::Database> database_;  // guarded by mutex_
  Register& register_;
  sys::Clock& clock_;
};

}  // namespace lineshaft::rights
