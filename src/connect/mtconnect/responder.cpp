#include "connect/mtconnect/responder.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace lineshaft::connect {

namespace {

using mtconnect::Asset;
using mtconnect::Component;
using mtconnect::DocumentError;

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

const std::string* find(const http::Target& target, std::string_view name) {
  for (const auto& [known, value] : target.query) {
    if (known == name) return &value;
  }
  return nullptr;
}

int status_of(std::string_view code) {
  const bool missing = code == "NO_DEVICE" || code == "OUT_OF_RANGE" || code == "ASSET_NOT_FOUND" ||
                       code == "INVALID_URI";
  return missing ? 404 : 400;
}

Error invalid(std::string what) { return Error{ErrorId::kInvalidArgument, std::move(what)}; }

}  // namespace

struct MtconnectResponder::Query {
  std::vector<bool> wanted;
  std::optional<std::int64_t> at;
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
  std::int64_t count = 100;
  std::optional<std::int64_t> interval_ms;
  std::int64_t heartbeat_ms = 10'000;
  std::string uri;
  std::optional<DocumentError> error;

  // Reads a number of the query, or notes what is wrong.
  void read(const http::Target& target, std::string_view name, std::int64_t low, std::int64_t high,
            std::optional<std::int64_t>& out) {
    const std::string* text = find(target, name);
    if (text == nullptr || error) return;
    const auto value = whole(*text);
    if (!value) {
      error = DocumentError{"INVALID_PARAMETER_VALUE",
                            "'" + std::string(name) + "' must be a whole number", uri,
                            std::string(name), *text};
    } else if (*value < low || *value > high) {
      refuse_range(name, *value, low, high);
    } else {
      out = *value;
    }
  }
  void read(const http::Target& target, std::string_view name, std::int64_t low, std::int64_t high,
            std::int64_t& out) {
    std::optional<std::int64_t> value;
    read(target, name, low, high, value);
    out = value.value_or(out);
  }
  void refuse_range(std::string_view name, std::int64_t value, std::int64_t low,
                    std::int64_t high) {
    error = DocumentError{"OUT_OF_RANGE",
                          "'" + std::string(name) + "' must be from " + std::to_string(low) +
                              " to " + std::to_string(high),
                          uri, std::string(name), std::to_string(value)};
  }
};

MtconnectResponder::MtconnectResponder(std::vector<Component> devices, ResponderOptions options,
                                       Timestamp now)
    : devices_(std::move(devices)),
      options_(std::move(options)),
      model_change_(now),
      index_(devices_) {
  if (!index_.data_items().empty()) {
    buffer_ = std::make_unique<mtconnect::ObservationBuffer>(options_.buffer_size,
                                                             index_.data_items(), now);
  }
}

Result<std::unique_ptr<MtconnectResponder>> MtconnectResponder::make(std::vector<Component> devices,
                                                                     ResponderOptions options,
                                                                     Timestamp now) {
  if (options.buffer_size == 0 || options.asset_buffer_size == 0 || options.instance_id == 0) {
    return invalid("sizes of buffers and the instance begin with 1");
  }
  std::unique_ptr<MtconnectResponder> made(
      new MtconnectResponder(std::move(devices), std::move(options), now));
  if (Status ok = made->check(); !ok) return ok.error();
  return made;
}

Status MtconnectResponder::check() const {
  if (buffer_ == nullptr) return invalid("an agent needs a data item");
  for (const Component& device : devices_) {
    if (device.uuid.empty() || device.name.empty()) {
      return invalid("the device '" + device.id + "' needs a name and a uuid");
    }
  }
  std::set<std::string_view> ids;
  for (const mtconnect::DataItem* item : index_.data_items()) {
    if (!ids.insert(item->id).second) return invalid("the id '" + item->id + "' is there twice");
    const std::string element = mtconnect::element_name(item->type, item->representation);
    if (item->type.find(':') != std::string::npos || !mtconnect::detail::is_xml_name(element)) {
      return invalid("the type '" + item->type + "' is not of the standard");
    }
  }
  return {};
}

Status MtconnectResponder::observe(mtconnect::Observation seen) {
  const auto item = index_.find(seen.data_item_id);
  if (!item) return Error{ErrorId::kNotFound, "there is no data item '" + seen.data_item_id + "'"};
  seen.category = index_.data_items()[*item]->category;
  buffer_->add(*item, std::move(seen));
  return {};
}

void MtconnectResponder::put_asset(Asset asset) {
  std::erase_if(assets_, [&](const Asset& old) { return old.id == asset.id; });
  assets_.push_front(std::move(asset));
  tell_asset("ASSET_CHANGED", assets_.front());
  if (assets_.size() > options_.asset_buffer_size) assets_.pop_back();
}

bool MtconnectResponder::remove_asset(std::string_view id, Timestamp now) {
  const auto found = std::ranges::find(assets_, id, &Asset::id);
  if (found == assets_.end() || found->removed) return false;
  found->removed = true;
  found->time = now;
  // It is told as removed from now on, in its own element.
  auto element = mtconnect::read_xml(found->xml);
  if (element) {
    element->attributes.emplace_back("removed", "true");
    found->xml = mtconnect::to_xml(*element);
  }
  tell_asset("ASSET_REMOVED", *found);
  return true;
}

void MtconnectResponder::tell_asset(std::string_view event, const Asset& asset) {
  for (const Component& device : devices_) {
    if (device.uuid != asset.device_uuid) continue;
    const auto item = std::ranges::find(device.data_items, event, &mtconnect::DataItem::type);
    if (item == device.data_items.end()) continue;
    mtconnect::Observation seen;
    seen.data_item_id = item->id;
    seen.time = asset.time;
    seen.text = asset.id;
    const Status told = observe(std::move(seen));
    LS_ASSERT(told.ok());
  }
}

mtconnect::Header MtconnectResponder::header(Timestamp now) const {
  mtconnect::Header header;
  header.sender = options_.sender;
  header.version = mtconnect::kVersion;
  header.instance_id = options_.instance_id;
  header.creation_time = now;
  header.model_change_time = model_change_;
  header.buffer_size = options_.buffer_size;
  header.first_sequence = buffer_->first();
  header.last_sequence = buffer_->last();
  header.next_sequence = buffer_->next();
  header.asset_buffer_size = options_.asset_buffer_size;
  header.asset_count =
      static_cast<std::uint64_t>(std::ranges::count(assets_, false, &Asset::removed));
  return header;
}

MtconnectResponder::Answer MtconnectResponder::fail(DocumentError error, Timestamp now) const {
  const int status = status_of(error.code);
  return {status, mtconnect::write_errors({header(now), {std::move(error)}}), std::nullopt};
}

MtconnectResponder::Answer MtconnectResponder::refuse(int status, std::string code,
                                                      std::string message, std::string uri,
                                                      Timestamp now) const {
  Answer answer = fail({std::move(code), std::move(message), std::move(uri), "", ""}, now);
  answer.status = status;
  return answer;
}

const Component* MtconnectResponder::find_device(std::string_view name_or_uuid) const {
  const auto found = std::ranges::find_if(devices_, [&](const Component& device) {
    return device.name == name_or_uuid || device.uuid == name_or_uuid;
  });
  return found == devices_.end() ? nullptr : &*found;
}

MtconnectResponder::Answer MtconnectResponder::answer(std::string_view raw, Timestamp now) const {
  const std::string uri(raw);
  const auto target = http::parse_target(raw);
  if (!target) return fail({"INVALID_URI", target.error().what, uri, "", ""}, now);
  std::vector<std::string> levels = target->levels;
  const auto is_command = [](std::string_view word) {
    return word == "probe" || word == "current" || word == "sample" || word == "asset" ||
           word == "assets";
  };
  const Component* device = nullptr;
  if (!levels.empty() && !is_command(levels[0])) {
    device = find_device(levels[0]);
    if (device == nullptr) {
      return fail({"NO_DEVICE", "there is no device '" + levels[0] + "'", uri, "", ""}, now);
    }
    levels.erase(levels.begin());
  }
  const std::string command = levels.empty() ? "probe" : levels[0];
  if (command == "asset" || command == "assets") {
    return assets(*target, {levels.begin() + 1, levels.end()}, device, uri, now);
  }
  if (levels.size() > 1 || !is_command(command)) {
    return fail({"INVALID_URI", "there is nothing at this address", uri, "", ""}, now);
  }
  if (command == "probe") return probe(device, now);

  Query query;
  query.uri = uri;
  query.wanted = device == nullptr ? std::vector<bool>(index_.data_items().size(), true)
                                   : index_.of_device(*device);
  if (const std::string* path = find(*target, "path")) {
    const auto selected = index_.select(*path);
    if (!selected) return fail({"INVALID_XPATH", selected.error().what, uri, "", ""}, now);
    for (std::size_t i = 0; i < selected->size(); ++i) {
      query.wanted[i] = query.wanted[i] && (*selected)[i];
    }
  }
  const auto first = static_cast<std::int64_t>(buffer_->first());
  const auto last = static_cast<std::int64_t>(buffer_->last());
  query.read(*target, "interval", 0, kIntervalMsMax, query.interval_ms);
  query.read(*target, "heartbeat", 1, kIntervalMsMax, query.heartbeat_ms);
  if (command == "current") {
    query.read(*target, "at", first, last, query.at);
  } else {
    query.read(*target, "count", -std::int64_t{kSampleCountMax}, kSampleCountMax, query.count);
    // One behind the last: for whoever waits for what comes.
    query.read(*target, "from", first, query.count < 0 ? last : last + 1, query.from);
    query.read(*target, "to", query.from.value_or(first), last, query.to);
    if (!query.error && query.count == 0) query.refuse_range("count", 0, 1, kSampleCountMax);
  }
  if (query.error) return fail(*query.error, now);
  return command == "current" ? current(query, now) : sample(query, now);
}

MtconnectResponder::Answer MtconnectResponder::probe(const Component* device, Timestamp now) const {
  mtconnect::DevicesDocument document{header(now), devices_};
  if (device != nullptr) document.devices = {*device};
  return {200, mtconnect::write_devices(document), std::nullopt};
}

MtconnectResponder::Answer MtconnectResponder::current(const Query& query, Timestamp now) const {
  if (query.interval_ms) {
    if (query.at) {
      return fail({"INVALID_REQUEST", "'at' and 'interval' exclude each other", query.uri, "", ""},
                  now);
    }
    Stream stream;
    stream.current = true;
    stream.wanted = query.wanted;
    // The state is sent every time, so it may not be sent all the time.
    stream.interval = std::chrono::milliseconds(std::max<std::int64_t>(*query.interval_ms, 10));
    return {200, "", std::move(stream)};
  }
  const auto at = query.at ? static_cast<std::uint64_t>(*query.at) : buffer_->last();
  return {200, streams(buffer_->state(at, query.wanted), buffer_->next(), now), std::nullopt};
}

MtconnectResponder::Answer MtconnectResponder::sample(const Query& query, Timestamp now) const {
  if (query.interval_ms) {
    if (query.to || query.count < 0) {
      return fail(
          {"INVALID_REQUEST", "a stream has no 'to' and no negative 'count'", query.uri, "", ""},
          now);
    }
    Stream stream;
    stream.wanted = query.wanted;
    stream.next = query.from ? static_cast<std::uint64_t>(*query.from) : buffer_->first();
    stream.count = static_cast<std::uint32_t>(query.count);
    stream.interval = std::chrono::milliseconds(*query.interval_ms);
    stream.heartbeat = std::chrono::milliseconds(query.heartbeat_ms);
    return {200, "", std::move(stream)};
  }
  const std::uint64_t to = query.to ? static_cast<std::uint64_t>(*query.to) : UINT64_MAX;
  auto range =
      query.count < 0
          ? buffer_->down(query.from ? static_cast<std::uint64_t>(*query.from) : buffer_->last(),
                          static_cast<std::size_t>(-query.count), query.wanted)
          : buffer_->up(query.from ? static_cast<std::uint64_t>(*query.from) : buffer_->first(), to,
                        static_cast<std::size_t>(query.count), query.wanted);
  return {200, streams(std::move(range.observations), range.next, now), std::nullopt};
}

MtconnectResponder::Part MtconnectResponder::next_part(Stream& stream, Timestamp now) const {
  Part part;
  if (stream.current) {
    part.document = streams(buffer_->state(buffer_->last(), stream.wanted), buffer_->next(), now);
    return part;
  }
  if (stream.next < buffer_->first()) {
    part.is_last = true;
    part.document = fail({"OUT_OF_RANGE",
                          "the client reads too slowly: sequence " + std::to_string(stream.next) +
                              " is no longer in the buffer",
                          "/sample", "from", std::to_string(stream.next)},
                         now)
                        .body;
    return part;
  }
  auto range = buffer_->up(stream.next, UINT64_MAX, stream.count, stream.wanted);
  stream.next = range.next;
  part.empty = range.observations.empty();
  part.to_end = range.to_end;
  part.document = streams(std::move(range.observations), range.next, now);
  return part;
}

std::string MtconnectResponder::streams(std::vector<mtconnect::Observation> observations,
                                        std::uint64_t next, Timestamp now) const {
  mtconnect::StreamsDocument document{header(now), std::move(observations)};
  document.header.next_sequence = next;
  return mtconnect::write_streams(document, devices_);
}

MtconnectResponder::Answer MtconnectResponder::assets(const http::Target& target,
                                                      const std::vector<std::string>& levels,
                                                      const Component* device,
                                                      const std::string& uri, Timestamp now) const {
  mtconnect::AssetsDocument document{header(now), {}};
  if (levels.size() > 1) {
    return fail({"INVALID_URI", "there is nothing at this address", uri, "", ""}, now);
  }
  if (levels.size() == 1) {  // /asset/T1;T2
    std::string_view ids = levels[0];
    while (!ids.empty()) {
      const std::string_view id = ids.substr(0, ids.find(';'));
      ids.remove_prefix(std::min(id.size() + 1, ids.size()));
      const auto found = std::ranges::find(assets_, id, &Asset::id);
      if (found == assets_.end()) {
        return fail({"ASSET_NOT_FOUND", "there is no asset '" + std::string(id) + "'", uri, "",
                     std::string(id)},
                    now);
      }
      document.assets.push_back(*found);
    }
    return {200, mtconnect::write_assets(document), std::nullopt};
  }
  Query query;
  query.uri = uri;
  query.count = static_cast<std::int64_t>(options_.asset_buffer_size);
  query.read(target, "count", 1, query.count, query.count);
  if (query.error) return fail(*query.error, now);
  const std::string* type = find(target, "type");
  const std::string* removed = find(target, "removed");
  for (const Asset& asset : assets_) {
    if (document.assets.size() == static_cast<std::size_t>(query.count)) break;
    if (asset.removed && (removed == nullptr || *removed != "true")) continue;
    if (type != nullptr && asset.type != *type) continue;
    if (device != nullptr && asset.device_uuid != device->uuid) continue;
    document.assets.push_back(asset);
  }
  return {200, mtconnect::write_assets(document), std::nullopt};
}

}  // namespace lineshaft::connect
