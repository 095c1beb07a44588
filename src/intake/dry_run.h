// intake/dry_run.h: what a plan would do to a file, without doing it.
#pragma once

#include <string>

#include "base/result.h"
#include "intake/import.h"
#include "intake/plan.h"
#include "sys/file.h"
#include "sys/time_zone.h"

namespace lineshaft::intake {

// One pass over the whole file. Errors: kInvalidArgument: the plan contradicts itself; kIoError.
Result<Report> dry_run(sys::FileSystem& files, const std::string& path, const Plan& plan,
                       const sys::TimeZone& zone);

}  // namespace lineshaft::intake
