#include "rights/evidence.h"

#include <bit>

#include "base/hex.h"
#include "model/canonical_json.h"
#include "sys/sha256.h"

namespace lineshaft::rights {
namespace {

template <typename Bits>
std::string bits_text(Bits bits) {
  Bytes bytes;
  ByteWriter(bytes).write_be(bits);
  return hex_text(bytes);
}

struct ValueText {
  std::string operator()(bool value) const { return value ? "1" : "0"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(float value) const {
    return bits_text(std::bit_cast<std::uint32_t>(value));
  }
  std::string operator()(double value) const {
    return bits_text(std::bit_cast<std::uint64_t>(value));
  }
  std::string operator()(const std::string& value) const { return hex_text(as_bytes(value)); }
};

}  // namespace

void append_evidence_line(std::string& text, const Sample& sample) {
  text += std::to_string(sample.time.ns) + " " + std::string(type_name(type_of(sample.value))) +
          " " + std::visit(ValueText(), sample.value) + " " + bits_text(sample.quality.code) + "\n";
}

Result<DataEvidence> read_evidence(const historian::Historian& historian, TenantId tenant,
                                   DataEvidence stretch) {
  const std::optional<Tag> tag = historian.find_tag(tenant, stretch.tag);
  if (!tag) return Error{ErrorId::kNotFound, "there is no tag '" + stretch.tag + "'"};
  std::string text;
  std::int64_t samples = 0;
  const Status read =
      historian.scan(tenant, tag->id, {stretch.from, stretch.to}, [&](std::span<const Sample> run) {
        for (const Sample& sample : run) {
          append_evidence_line(text, sample);
          ++samples;
        }
        return samples <= kEvidenceSamplesMax && text.size() <= kEvidenceBytesMax;
      });
  if (!read) return read.error();
  if (samples > kEvidenceSamplesMax || text.size() > kEvidenceBytesMax) {
    return Error{ErrorId::kInvalidArgument,
                 "to: more than " + std::to_string(kEvidenceSamplesMax) +
                     " samples for one evidence; give the stretch in parts"};
  }
  stretch.samples = samples;
  stretch.sha256 = hex_text(sys::sha256(as_bytes(text)));
  return stretch;
}

}  // namespace lineshaft::rights
