// identity/drop_oldest.h: room for what strangers begin and seldom end.
#pragma once

namespace lineshaft::identity {

// Takes from `all` (a map to what has a time `begun`) the one that began first of those, pairs of
// the map, that `which` holds for; none if it holds for none.
template <typename Map, typename Which>
void drop_oldest(Map& all, Which which) {
  auto oldest = all.end();
  for (auto each = all.begin(); each != all.end(); ++each) {
    if (which(*each) && (oldest == all.end() || each->second.begun < oldest->second.begun)) {
      oldest = each;
    }
  }
  if (oldest != all.end()) all.erase(oldest);
}

}  // namespace lineshaft::identity
