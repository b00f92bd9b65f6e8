// An answer as OpenAI's API shows it: whole, or as a stream of chunks or events that follows its
// text and queues nothing. A text that begins anew (another attempt at a turn of a session) goes on
// where it is the same so far; where it is not the stream fails, since nothing in OpenAI's shape
// takes back what was said.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dramatis/openai/v1/openai.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/openai/completions.h"
#include "shared/call/event_source.h"
#include "shared/live_text/live_text.h"

namespace dramatis::conversation {

// Of an answer that has ended; its error where it failed.
absl::StatusOr<openai::v1::ChatCompletion> ToChatCompletion(const Completion& completion);
absl::StatusOr<openai::v1::Response> ToResponse(const Completion& completion,
                                                const openai::v1::ResponseRequest& request);

// Reads an answer's text as it grows.
class AnswerText {
 public:
  explicit AnswerText(Completion completion) : completion_(std::move(completion)) {}
  ~AnswerText();

  const Completion& completion() const { return completion_; }
  // Whether there is something to read: text, or the end.
  bool HasNews() const;
  // What has come since; nullopt where nothing has. UNAVAILABLE where the text is another one now.
  absl::StatusOr<std::optional<std::string>> Next();
  // Whether all of it has been read and the answer has ended.
  bool ended() const { return ended_; }
  // What has been read.
  const std::string& text() const { return text_; }
  void OnReady(std::function<void()> wake);
  // Nobody reads on.
  void Stop();

 private:
  const Completion completion_;
  LiveCursor position_;
  std::string text_;
  bool ended_ = false;
  std::optional<int> listener_;
};

class ChatChunks : public EventSource<openai::v1::ChatCompletionChunk> {
 public:
  ChatChunks(Completion completion, bool include_usage)
      : answer_(std::move(completion)), include_usage_(include_usage) {}

  Next Poll() override;
  void OnReady(std::function<void()> wake) override { answer_.OnReady(std::move(wake)); }
  void Cancelled() override { answer_.Stop(); }

 private:
  openai::v1::ChatCompletionChunk Chunk() const;
  Next End();

  AnswerText answer_;
  const bool include_usage_;
  bool begun_ = false;
  bool finished_ = false;  // the chunk with the reason has gone
};

class ResponseEvents : public EventSource<openai::v1::ResponseEvent> {
 public:
  ResponseEvents(Completion completion, openai::v1::ResponseRequest request)
      : answer_(std::move(completion)), request_(std::move(request)) {}

  Next Poll() override;
  void OnReady(std::function<void()> wake) override { answer_.OnReady(std::move(wake)); }
  void Cancelled() override { answer_.Stop(); }

 private:
  enum class Step {
    kCreated,
    kInProgress,
    kItemAdded,
    kPartAdded,
    kText,
    kTextDone,
    kPartDone,
    kItemDone,
    kEnd,
  };

  openai::v1::ResponseEvent Event(const char* type);
  // An event about the text.
  openai::v1::ResponseEvent TextEvent(const char* type);
  // The events before the text; nothing until there is text, so that an answer that fails before is
  // an error and no stream.
  Next Begin();
  Next Text();
  // The events after it.
  Next Finish();
  Next End();
  Next Fail(const absl::Status& error);

  AnswerText answer_;
  const openai::v1::ResponseRequest request_;
  Step step_ = Step::kCreated;
  int sequence_number_ = 0;
};

}  // namespace dramatis::conversation
