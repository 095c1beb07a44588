#include "connect/opcua/writer.h"

#include <utility>

namespace lineshaft::connect::opcua {

namespace {

constexpr std::size_t kQueueMax = 256;
constexpr std::string_view kMayHaveArrived = "; the write may or may not have arrived";

Error refused(const std::string& path, UA_StatusCode status, std::string_view more = {}) {
  const bool timeout = status == UA_STATUSCODE_BADTIMEOUT;
  const bool denied =
      status == UA_STATUSCODE_BADUSERACCESSDENIED || status == UA_STATUSCODE_BADNOTWRITABLE;
  const ErrorId id = timeout  ? ErrorId::kTimeout
                     : denied ? ErrorId::kDenied
                              : ErrorId::kInvalidArgument;
  return {id, path + ": the server refuses it: " + status_text(status) + std::string(more)};
}

}  // namespace

ValueType Writer::type(const Operation& operation) const {
  return std::get<Point>(access_.config.signals[operation.signal].point).type;
}

std::string Writer::path(const Operation& operation) const {
  return access_.config.signals[operation.signal].path;
}

void Writer::write(std::size_t signal, Value value, Driver::WriteDone done) {
  const SignalConfig& config = access_.config.signals[signal];
  if (access_.node(signal) == nullptr) {
    return done(Error{ErrorId::kNotFound, config.path + ": the server does not know this node"});
  }
  if (queue_.size() >= kQueueMax) {
    return done(Error{ErrorId::kWriteQueueFull, std::to_string(kQueueMax) + " writes to " +
                                                    access_.config.name + " are waiting"});
  }
  queue_.push_back({signal, std::move(value), std::move(done), Step::kReadOld, {}, {}});
  if (queue_.size() == 1) next();
}

void Writer::fail_all(const Error& why) {
  epoch_ += 1;
  auto failed = std::exchange(queue_, {});
  for (Operation& operation : failed) {
    const bool sent = operation.step != Step::kReadOld;
    operation.done(Error{ErrorId::kMachineNotConnected,
                         why.what + (sent ? std::string(kMayHaveArrived) : "")});
  }
}

void Writer::next() {
  if (!queue_.empty()) read(Step::kReadOld);
}

void Writer::read(Step step) {
  queue_.front().step = step;
  UA_ReadValueId node;
  UA_ReadValueId_init(&node);
  node.nodeId = *access_.node(queue_.front().signal);  // borrowed for this call
  node.attributeId = UA_ATTRIBUTEID_VALUE;
  UA_ReadRequest request;
  UA_ReadRequest_init(&request);
  request.timestampsToReturn = UA_TIMESTAMPSTORETURN_BOTH;
  request.nodesToRead = &node;
  request.nodesToReadSize = 1;
  access_.client.call<UA_TYPES_READREQUEST, UA_TYPES_READRESPONSE, UA_ReadRequest, UA_ReadResponse>(
      request, [this, epoch = epoch_](const UA_ReadResponse& answer) {
        if (epoch == epoch_) on_read(answer);
      });
}

void Writer::on_read(const UA_ReadResponse& answer) {
  Operation& operation = queue_.front();
  const bool back = operation.step == Step::kReadBack;
  UA_StatusCode status = answer.responseHeader.serviceResult;
  if (status == UA_STATUSCODE_GOOD && answer.resultsSize != 1)
    status = UA_STATUSCODE_BADUNKNOWNRESPONSE;
  if (status != UA_STATUSCODE_GOOD) {
    return finish(refused(path(operation), status, back ? kMayHaveArrived : std::string_view()));
  }
  const UA_DataValue& value = answer.results[0];
  if (!back) {
    // A value that is bad now may still be written, but of which type must be known.
    const UA_DataType* like = value.hasValue ? value.value.type : nullptr;
    if (like == nullptr) {
      return finish(
          refused(path(operation), value.hasStatus ? value.status : UA_STATUSCODE_BADNODATA));
    }
    if (auto old_value = to_value(value.value, type(operation)))
      operation.old_value = std::move(*old_value);
    return send(like);
  }
  access_.deliver(operation.signal, value);
  const auto held = value.hasValue
                        ? to_value(value.value, type(operation))
                        : Result<Value>(Error{ErrorId::kTypeMismatch, "it sent no value"});
  if (!held) {
    return finish(
        Error{ErrorId::kWriteNotConfirmed,
              path(operation) + " was written, but reading it back failed: " + held.error().what});
  }
  if (!UA_equal(&value.value, operation.sent.get(), &UA_TYPES[UA_TYPES_VARIANT])) {
    return finish(Error{ErrorId::kWriteNotConfirmed, path(operation) + " holds " + to_text(*held) +
                                                         " after writing " +
                                                         to_text(operation.value)});
  }
  finish(WriteOutcome{operation.old_value, *held});
}

void Writer::send(const UA_DataType* like) {
  Operation& operation = queue_.front();
  auto variant = to_variant(operation.value, like);
  if (!variant) {
    return finish(Error{variant.error().id, path(operation) + ": " + variant.error().what});
  }
  operation.sent = std::move(*variant);
  operation.step = Step::kWrite;
  UA_WriteValue item;
  UA_WriteValue_init(&item);
  item.nodeId = *access_.node(operation.signal);  // borrowed for this call
  item.attributeId = UA_ATTRIBUTEID_VALUE;
  item.value.value = *operation.sent;
  item.value.hasValue = true;  // no time or status: many servers refuse to have those set
  UA_WriteRequest request;
  UA_WriteRequest_init(&request);
  request.nodesToWrite = &item;
  request.nodesToWriteSize = 1;
  access_.client
      .call<UA_TYPES_WRITEREQUEST, UA_TYPES_WRITERESPONSE, UA_WriteRequest, UA_WriteResponse>(
          request, [this, epoch = epoch_](const UA_WriteResponse& answer) {
            if (epoch == epoch_) on_written(answer);
          });
}

void Writer::on_written(const UA_WriteResponse& answer) {
  const Operation& operation = queue_.front();
  UA_StatusCode status = answer.responseHeader.serviceResult;
  if (status != UA_STATUSCODE_GOOD)
    return finish(refused(path(operation), status, kMayHaveArrived));
  status = answer.resultsSize == 1 ? answer.results[0] : UA_STATUSCODE_BADUNKNOWNRESPONSE;
  // GoodCompletesAsynchronously and its like are good too: reading back tells.
  if ((status & 0x80000000) != 0) return finish(refused(path(operation), status));
  read(Step::kReadBack);
}

void Writer::finish(Result<WriteOutcome> result) {
  const Driver::WriteDone done = std::move(queue_.front().done);
  queue_.pop_front();
  next();
  done(std::move(result));
}

}  // namespace lineshaft::connect::opcua
