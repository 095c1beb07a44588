// codec/zstd_frame.h: zstd with one context for each thread, for parts of columns.
#pragma once

#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::codec {

// Appends a frame of `content` to `out`. Making a context costs more than packing a column, so each
// thread keeps one. Threads: any.
void append_zstd(ByteSpan content, int level, Bytes& out);

// Fills all of `content` from exactly one frame. Errors: kCorrupt.
Status read_zstd(ByteSpan frame, std::span<std::uint8_t> content);

}  // namespace lineshaft::codec
