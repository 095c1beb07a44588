// intake/commit.h: the samples of a file, under a finished plan, into the sink.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "base/result.h"
#include "intake/import.h"
#include "intake/plan.h"
#include "sys/time_zone.h"

namespace lineshaft::intake {

struct CommitTask {
  const ImportServiceOptions& ports;
  TenantId tenant;
  std::string path;  // of the file
  Plan plan;
  sys::TimeZone zone;
  const std::atomic<bool>& stop;
  std::function<void(const Progress&)> progress;  // after every batch that is durable
};

// Makes the tags, then hands over the samples in the order of the file, batch after batch: the next
// one is read while one becomes durable, and given away only after it, so that of two samples for
// one instant the later row wins whatever the sink has to refuse in between. A tag that exists
// keeps all that is known about it.
//
// Errors: kCancelled: `stop` was set; kImportHasRefused; kTypeMismatch: a tag exists with another
// type; what table, tags and sink report. Everything before the error may have been kept.
Status commit_file(const CommitTask& task);

}  // namespace lineshaft::intake
