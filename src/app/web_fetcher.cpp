#include "app/web_fetcher.h"

#include <chrono>
#include <future>
#include <utility>

#include "sys/http.h"

namespace lineshaft::app {
namespace {

using Clock = std::chrono::steady_clock;
using identity::WebAnswer;
using identity::WebRequest;

constexpr std::size_t kThreads = 2;
constexpr std::size_t kWaitingMax = 8;

Result<WebAnswer> ask(const WebRequest& request, Nanoseconds patience,
                      const sys::Destinations& outgoing) {
  const auto client = sys::make_http_client({.server = {request.address.host, request.address.port},
                                             .pinned_fingerprint = "",
                                             .trusted_pem = request.trusted_pem,
                                             .timeout = patience,
                                             .deadline = patience,
                                             .answer_bytes_max = request.answer_bytes_max,
                                             .destinations = outgoing});
  auto answer =
      client->request(request.method, request.address.target, request.headers, request.body);
  if (!answer) return answer.error();
  return WebAnswer{answer->status, std::move(answer->body)};
}

}  // namespace

HttpsFetcher::HttpsFetcher(sys::Destinations outgoing)
    : outgoing_(std::move(outgoing)), threads_(sys::make_worker_pool(kThreads, kWaitingMax)) {}
HttpsFetcher::~HttpsFetcher() = default;

Result<WebAnswer> HttpsFetcher::fetch(const WebRequest& request) {
  // Shared: whoever asked may be gone when the answer comes.
  auto answered = std::make_shared<std::promise<Result<WebAnswer>>>();
  auto answer = answered->get_future();
  const auto ends = Clock::now() + request.patience;
  const bool queued = threads_->try_run([this, answered, request, ends] {
    // Nobody waits any more for what had to wait too long itself.
    const Nanoseconds left = ends - Clock::now();
    answered->set_value(left > Nanoseconds(0) ? ask(request, left, outgoing_)
                                              : Error{ErrorId::kTimeout, request.address.host});
  });
  if (!queued) return Error{ErrorId::kBusy, "too many wait for answers from outside"};
  if (answer.wait_for(request.patience) == std::future_status::ready) return answer.get();
  return Error{ErrorId::kTimeout, request.address.host};
}

}  // namespace lineshaft::app
