// rights/agreement_json.h: agreements as JSON, the exact text that is signed, and the document with
// all signatures that anybody can check. Pure; threads: any.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "model/json.h"
#include "rights/agreement.h"
#include "rights/agreement_book.h"

namespace lineshaft::rights {

// Everything that is agreed, with the sentences. Requires: check_agreement.
Json agreement_json(const Agreement& agreement);
// The same as RFC 8785 writes it: what is signed. Errors: kInvalidArgument (a text is no UTF-8).
Result<std::string> agreement_text(const Agreement& agreement);

// What a person sends: sentences of standard clauses are passed over, since they follow from the
// terms; sides come in any order, and their names from the register. Errors: kInvalidArgument
// naming the field.
Result<Agreement> agreement_from_json(const Json& object);
// What agreement_text wrote, and nothing else. Errors: kInvalidArgument, kBadJson.
Result<Agreement> agreement_from_text(std::string_view text);

Json kept_agreement_json(const KeptAgreement& kept);
Json agreement_model_json(const AgreementModel& model);
Json difference_json(const ClauseDifference& difference);
Json share_change_json(const ShareChange& change);
// What the sides of an agreement consent to, as RFC 8785 writes it.
Result<std::string> share_change_text(const ShareChange& change);
Result<ShareChange> share_change_from_json(const Json& object);

// Text, digest and signatures with their keys in one JSON text (RFC 8785).
Result<std::string> signed_document(const KeptAgreement& kept);

// What a document proves by itself, without any server: that these keys signed this text. Whose
// keys they are is known to who registered them.
struct CheckedDocument {
  Agreement agreement;
  std::string digest;
  std::vector<std::string> signed_by;      // sides
  std::vector<std::string> not_signed_by;  // sides
};
// Errors: kInvalidArgument: no such document, or its text or digest was changed; kConflict: a
// signature is wrong, named with its party.
Result<CheckedDocument> check_document_text(std::string_view document);

}  // namespace lineshaft::rights
