// Writes to machines: in one step, or in two where the signal asks for it.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "connect/write_rules.h"

namespace lineshaft::api {
namespace {

using connect::PendingWrite;
using connect::WriteOutcome;

constexpr int kAccepted = 202;

Json number_json(const std::optional<double>& number) { return number ? Json(*number) : Json(); }

Json pending_json(const PendingWrite& pending) {
  return {{"token", pending.token},
          {"machine", pending.machine},
          {"value", value_json(pending.value)},
          {"asked_by", pending.asked_by},
          {"expires", format_rfc3339(pending.expires)},
          {"second_person", pending.second_person}};
}

struct Asked {
  Tag tag;
  connect::WriteOrder order;
};

Result<Asked> read_order(const Services& services, const Request& request) {
  const Result<Tag> tag = path_tag(services, request, identity::Permission::kTagWrite);
  if (!tag) return tag.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"value", "token", "machine"}); !known) {
    return known.error();
  }
  if (!body->contains("value")) return Error{ErrorId::kInvalidArgument, "value: is missing"};
  const Result<Value> value = value_from_json(tag->spec.type, (*body)["value"]);
  if (!value) return value.error();
  const Result<std::string> token = optional_string(*body, "token", "");
  if (!token) return token.error();
  const Result<std::string> machine = optional_string(*body, "machine", "");
  if (!machine) return machine.error();
  return Asked{*tag,
               {request.tenant(), tag->id, *value, request.principal.name, *token, *machine,
                services.clock.now()}};
}

Reply done_reply(const WriteOutcome& outcome) {
  return Reply::json({{"old", outcome.old_value ? value_json(*outcome.old_value) : Json()},
                      {"new", value_json(outcome.new_value)}});
}

// Moves a machine: the audit trail knows of it before the machine does, and of the outcome after.
Result<Reply> write(const Services& services, const Request& request) {
  Result<Asked> asked = read_order(services, request);
  if (!asked) return asked.error();
  const std::string path = asked->tag.spec.path;
  const std::string begin =
      to_text(asked->order.value) + (asked->order.token.empty() ? "" : ", confirmed");
  if (Status noted = audit(services, request, "tag.write.begin", path, begin); !noted) {
    return noted.error();
  }
  const auto answer = services.connections.write(std::move(asked->order));
  if (!answer) {
    // What is refused has moved nothing, and a failure to note it must not hide the reason.
    static_cast<void>(
        audit(services, request, "tag.write.failed", path, "failed: " + answer.error().what));
    return answer.error();
  }
  if (const auto* pending = std::get_if<PendingWrite>(&*answer)) {
    const std::string who = pending->second_person ? "a second person" : "a second step";
    static_cast<void>(audit(services, request, "tag.write.wait", path,
                            to_text(pending->value) + " waits for " + who));
    return Reply::json({{"pending", pending_json(*pending)}}, kAccepted);
  }
  const auto& outcome = std::get<WriteOutcome>(*answer);
  std::string detail = outcome.old_value ? "from " + to_text(*outcome.old_value) + " " : "";
  detail += "to " + to_text(outcome.new_value);
  // The machine has moved: a failure to note it must not look like a failure to write.
  const Json before =
      outcome.old_value ? Json{{"value", value_json(*outcome.old_value)}} : Json::object();
  static_cast<void>(audit_change(services, request, "tag.write", path, before,
                                 {{"value", value_json(outcome.new_value)}}, detail));
  return done_reply(outcome);
}

Result<Reply> view(const Services& services, const Request& request) {
  const Result<Tag> tag = path_tag(services, request, identity::Permission::kTagWrite);
  if (!tag) return tag.error();
  const auto view =
      services.connections.write_view(request.tenant(), tag->id, services.clock.now());
  if (!view) return view.error();
  return Reply::json({{"machine", view->machine},
                      {"enabled", view->enabled},
                      {"low", number_json(view->low)},
                      {"high", number_json(view->high)},
                      {"interval_ms", view->interval_ms},
                      {"confirm", connect::confirm_name(view->confirm)},
                      {"you", request.principal.name},
                      {"pending", view->pending ? pending_json(*view->pending) : Json()}});
}

Result<Reply> drop(const Services& services, const Request& request) {
  const Result<Tag> tag = path_tag(services, request, identity::Permission::kTagWrite);
  if (!tag) return tag.error();
  if (Status noted = audit(services, request, "tag.write.drop", tag->spec.path); !noted) {
    return noted.error();
  }
  if (Status done = services.connections.drop_write(request.tenant(), tag->id); !done) {
    return done.error();
  }
  return Reply::nothing();
}

}  // namespace

std::vector<Route> write_routes(const Services& services) {
  const Rule write_rule = Rule::needs_at(identity::Permission::kTagWrite);
  return {
      {"GET", "/tags/{id}/write", write_rule, "What a write must keep to, and one that waits", "",
       "WriteView", bind(services, view)},
      {"POST", "/tags/{id}/write", write_rule,
       "Write a value to the machine, confirmed by reading back; dangerous ones in two steps",
       "WriteRequest", "WriteResult", bind(services, write)},
      {"DELETE", "/tags/{id}/write", write_rule, "Give up a write that waits", "", "",
       bind(services, drop)},
  };
}

}  // namespace lineshaft::api
