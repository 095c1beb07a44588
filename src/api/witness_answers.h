// api/witness_answers.h: what is answered about a log that witnesses cosign: the ledger and the
// audit trail.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/resources.h"
#include "ledger/note.h"
#include "ledger/witnesses.h"

namespace lineshaft::api {

// [{"name", "key", "size", "time", "note"}], the last three null for one that has cosigned nothing.
Json witnesses_json(const std::vector<ledger::Witness>& witnesses);
Result<Reply> list_witnesses(const ledger::Witnesses& of);
// The body is {"key"}; "LOG.witness.add" goes into the audit trail.
Result<Reply> add_witness(const Services& services, const Request& request, ledger::Witnesses& to,
                          std::string_view log);
// The one that the path names; "LOG.witness.remove" goes into the audit trail.
Result<Reply> remove_witness(const Services& services, const Request& request,
                             ledger::Witnesses& from, std::string_view log);
// The body is {"note"}, brought by whoever has it: the signatures in it say who made it. `take`
// keeps it and gives back who cosigned.
Result<Reply> take_cosigned(
    const Request& request,
    const std::function<Result<std::vector<std::string>>(const ledger::SignedNote&)>& take);

// That a log of `to` entries continues the one of `from`.
Reply consistency_reply(std::uint64_t from, std::uint64_t to, const ledger::Sha256& from_root,
                        const ledger::Sha256& root, const std::vector<ledger::Sha256>& proof);

}  // namespace lineshaft::api
