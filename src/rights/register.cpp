#include "rights/register.h"

#include "rights/agreement_schema.h"
#include "rights/schema.h"

namespace lineshaft::rights {

Result<std::unique_ptr<Register>> Register::open(std::unique_ptr<records::Database> database,
                                                 sys::Clock& clock) {
  if (Status ready = database->migrate("rights", register_steps()); !ready) {
    return std::move(ready).error();
  }
  // A change of shares is held against the agreements.
  if (Status ready = database->migrate(kAgreementTables, agreement_steps()); !ready) {
    return std::move(ready).error();
  }
  return std::unique_ptr<Register>(new Register(std::move(database), clock));
}

}  // namespace lineshaft::rights
