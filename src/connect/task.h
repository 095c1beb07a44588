// connect/task.h: something under way on the loop's thread.
#pragma once

namespace lineshaft::connect {

// Destruction ends it without a word.
class Task {
 public:
  virtual ~Task() = default;
};

}  // namespace lineshaft::connect
