// wal/segment_files.h: the files of a log: making segments from spares, and spares from segments.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "wal/format.h"

namespace lineshaft::wal {

// A segment in the directory.
struct Segment {
  std::uint64_t sequence = 0;
  std::uint64_t bytes = 0;
  Lsn first;             // of its first record, as far as is known
  bool damaged = false;  // keep its bytes for repair instead of using them again
};

// A segment open for appending.
struct OpenSegment {
  std::unique_ptr<sys::File> file;
  SegmentHeader header;
};

// Invariant: a file gets the name of a segment only when its header is on the disk and its name as
// a spare is too, so that a crash shows either the spare or a segment with a valid header. One
// thread.
class SegmentFiles {
 public:
  // Makes the directory, lists it and removes spares that were not finished.
  static Result<SegmentFiles> load(sys::FileSystem& files, sys::Random& random,
                                   const LogOptions& options);

  // The same for a log that nobody writes to: nothing is made or removed. Without a directory there
  // are no segments.
  static Result<SegmentFiles> look(sys::FileSystem& files, const std::string& directory);

  const std::string& directory() const { return options_.directory; }
  std::string path_of(std::uint64_t sequence) const;
  const std::vector<Segment>& segments() const { return segments_; }
  std::vector<Segment>& segments() { return segments_; }
  std::uint64_t bytes() const;

  // The next segment, durable and empty, from a spare or from new space.
  // Errors: kDiskFull: all is as before. Others: see LogImpl; the directory may be in any state.
  Result<OpenSegment> make(Lsn first);

  // Turns the newest segment, which has no record that counts, back into a spare, durably.
  Status unmake_last();

  // Gives up the segments before `keep_from`: spares, or *.damaged, or gone. Durable.
  Status drop_before(std::size_t keep_from);

  // Brings the spare that is kept in reserve a step nearer to its full size. Nothing to do, or no
  // space: success.
  Status prepare_spare();

 private:
  struct Spare {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
  };

  SegmentFiles(sys::FileSystem& files, sys::Random* random, const LogOptions& options);
  Result<std::uint64_t> size_of(const std::string& name) const;
  Status take_stock(const std::string& name);
  std::string spare_path(std::uint64_t number) const;
  bool has_whole_spare() const;
  // Grows the spare in the making to `bytes`, making the file first if there is none.
  Status grow_spare(std::uint64_t bytes);
  Status give_up(const Segment& segment);

  sys::FileSystem* files_;
  sys::Random* random_;  // null: only looked at
  LogOptions options_;
  std::vector<Segment> segments_;  // by sequence
  std::vector<Spare> spares_;      // at most one, the last, is smaller than a segment
  std::unique_ptr<sys::File> growing_;
  std::uint64_t next_spare_ = 1;
};

}  // namespace lineshaft::wal
