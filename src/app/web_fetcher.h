// app/web_fetcher.h: asks web servers outside for identity, over HTTPS, on threads of its own.
#pragma once

#include <memory>

#include "identity/web_fetch.h"
#include "sys/destinations.h"
#include "sys/worker_pool.h"

namespace lineshaft::app {

// Whoever asks waits no longer than the patience that they bring, whatever happens: looking up a
// name has no deadline of ours, so that waits on a thread that nobody else needs.
class HttpsFetcher final : public identity::WebFetcher {
 public:
  // `outgoing`: where it may connect to; all else is kDestinationRefused.
  explicit HttpsFetcher(sys::Destinations outgoing = {});
  // Waits for what is under way.
  ~HttpsFetcher() override;
  Result<identity::WebAnswer> fetch(const identity::WebRequest& request) override;

 private:
  const sys::Destinations outgoing_;
  std::unique_ptr<sys::WorkerPool> threads_;
};

}  // namespace lineshaft::app
