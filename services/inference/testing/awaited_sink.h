// An answer that a test waits for.
//
//   auto sink = std::make_shared<AwaitedSink>();
//   provider.Start(request, sink);
//   sink->over.WaitForNotification();
//   EXPECT_EQ(sink->text, "Hi");
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/synchronization/notification.h"
#include "services/inference/providers/provider.h"

namespace dramatis::inference {

class AwaitedSink : public AnswerSink {
 public:
  void OnText(std::string_view more) override {
    text += more;
    if (!spoke.HasBeenNotified()) spoke.Notify();
  }
  void OnEnd(const AnswerEnd& e) override {
    end = e;
    over.Notify();
  }
  void OnFailure(const ProviderFailure& f) override {
    failure = f;
    over.Notify();
  }
  // Read after `over`.
  std::string text;
  std::optional<AnswerEnd> end;
  std::optional<ProviderFailure> failure;
  absl::Notification spoke;
  absl::Notification over;
};

}  // namespace dramatis::inference
