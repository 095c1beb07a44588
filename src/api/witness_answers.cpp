#include "api/witness_answers.h"

#include <nlohmann/json.hpp>

#include "api/ledger_json.h"
#include "base/hex.h"

namespace lineshaft::api {
namespace {

Result<std::string> only_text(const Request& request, const char* field) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {field}); !known) return known.error();
  return required_string(*body, field);
}

}  // namespace

Json witnesses_json(const std::vector<ledger::Witness>& witnesses) {
  Json items = Json::array();
  for (const ledger::Witness& witness : witnesses) {
    Json item = {{"name", witness.key.name},
                 {"key", witness.key.text()},
                 {"size", nullptr},
                 {"time", nullptr},
                 {"note", nullptr}};
    if (witness.last) {
      item["size"] = witness.last->checkpoint.size;
      item["time"] = format_rfc3339(witness.last->time);
      item["note"] = witness.last->note.encoded();
    }
    items.push_back(std::move(item));
  }
  return items;
}

Result<Reply> list_witnesses(const ledger::Witnesses& of) {
  const auto witnesses = of.list();
  if (!witnesses) return witnesses.error();
  Json items = witnesses_json(*witnesses);
  const std::size_t total = items.size();
  return Reply::json({{"items", std::move(items)}, {"total", total}});
}

Result<Reply> add_witness(const Services& services, const Request& request, ledger::Witnesses& to,
                          std::string_view log) {
  const Result<std::string> text = only_text(request, "key");
  if (!text) return text.error();
  const auto key = ledger::NoteKey::parse(*text);
  if (!key) return Error{key.error().id, "key: " + key.error().what};
  const std::string action = std::string(log) + ".witness.add";
  if (Status noted = audit(services, request, action, key->name, *text); !noted) {
    return noted.error();
  }
  if (Status added = to.add(*key); !added) return added.error();
  return Reply::json({{"name", key->name}, {"key", *text}}, 201);
}

Result<Reply> remove_witness(const Services& services, const Request& request,
                             ledger::Witnesses& from, std::string_view log) {
  const std::string name = request.name("witness");
  const std::string action = std::string(log) + ".witness.remove";
  if (Status noted = audit(services, request, action, name); !noted) return noted.error();
  if (Status removed = from.remove(name); !removed) return removed.error();
  return Reply::nothing();
}

Result<Reply> take_cosigned(
    const Request& request,
    const std::function<Result<std::vector<std::string>>(const ledger::SignedNote&)>& take) {
  const Result<std::string> text = only_text(request, "note");
  if (!text) return text.error();
  const auto note = ledger::parse_note(*text);
  if (!note) return Error{note.error().id, "note: " + note.error().what};
  const auto names = take(*note);
  if (!names && names.error().id == ErrorId::kVerificationFailed) {
    return Error{ErrorId::kInvalidArgument, "note: " + names.error().what};
  }
  if (!names) return names.error();
  return Reply::json({{"witnesses", *names}});
}

Reply consistency_reply(std::uint64_t from, std::uint64_t to, const ledger::Sha256& from_root,
                        const ledger::Sha256& root, const std::vector<ledger::Sha256>& proof) {
  return Reply::json({{"from", from},
                      {"to", to},
                      {"from_root", hex_text(from_root)},
                      {"root", hex_text(root)},
                      {"proof", hashes_json(proof)}});
}

}  // namespace lineshaft::api
