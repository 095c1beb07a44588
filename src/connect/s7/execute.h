// connect/s7/execute.h: carries a decoded request out on an S7Device.
#pragma once

#include <vector>

#include "connect/s7/server.h"
#include "wire/s7/message.h"

namespace lineshaft::connect {

// The bytes that an answer to a read borrows: they must live until it is encoded.
using S7Scratch = std::vector<Bytes>;

// The answer to a read; items that the device does not have carry their code. Loop's thread.
s7::ReadDone execute(S7Device& device, const s7::ReadVar& read, S7Scratch& scratch);
s7::WriteDone execute(S7Device& device, const s7::WriteVar& write);

}  // namespace lineshaft::connect
