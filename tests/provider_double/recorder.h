// What the provider double has seen: every completion request with its body, and how it ended.
// The newest kMaxKept bodies are kept. Not thread-safe.
#pragma once

#include <deque>
#include <string>

#include "boost/json.hpp"

namespace dramatis::provider_double {

class Recorder {
 public:
  static constexpr size_t kMaxKept = 1000;

  void Began(const std::string& authorization, const std::string& body) {
    ++count_;
    ++open_;
    kept_.push_back({authorization, body});
    if (kept_.size() > kMaxKept) kept_.pop_front();
  }
  // The answer went out as scripted.
  void Completed() { --open_, ++completed_; }
  // The client went away before.
  void Aborted() { --open_, ++aborted_; }

  // `count`, `open`, `completed`, `aborted`.
  boost::json::object Counts() const {
    return {{"count", count_}, {"open", open_}, {"completed", completed_}, {"aborted", aborted_}};
  }
  // The same and `requests`: {authorization, body} oldest first, the body as the text it was.
  boost::json::object Everything() const {
    boost::json::object all = Counts();
    boost::json::array& requests = all["requests"].emplace_array();
    for (const Kept& kept : kept_) {
      requests.push_back({{"authorization", kept.authorization}, {"body", kept.body}});
    }
    return all;
  }
  // Forgets what has ended; answers under way still count as open.
  void Reset() {
    count_ = completed_ = aborted_ = 0;
    kept_.clear();
  }

 private:
  struct Kept {
    std::string authorization;
    std::string body;
  };
  std::deque<Kept> kept_;
  int64_t count_ = 0;
  int64_t open_ = 0;
  int64_t completed_ = 0;
  int64_t aborted_ = 0;
};

}  // namespace dramatis::provider_double
