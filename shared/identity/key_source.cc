#include "shared/identity/key_source.h"

#include <utility>

#include "shared/status/macros.h"

namespace dramatis {
namespace {

constexpr char kFetches[] = "dramatis_identity_key_fetches_total";

}  // namespace

KeySource::KeySource(
    Options options, FetchUrl fetch, const Clock& clock, Logger& logger, Metrics& metrics)
    : options_(std::move(options)),
      fetch_(std::move(fetch)),
      clock_(clock),
      logger_(logger),
      metrics_(metrics),
      thread_([this] { Run(); }) {}

KeySource::~KeySource() {
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  thread_.join();
}

std::shared_ptr<const KeySet> KeySource::keys() const {
  const absl::ReaderMutexLock lock(&mutex_);
  return keys_;
}

bool KeySource::MayAwait() const {
  const absl::ReaderMutexLock lock(&mutex_);
  return MayAwaitLocked();
}

bool KeySource::MayAwaitLocked() const {
  if (stopped_ || waiting_.size() >= options_.most_waiting) return false;
  return fetching_ || clock_.Now() - last_unknown_ >= options_.unknown_key_pause;
}

bool KeySource::Await(std::function<void()> then) {
  const absl::MutexLock lock(&mutex_);
  if (!MayAwaitLocked()) return false;
  waiting_.push_back(std::move(then));
  if (!fetching_) {
    last_unknown_ = clock_.Now();
    fetching_ = true;
    wanted_ = true;
  }
  return true;
}

void KeySource::Run() {
  absl::Duration pause = absl::ZeroDuration();
  while (true) {
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(this, &KeySource::Wanted), pause);
      wanted_ = false;
      fetching_ = !stopped_;
    }
    bool stopped = false;
    std::vector<std::function<void()>> waiting;
    absl::StatusOr<std::string> text = absl::CancelledError("the program ends");
    {
      const absl::ReaderMutexLock lock(&mutex_);
      stopped = stopped_;
    }
    if (!stopped) {
      text = Fetch();
      Take(text);
    }
    {
      const absl::MutexLock lock(&mutex_);
      fetching_ = false;
      pause = failed_ ? options_.retry : options_.refresh;
      waiting.swap(waiting_);
    }
    for (const std::function<void()>& then : waiting)
      then();
    if (stopped) return;
  }
}

absl::StatusOr<std::string> KeySource::Fetch() const {
  std::string url = options_.jwks_url;
  if (url.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::string text, fetch_(DiscoveryUrl(options_.issuer)));
    DRAMATIS_ASSIGN_OR_RETURN(const boost::json::object document,
                              ParseDiscovery(text, options_.issuer));
    DRAMATIS_ASSIGN_OR_RETURN(url, DiscoveredUrl(document, "jwks_uri"));
  }
  if (!IsSafeUrl(url)) return absl::InvalidArgumentError("the keys are not at an https address");
  return fetch_(url);
}

void KeySource::Take(const absl::StatusOr<std::string>& text) {
  absl::StatusOr<KeySet> keys =
      text.ok() ? ParseKeySet(*text) : absl::StatusOr<KeySet>(text.status());
  metrics_.Count(kFetches, {{"outcome", keys.ok() ? "ok" : "failed"}});
  const absl::MutexLock lock(&mutex_);
  if (!keys.ok()) {
    // Once, not with every try.
    if (!failed_) {
      logger_.Warning("cannot fetch the issuer's keys", {{"issuer", options_.issuer},
                                                         {"error", keys.status().ToString()},
                                                         {"have_keys", keys_ != nullptr}});
    }
    failed_ = true;
    return;
  }
  if (keys_ == nullptr || failed_ || *text != text_) {
    logger_.Info("the issuer's keys",
                 {{"issuer", options_.issuer}, {"keys", static_cast<int64_t>(keys->size())}});
  }
  failed_ = false;
  if (keys_ != nullptr && *text == text_) return;
  keys_ = std::make_shared<const KeySet>(*std::move(keys));
  text_ = *text;
  ++generation_;
}

}  // namespace dramatis
