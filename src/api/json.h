// api/json.h: errors as the API answers them.
#pragma once

#include "model/json.h"

namespace lineshaft::api {

// RFC 9457 problem+json.
Json problem_json(const Error& error, int status);
int http_status(ErrorCode code);

}  // namespace lineshaft::api
