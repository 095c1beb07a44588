#include "api/json.h"

#include <nlohmann/json.hpp>

namespace lineshaft::api {

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kMissing:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kDenied:
      return 403;
    case ErrorCode::kUnreachable:
      return 502;
    case ErrorCode::kTimeout:
      return 504;
    case ErrorCode::kFull:
      return 503;
    case ErrorCode::kIo:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

Json problem_json(const Error& error, int status) {
  const ErrorEntry& entry = error_entry(error.id);
  const std::string number = error_number(error.id);
  return {{"type", "/errors/" + number}, {"title", entry.title}, {"status", status},
          {"detail", error.what},        {"id", number},         {"remedy", entry.remedy}};
}

Json time_or_null(Timestamp time) {
  return time == Timestamp{} ? Json() : Json(format_rfc3339(time));
}

}  // namespace lineshaft::api
