// api/json.h: errors, and times that may be missing, as the API answers them.
#pragma once

#include "base/time.h"
#include "model/json.h"

namespace lineshaft::api {

// RFC 9457 problem+json.
Json problem_json(const Error& error, int status);
int http_status(ErrorCode code);

// Null for the time 0: it never happened.
Json time_or_null(Timestamp time);

}  // namespace lineshaft::api
