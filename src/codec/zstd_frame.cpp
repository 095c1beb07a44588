#include "codec/zstd_frame.h"

#include <zstd.h>

#include <memory>

#include "base/assert.h"

namespace lineshaft::codec {

void append_zstd(ByteSpan content, int level, Bytes& out) {
  thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                                  &ZSTD_freeCCtx);
  LS_ASSERT(context != nullptr);
  const std::size_t begin = out.size();
  out.resize(begin + ZSTD_compressBound(content.size()));
  const std::size_t size = ZSTD_compressCCtx(context.get(), out.data() + begin, out.size() - begin,
                                             content.data(), content.size(), level);
  LS_ASSERT(ZSTD_isError(size) == 0);
  out.resize(begin + size);
}

Status read_zstd(ByteSpan frame, std::span<std::uint8_t> content) {
  thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                                  &ZSTD_freeDCtx);
  LS_ASSERT(context != nullptr);
  // Several frames one after another would be unpacked too: only one is what we write.
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
    return Error{ErrorId::kCorrupt, "a packed column is cut off"};
  }
  const std::size_t size = ZSTD_decompressDCtx(context.get(), content.data(), content.size(),
                                               frame.data(), frame.size());
  if (size != content.size()) return Error{ErrorId::kCorrupt, "a packed column is damaged"};
  return {};
}

}  // namespace lineshaft::codec
