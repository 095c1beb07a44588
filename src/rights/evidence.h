// rights/evidence.h: what a stretch of a signal holds, as one hash, so that whoever has the samples
// can tell whether they are the same.
#pragma once

#include <string>
#include <string_view>

#include "historian/historian.h"
#include "rights/project.h"

namespace lineshaft::rights {

inline constexpr std::int64_t kEvidenceSamplesMax = 1'000'000;
inline constexpr std::size_t kEvidenceBytesMax = std::size_t{64} * 1024 * 1024;

// Fills in how many samples lie in [from, to) and the SHA-256 of their lines, in order of time
// (docs/reference/agreements.md has their form and an example). Errors: kNotFound: no such tag;
// kInvalidArgument: too many samples for one evidence; as Historian::scan. Cost: reads them all.
Result<DataEvidence> read_evidence(const historian::Historian& historian, TenantId tenant,
                                   DataEvidence stretch);

// "1764115200000000000 float32 41200000 00000000\n": time, type, value, quality.
void append_evidence_line(std::string& text, const Sample& sample);

}  // namespace lineshaft::rights
