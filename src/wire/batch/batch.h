// wire/batch/batch.h: many samples in few bytes, for programs that send them by the thousand;
// docs/formats/batch.md.
#pragma once

#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/sample.h"

namespace lineshaft::batch {

// All samples of `bytes`, in the order in which they stand there. Takes untrusted bytes; allocates
// nothing from a count before the bytes for it exist. Whether the tags exist, and are of that type,
// is for the caller to check.
//
// Errors: kInvalidArgument, naming the part and, where it is one sample, its number in the batch,
// both counted from 0.
Result<std::vector<Sample>> decode(ByteSpan bytes);

// The inverse: a part for each run of samples of one type. A part carries qualities if one of its
// samples is not Good.
Bytes encode(std::span<const Sample> samples);

}  // namespace lineshaft::batch
