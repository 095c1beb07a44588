#include "historian/series.h"

#include <cmath>

namespace lineshaft::historian {

void Summary::add(const Point& point) {
  Summary one;
  one.count = 1;
  one.last_quality = point.quality.code;
  one.first_time = one.last_time = point.time;
  if (point.quality.bad()) {
    one.bad = 1;
  } else {
    one.first_usable = one.last_usable = point.time;
    one.first = one.last = one.min = one.max = one.sum = as_double(point.value);
  }
  add(one);
}

void Summary::add(const Summary& later) {
  if (later.count == 0) return;
  if (count == 0) {
    *this = later;
    return;
  }
  if (later.usable()) {
    if (!usable()) {
      first_usable = later.first_usable;
      first = later.first;
      min = later.min;
      max = later.max;
      sum = later.sum;
    } else {
      min = std::fmin(min, later.min);
      max = std::fmax(max, later.max);
      sum += later.sum;
    }
    last_usable = later.last_usable;
    last = later.last;
  }
  count += later.count;
  bad += later.bad;
  last_quality = later.last_quality;
  last_time = later.last_time;
}

}  // namespace lineshaft::historian
