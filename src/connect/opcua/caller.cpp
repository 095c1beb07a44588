#include "connect/opcua/caller.h"

#include <algorithm>
#include <utility>

namespace lineshaft::connect::opcua {

namespace {

constexpr std::size_t kQueueMax = 64;
constexpr std::string_view kMayHaveRun = "; it may or may not have been carried out";

Error refused(const std::string& name, UA_StatusCode status, std::string_view more = {}) {
  const bool denied =
      status == UA_STATUSCODE_BADUSERACCESSDENIED || status == UA_STATUSCODE_BADNOTEXECUTABLE;
  const ErrorId id = status == UA_STATUSCODE_BADTIMEOUT ? ErrorId::kTimeout
                     : denied                           ? ErrorId::kDenied
                                                        : ErrorId::kDeviceRefused;
  return {id, name + ": the server answers " + status_text(status) + std::string(more)};
}

// Did the server say it before it began, or is it not known how far it came?
std::string_view doubt(UA_StatusCode status) {
  const bool unknown =
      status == UA_STATUSCODE_BADTIMEOUT || status == UA_STATUSCODE_BADCONNECTIONCLOSED ||
      status == UA_STATUSCODE_BADSECURECHANNELCLOSED || status == UA_STATUSCODE_BADUNKNOWNRESPONSE;
  return unknown ? kMayHaveRun : std::string_view();
}

std::vector<MethodArgument> described(const std::vector<Argument>& arguments) {
  std::vector<MethodArgument> list;
  for (const Argument& one : arguments) list.push_back(one.described);
  return list;
}

// The values in the order and the types of the method.
Result<std::vector<UaVariant>> arrange(const MethodCall& call,
                                       const std::vector<Argument>& inputs) {
  const auto wrong = [&](ErrorId id, const std::string& what) {
    return Error{id, call.name + ": " + what};
  };
  for (const auto& given : call.arguments) {
    const bool known = std::ranges::any_of(
        inputs, [&](const Argument& input) { return input.described.name == given.first; });
    if (!known) {
      return wrong(ErrorId::kInvalidArgument, given.first + ": the method has no such argument");
    }
  }
  std::vector<UaVariant> values;
  for (const Argument& input : inputs) {
    const MethodArgument& wanted = input.described;
    const auto given =
        std::ranges::find(call.arguments, wanted.name, &std::pair<std::string, Value>::first);
    if (given == call.arguments.end()) {
      return wrong(ErrorId::kInvalidArgument, wanted.name + ": is missing (" + wanted.type + ")");
    }
    if (!wanted.usable) {
      return wrong(ErrorId::kUnsupported, wanted.name + ": a " + wanted.type + " cannot be given");
    }
    auto value = to_argument(given->second, input);
    if (!value) return wrong(value.error().id, wanted.name + ": " + value.error().what);
    values.push_back(std::move(*value));
  }
  return values;
}

}  // namespace

const MethodConfig* Caller::find(const std::string& name) const {
  const auto found = std::ranges::find(access_.settings.methods, name, &MethodConfig::name);
  return found == access_.settings.methods.end() ? nullptr : &*found;
}

// --- what the methods take and give ---

void Caller::learn(const MethodConfig& method, DescriptionDone done) {
  if (const auto known = known_.find(method.name); known != known_.end()) {
    return done(&known->second);
  }
  Description description;
  for (const auto& [node, place] : {std::pair{&method.object, &description.object},
                                    std::pair{&method.method, &description.method}}) {
    auto found = access_.resolve(parse_node_id(*node).value());
    if (!found) return done(found.error());
    *place = std::move(*found);
  }
  UA_BrowseDescription of;
  UA_BrowseDescription_init(&of);
  of.nodeId = *description.method;  // borrowed for this call
  of.referenceTypeId = UA_NODEID_NUMERIC(0, UA_NS0ID_HASPROPERTY);
  of.includeSubtypes = true;
  of.resultMask = UA_BROWSERESULTMASK_BROWSENAME;
  UA_BrowseRequest request;
  UA_BrowseRequest_init(&request);
  request.nodesToBrowse = &of;
  request.nodesToBrowseSize = 1;
  access_.client
      .call<UA_TYPES_BROWSEREQUEST, UA_TYPES_BROWSERESPONSE, UA_BrowseRequest, UA_BrowseResponse>(
          request, only_now([this, name = method.name, description,
                             done = std::move(done)](const UA_BrowseResponse& answer) {
            on_properties(name, description, answer, done);
          }));
}

void Caller::on_properties(const std::string& name, Description description,
                           const UA_BrowseResponse& answer, const DescriptionDone& done) {
  UA_StatusCode status = answer.responseHeader.serviceResult;
  if (status == UA_STATUSCODE_GOOD) {
    status =
        answer.resultsSize == 1 ? answer.results[0].statusCode : UA_STATUSCODE_BADUNKNOWNRESPONSE;
  }
  if (status != UA_STATUSCODE_GOOD) {
    const bool missing =
        status == UA_STATUSCODE_BADNODEIDUNKNOWN || status == UA_STATUSCODE_BADNODEIDINVALID;
    return done(Error{missing ? ErrorId::kNotFound : ErrorId::kDeviceRefused,
                      name + ": the server does not describe it: " + status_text(status)});
  }
  std::vector<UA_ReadValueId> items;
  std::vector<bool> of_inputs;
  const UA_BrowseResult& found = answer.results[0];
  for (std::size_t i = 0; i < found.referencesSize; ++i) {
    const std::string_view property = text_of(found.references[i].browseName.name);
    if (property != "InputArguments" && property != "OutputArguments") continue;
    UA_ReadValueId item;
    UA_ReadValueId_init(&item);
    item.nodeId = found.references[i].nodeId.nodeId;  // borrowed for the call
    item.attributeId = UA_ATTRIBUTEID_VALUE;
    items.push_back(item);
    of_inputs.push_back(property == "InputArguments");
  }
  UA_ReadRequest request;
  UA_ReadRequest_init(&request);
  request.nodesToRead = items.data();
  request.nodesToReadSize = items.size();
  const auto learned = [this, name, done](Description all) {
    done(&known_.insert_or_assign(name, std::move(all)).first->second);
  };
  if (items.empty()) return learned(std::move(description));
  access_.client.call<UA_TYPES_READREQUEST, UA_TYPES_READRESPONSE, UA_ReadRequest, UA_ReadResponse>(
      request, only_now([=](const UA_ReadResponse& values) {
        const UA_StatusCode whole = values.responseHeader.serviceResult;
        if (whole != UA_STATUSCODE_GOOD || values.resultsSize != of_inputs.size()) {
          return done(refused(
              name, whole == UA_STATUSCODE_GOOD ? UA_STATUSCODE_BADUNKNOWNRESPONSE : whole));
        }
        Description all = description;
        for (std::size_t i = 0; i < of_inputs.size(); ++i) {
          (of_inputs[i] ? all.inputs : all.outputs) = arguments_in(values.results[i].value);
        }
        learned(std::move(all));
      }));
}

void Caller::describe(Driver::MethodsDone done) {
  const std::uint64_t ticket = next_describing_++;
  describing_[ticket] = std::move(done);
  describe_next(0, std::make_shared<std::vector<MethodView>>(),
                [this, ticket](Result<std::vector<MethodView>> views) {
                  const auto waiting = describing_.find(ticket);
                  if (waiting == describing_.end()) return;
                  const Driver::MethodsDone answer = std::move(waiting->second);
                  describing_.erase(waiting);
                  answer(std::move(views));
                });
}

void Caller::describe_next(std::size_t index, std::shared_ptr<std::vector<MethodView>> views,
                           Driver::MethodsDone done) {
  const std::vector<MethodConfig>& methods = access_.settings.methods;
  if (index == methods.size()) return done(std::move(*views));
  learn(methods[index], [=, this, &methods](Result<const Description*> found) {
    MethodView view;
    view.name = methods[index].name;
    view.confirm = methods[index].confirm;
    if (found) {
      view.inputs = described((*found)->inputs);
      view.outputs = described((*found)->outputs);
    } else {
      view.error = found.error();
    }
    views->push_back(std::move(view));
    describe_next(index + 1, views, done);
  });
}

// --- calls ---

void Caller::call(const MethodCall& call, Driver::CallDone done) {
  if (queue_.size() >= kQueueMax) {
    return done(Error{ErrorId::kWriteQueueFull, std::to_string(kQueueMax) + " calls of " +
                                                    access_.config.name + " are waiting"});
  }
  queue_.push_back({call, std::move(done)});
  if (queue_.size() == 1) next();
}

void Caller::fail_all(const Error& why) {
  epoch_ += 1;
  known_.clear();
  auto failed = std::exchange(queue_, {});
  auto asked = std::exchange(describing_, {});
  for (Operation& operation : failed) {
    operation.done(Error{ErrorId::kMachineNotConnected,
                         why.what + (operation.sent ? std::string(kMayHaveRun) : "")});
  }
  for (auto& [ticket, done] : asked) done(Error{ErrorId::kMachineNotConnected, why.what});
}

void Caller::next() {
  if (queue_.empty()) return;
  const MethodConfig* method = find(queue_.front().call.name);
  LS_ASSERT(method != nullptr);
  learn(*method, [this](Result<const Description*> found) {
    if (!found) return finish(found.error());
    send(**found);
  });
}

void Caller::send(const Description& description) {
  Operation& operation = queue_.front();
  auto values = arrange(operation.call, description.inputs);
  if (!values) return finish(values.error());
  std::vector<UA_Variant> inputs;
  for (const UaVariant& value : *values) inputs.push_back(*value);  // borrowed for this call
  UA_CallMethodRequest one;
  UA_CallMethodRequest_init(&one);
  one.objectId = *description.object;
  one.methodId = *description.method;
  one.inputArguments = inputs.data();
  one.inputArgumentsSize = inputs.size();
  UA_CallRequest request;
  UA_CallRequest_init(&request);
  request.methodsToCall = &one;
  request.methodsToCallSize = 1;
  operation.sent = true;
  access_.client.call<UA_TYPES_CALLREQUEST, UA_TYPES_CALLRESPONSE, UA_CallRequest, UA_CallResponse>(
      request, only_now([this, description](const UA_CallResponse& answer) {
        on_called(description, answer);
      }));
}

void Caller::on_called(const Description& description, const UA_CallResponse& answer) {
  const std::string name = queue_.front().call.name;
  UA_StatusCode status = answer.responseHeader.serviceResult;
  if (status != UA_STATUSCODE_GOOD) return finish(refused(name, status, doubt(status)));
  if (answer.resultsSize != 1) {
    return finish(refused(name, UA_STATUSCODE_BADUNKNOWNRESPONSE, kMayHaveRun));
  }
  const UA_CallMethodResult& result = answer.results[0];
  for (std::size_t i = 0; i < result.inputArgumentResultsSize; ++i) {
    const UA_StatusCode one = result.inputArgumentResults[i];
    if ((one & 0x80000000) == 0 || i >= description.inputs.size()) continue;
    return finish(refused(name + ": " + description.inputs[i].described.name, one));
  }
  if ((result.statusCode & 0x80000000) != 0) return finish(refused(name, result.statusCode));
  MethodOutcome outcome;
  for (std::size_t i = 0; i < std::min(result.outputArgumentsSize, kMethodArgumentsMax); ++i) {
    const UA_Variant& value = result.outputArguments[i];
    MethodResult one;
    const bool known = i < description.outputs.size();
    one.name = known ? description.outputs[i].described.name : std::to_string(i + 1);
    one.type = value.type != nullptr ? value.type->typeName : "";
    if (value.type != nullptr && !UA_Variant_isScalar(&value)) one.type += "[]";
    if (const auto type = tag_type(value.type)) {
      if (auto converted = to_value(value, *type)) one.value = std::move(*converted);
    }
    outcome.results.push_back(std::move(one));
  }
  finish(std::move(outcome));
}

void Caller::finish(Result<MethodOutcome> result) {
  const Driver::CallDone done = std::move(queue_.front().done);
  queue_.pop_front();
  next();
  done(std::move(result));
}

}  // namespace lineshaft::connect::opcua
