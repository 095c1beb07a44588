// Records of the log, manifests and catalogues: what is understood reads the same when it is
// written again. The first byte chooses.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "base/crc32c.h"
#include "historian/catalogue.h"
#include "historian/catalogue_file.h"
#include "historian/erasure.h"
#include "historian/manifest.h"
#include "sys/sim/disk.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::historian;

void try_batch(ByteSpan bytes) {
  const Result<SampleBatch> batch = decode_batch(bytes);
  if (!batch) return;
  const Bytes again = encode_batch(*batch);
  LS_ASSERT(encode_batch(decode_batch(again).value()) == again);
}

void use(std::span<const TagEntry> given) {
  const std::vector<TagEntry> tags(given.begin(), given.end());
  const Bytes again = encode_tags(tags);
  LS_ASSERT(encode_tags(decode_tags(again).value()) == again);
  Catalogue catalogue;
  catalogue.put(tags);
  for (const TagEntry& entry : catalogue.after({}, SIZE_MAX)) {
    // By their bytes: a limit may be a not-a-number, which equals nothing.
    const std::vector<TagEntry> found{{entry.tenant, *catalogue.find(entry.tenant, entry.tag.id)}};
    LS_ASSERT(encode_tags(found) == encode_tags(std::vector<TagEntry>{entry}));
    LS_ASSERT(catalogue.type_of(entry.tenant, entry.tag.id) == entry.tag.spec.type);
    const TagPage page = catalogue.list(entry.tenant, {"a", entry.tag.spec.path}, 0, 10);
    LS_ASSERT(page.tags.size() <= page.total);
  }
}

void try_tags(ByteSpan bytes) {
  if (const Result<std::vector<TagEntry>> tags = decode_tags(bytes)) use(*tags);
}

void try_erasures(ByteSpan bytes) {
  const Result<std::vector<Erasure>> erasures = decode_erasures(bytes);
  if (!erasures) return;
  const Bytes again = encode_erasures(*erasures);
  LS_ASSERT(decode_erasures(again).value() == *erasures);
  LS_ASSERT(joined(*erasures).size() <= erasures->size());
}

// New paths for tags, some of which exist.
void try_paths(ByteSpan bytes) {
  const Result<PathList> paths = PathList::read(bytes);
  if (!paths) return;
  PathList again(paths->tenant());
  Catalogue catalogue;
  paths->for_each([&](TagId id, const std::string& path) {
    again.add(id, path);
    TagEntry entry{paths->tenant(), {id, {}}};
    entry.tag.spec.path = std::to_string(id.value) + "/" + path;
    if (id.value % 4 != 0 && id.value < 100'000) catalogue.put({&entry, 1});
  });
  LS_ASSERT(PathList::read(again.record())->size() == paths->size());
  const std::uint64_t tags = catalogue.size();
  catalogue.rename(*paths);
  LS_ASSERT(catalogue.size() == tags);
  LS_ASSERT(catalogue.list(paths->tenant(), {}, 0, 10).total <= tags);
}

// As it is, and with a seal that fits.
void try_file(std::string_view magic, ByteSpan body, const std::string& path, bool sealed) {
  Bytes content(body.begin(), body.end());
  if (sealed) {
    Bytes covered;
    ByteWriter writer(covered);
    writer.write_le(std::uint32_t{1});
    writer.write_le(static_cast<std::uint64_t>(body.size()));
    writer.bytes(body);
    content.assign(magic.begin(), magic.end());
    ByteWriter out(content);
    out.write_le(crc32c(covered));
    out.bytes(covered);
  }
  sys::SimDisk disk;
  LS_ASSERT(sys::write_file_atomically(disk, path, content).ok());
  if (path == "/manifest") {
    const Result<Manifest> manifest = read_manifest(disk, "/");
    if (!manifest) return;
    LS_ASSERT(write_manifest(disk, "/", *manifest).ok());
    LS_ASSERT(read_manifest(disk, "/").value().files == manifest->files);
  } else {
    static_cast<void>(
        read_catalogue(disk, path, 11, [](std::span<const TagEntry> tags) { use(tags); }));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan bytes(data + 1, size - 1);
  switch (data[0] % 8) {
    case 0:
      try_batch(bytes);
      break;
    case 1:
      try_tags(bytes);
      break;
    case 2:
    case 3:
      try_file("LSMANIFS", bytes, "/manifest", data[0] % 8 == 3);
      break;
    case 6:
      try_paths(bytes);
      break;
    case 7:
      try_erasures(bytes);
      break;
    default:
      try_file("LSTAGCAT", bytes, "/000011.tags", data[0] % 8 == 5);
      break;
  }
  return 0;
}
