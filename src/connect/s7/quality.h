// connect/s7/quality.h: what a refusal or the lack of an answer says about signals.
#pragma once

#include "base/result.h"
#include "model/quality.h"
#include "wire/s7/protocol.h"

namespace lineshaft::connect {

// Requires: code is not kOk.
Quality s7_quality(s7::ReturnCode code);
Quality s7_quality(s7::Refusal refusal);
Quality s7_quality(const Error& why);

Error s7_error(const std::string& where, s7::ReturnCode code);
Error s7_error(const std::string& where, s7::Refusal refusal);

}  // namespace lineshaft::connect
