// One answer as a stream of events: a RoutedCall's text tidied, kept until the client takes it. The
// most that it may cost is reserved before a provider is asked, and what it cost is settled before
// `done` is sent. Where the next model is asked beside a slow one, each has a reservation of its
// own.
//
//   auto generation = std::make_shared<Generation>(parts, ledger, facts);
//   generation->Start(plan);
//   ... GenerationStream(generation).Poll() ...
//
// Text that comes faster than the client takes it grows the next `delta`; nothing queues.
// Thread-safe.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "services/inference/generation/output_filter.h"
#include "services/inference/routing/routed_call.h"
#include "services/inference/usage/ledger.h"
#include "shared/call/event_source.h"
#include "shared/log/log_scope.h"

namespace dramatis::inference {

// Kept back from the caller's deadline, so that we say that the provider was too slow, rather than
// the transport that the call was.
inline constexpr absl::Duration kReportMargin = absl::Milliseconds(50);

using GenerationEvents = EventSource<v1::StreamGenerateResponse>;

// Whose answer it is.
struct GenerationFacts {
  Payer payer;
  std::string persona_id;
  std::string persona_name;
  std::string turn_key;
  std::string correlation_id;
};

class Generation : public AttemptListener, public std::enable_shared_from_this<Generation> {
 public:
  // What `parts` refers to and `ledger` outlive the generation.
  Generation(const RoutedCallParts& parts, Ledger& ledger, GenerationFacts facts);

  // Asks the first provider; may block for milliseconds.
  void Start(RoutedCall::Plan plan);

  // As EventSource.
  GenerationEvents::Next Poll();
  void OnReady(std::function<void()> wake);
  void Cancelled();

  absl::Status OnTry(const Candidate& candidate) override;
  void OnTryFailed(const Candidate& candidate, std::string_view why) override;
  void OnText(const Candidate& candidate, std::string_view text) override;
  void OnEnd(const Candidate& candidate, const AnswerEnd& end) override;
  void OnError(const Candidate& candidate, const absl::Status& error) override;

 private:
  void Begin(const Candidate& candidate) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string TakePending() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Wake();
  UsageRow Row(const Candidate& candidate,
               const std::string& said,
               const std::optional<TokenCounts>& tokens,
               const std::string& reason) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // One call to a model.
  struct Lane {
    std::shared_ptr<Hold> hold;
    std::optional<Candidate> asked;  // the one that may speak soon
    size_t attempt = 0;              // its place in attempts_
  };
  // What is due at the end: rows, and what each was reserved by.
  struct Bill {
    std::vector<std::pair<UsageRow, std::shared_ptr<Hold>>> rows;
    std::vector<std::shared_ptr<Hold>> unused;
  };
  Lane& LaneOf(const Candidate& candidate) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return lanes_[static_cast<size_t>(candidate.lane)];
  }
  // Of an answer that `speaker`, where there is one, was the one to give. Who was asked besides is
  // paid for by estimate: its prompt.
  Bill MakeBill(std::optional<UsageRow> spoken, int speaker) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Pay(const Bill& bill);
  void Record(const UsageRow& row, Hold& hold);
  // What is due for an answer that did not come to its end; nothing where it was over already.
  void RecordBrokenOff(const char* reason);
  // Runs it off the provider's thread.
  void Post(const std::function<void()>& task);

  const RoutedCallParts parts_;
  CallLogger logger_{parts_.logger};
  const GenerationFacts facts_;
  Ledger& ledger_;
  const absl::Time begun_;

  absl::Mutex mutex_;
  std::shared_ptr<AnyCall> call_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const std::function<void()>> wake_ ABSL_GUARDED_BY(mutex_);
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;  // Poll found nothing
  OutputFilter filter_ ABSL_GUARDED_BY(mutex_);
  std::optional<Candidate> candidate_ ABSL_GUARDED_BY(mutex_);  // the one that speaks
  std::array<Lane, 2> lanes_ ABSL_GUARDED_BY(mutex_);
  std::vector<prompt::v1::Attempt> attempts_ ABSL_GUARDED_BY(mutex_);
  std::string raw_ ABSL_GUARDED_BY(mutex_);  // the answer as it came, to count its tokens
  // For the client, in this order.
  std::optional<v1::StreamGenerateResponse> start_ ABSL_GUARDED_BY(mutex_);
  std::string pending_ ABSL_GUARDED_BY(mutex_);
  std::optional<v1::StreamGenerateResponse> done_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
  bool over_ ABSL_GUARDED_BY(mutex_) = false;  // the call has ended or been cancelled
};

// Gives a generation to whoever calls; cancels it when the client is gone.
class GenerationStream : public GenerationEvents {
 public:
  explicit GenerationStream(std::shared_ptr<Generation> generation)
      : generation_(std::move(generation)) {}
  ~GenerationStream() override { generation_->Cancelled(); }
  Next Poll() override { return generation_->Poll(); }
  void OnReady(std::function<void()> wake) override { generation_->OnReady(std::move(wake)); }
  void Cancelled() override { generation_->Cancelled(); }

 private:
  const std::shared_ptr<Generation> generation_;
};

}  // namespace dramatis::inference
