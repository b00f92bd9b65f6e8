#include "services/conversation/openai/answers.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

namespace prompt = dramatis::prompt::v1;

constexpr char kAssistant[] = "assistant";

// OpenAI's words for how an answer ends; what else a provider or we say of it is an end.
std::string FinishReason(const std::string& reason) {
  return reason == "length" || reason == "content_filter" ? reason : "stop";
}

openai::v1::CompletionUsage ToUsage(const prompt::Usage& usage) {
  openai::v1::CompletionUsage shown;
  shown.set_prompt_tokens(usage.input_tokens());
  shown.set_completion_tokens(usage.output_tokens());
  shown.set_total_tokens(usage.input_tokens() + usage.output_tokens());
  shown.mutable_prompt_tokens_details()->set_cached_tokens(usage.cached_tokens());
  return shown;
}

openai::v1::ResponseUsage ToResponseUsage(const prompt::Usage& usage) {
  openai::v1::ResponseUsage shown;
  shown.set_input_tokens(usage.input_tokens());
  shown.mutable_input_tokens_details()->set_cached_tokens(usage.cached_tokens());
  shown.set_output_tokens(usage.output_tokens());
  shown.mutable_output_tokens_details()->set_reasoning_tokens(0);
  shown.set_total_tokens(usage.input_tokens() + usage.output_tokens());
  return shown;
}

// A response that has said nothing yet.
openai::v1::Response Begun(const Completion& completion,
                           const openai::v1::ResponseRequest& request) {
  openai::v1::Response response;
  response.set_id(absl::StrCat("resp_", completion.id));
  response.set_object("response");
  response.set_created_at(completion.created);
  response.set_status("in_progress");
  response.set_model(completion.model);
  if (!request.instructions().empty()) response.set_instructions(request.instructions());
  if (request.has_metadata()) *response.mutable_metadata() = request.metadata();
  response.set_tool_choice("auto");
  return response;
}

openai::v1::ResponseContent ContentOf(const std::string& text) {
  openai::v1::ResponseContent content;
  content.set_type("output_text");
  content.set_text(text);
  return content;
}

openai::v1::ResponseItem ItemOf(const Completion& completion, const char* status) {
  openai::v1::ResponseItem item;
  item.set_id(absl::StrCat("msg_", completion.id));
  item.set_type("message");
  item.set_status(status);
  item.set_role(kAssistant);
  return item;
}

// How an answer that came to an end is called, and why where it is not whole.
const char* StatusOf(const v1::ChatResponse& outcome) {
  return FinishReason(outcome.finish_reason()) == "stop" ? "completed" : "incomplete";
}

openai::v1::Response EndedResponse(const Completion& completion,
                                   const openai::v1::ResponseRequest& request,
                                   const v1::ChatResponse& outcome) {
  openai::v1::Response response = Begun(completion, request);
  const char* const status = StatusOf(outcome);
  response.set_status(status);
  if (const std::string reason = FinishReason(outcome.finish_reason()); reason != "stop") {
    response.mutable_incomplete_details()->set_reason(reason == "length" ? "max_output_tokens"
                                                                         : reason);
  }
  openai::v1::ResponseItem item = ItemOf(completion, status);
  *item.add_content() = ContentOf(outcome.response());
  *response.add_output() = std::move(item);
  *response.mutable_usage() = ToResponseUsage(outcome.usage());
  return response;
}

}  // namespace

absl::StatusOr<openai::v1::ChatCompletion> ToChatCompletion(const Completion& completion) {
  DRAMATIS_ASSIGN_OR_RETURN(const v1::ChatResponse outcome, completion.turn->outcome());
  openai::v1::ChatCompletion answer;
  answer.set_id(absl::StrCat("chatcmpl-", completion.id));
  answer.set_object("chat.completion");
  answer.set_created(completion.created);
  answer.set_model(completion.model);
  openai::v1::ChatCompletion::Choice& choice = *answer.add_choices();
  choice.mutable_message()->set_role(kAssistant);
  choice.mutable_message()->set_content(outcome.response());
  choice.set_finish_reason(FinishReason(outcome.finish_reason()));
  *answer.mutable_usage() = ToUsage(outcome.usage());
  return answer;
}

absl::StatusOr<openai::v1::Response> ToResponse(const Completion& completion,
                                                const openai::v1::ResponseRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const v1::ChatResponse outcome, completion.turn->outcome());
  return EndedResponse(completion, request, outcome);
}

AnswerText::~AnswerText() {
  if (listener_.has_value()) completion_.turn->text().Unlisten(*listener_);
}

void AnswerText::OnReady(std::function<void()> wake) {
  listener_ = completion_.turn->text().Listen(std::move(wake));
}

void AnswerText::Stop() {
  if (completion_.stop) completion_.stop();
}

bool AnswerText::HasNews() const {
  const LiveText::Read read = completion_.turn->text().ReadFrom(position_);
  return !read.text.empty() || read.end.has_value();
}

absl::StatusOr<std::optional<std::string>> AnswerText::Next() {
  LiveText::Read read = completion_.turn->text().ReadFrom(position_);
  if (read.reset) {
    // What is here of the attempt may be less than what was read where the turn runs.
    const bool behind = read.cursor.attempt == position_.attempt && !read.end.has_value() &&
                        absl::StartsWith(text_, read.text);
    if (behind) return std::optional<std::string>();
    if (!absl::StartsWith(read.text, text_)) {
      return UnavailableError("the answer was begun anew; ask again");
    }
    read.text.erase(0, text_.size());
  }
  position_ = read.cursor;
  text_ += read.text;
  // The end comes with what is read last, or alone.
  ended_ = read.end.has_value();
  if (read.text.empty()) return std::optional<std::string>();
  return std::optional<std::string>(std::move(read.text));
}

openai::v1::ChatCompletionChunk ChatChunks::Chunk() const {
  const Completion& completion = answer_.completion();
  openai::v1::ChatCompletionChunk chunk;
  chunk.set_id(absl::StrCat("chatcmpl-", completion.id));
  chunk.set_object("chat.completion.chunk");
  chunk.set_created(completion.created);
  chunk.set_model(completion.model);
  return chunk;
}

ChatChunks::Next ChatChunks::Poll() {
  if (finished_) return End();
  absl::StatusOr<std::optional<std::string>> text = answer_.Next();
  if (!text.ok()) return {.event = std::nullopt, .end = std::move(text).status()};
  if (text->has_value()) {
    openai::v1::ChatCompletionChunk chunk = Chunk();
    openai::v1::ChatCompletionChunk::Delta& delta = *chunk.add_choices()->mutable_delta();
    if (!std::exchange(begun_, true)) delta.set_role(kAssistant);
    delta.set_content(**std::move(text));
    return {.event = std::move(chunk), .end = std::nullopt};
  }
  if (!answer_.ended()) return {};
  const absl::StatusOr<v1::ChatResponse> outcome = answer_.completion().turn->outcome();
  if (!outcome.ok()) return {.event = std::nullopt, .end = outcome.status()};
  finished_ = true;
  openai::v1::ChatCompletionChunk chunk = Chunk();
  openai::v1::ChatCompletionChunk::Choice& choice = *chunk.add_choices();
  choice.mutable_delta();
  choice.set_finish_reason(FinishReason(outcome->finish_reason()));
  Next last{.event = std::move(chunk), .end = std::nullopt};
  if (!include_usage_) last.end = absl::OkStatus();
  return last;
}

ChatChunks::Next ChatChunks::End() {
  openai::v1::ChatCompletionChunk chunk = Chunk();
  *chunk.mutable_usage() = ToUsage(answer_.completion().turn->outcome()->usage());
  return {.event = std::move(chunk), .end = absl::OkStatus()};
}

openai::v1::ResponseEvent ResponseEvents::Event(const char* type) {
  openai::v1::ResponseEvent event;
  event.set_type(type);
  event.set_sequence_number(sequence_number_++);
  return event;
}

openai::v1::ResponseEvent ResponseEvents::TextEvent(const char* type) {
  openai::v1::ResponseEvent event = Event(type);
  event.set_item_id(absl::StrCat("msg_", answer_.completion().id));
  event.set_output_index(0);
  event.set_content_index(0);
  return event;
}

ResponseEvents::Next ResponseEvents::Poll() {
  if (step_ < Step::kText) return Begin();
  if (step_ == Step::kText) return Text();
  return step_ == Step::kEnd ? End() : Finish();
}

ResponseEvents::Next ResponseEvents::Begin() {
  const Completion& completion = answer_.completion();
  if (step_ == Step::kCreated && !answer_.HasNews()) return {};
  openai::v1::ResponseEvent event;
  switch (step_) {
    case Step::kCreated:
      if (completion.turn->text().Text().empty() && !completion.turn->outcome().ok()) {
        return {.event = std::nullopt, .end = completion.turn->outcome().status()};
      }
      event = Event("response.created");
      *event.mutable_response() = Begun(completion, request_);
      step_ = Step::kInProgress;
      break;
    case Step::kInProgress:
      event = Event("response.in_progress");
      *event.mutable_response() = Begun(completion, request_);
      step_ = Step::kItemAdded;
      break;
    case Step::kItemAdded:
      event = Event("response.output_item.added");
      event.set_output_index(0);
      *event.mutable_item() = ItemOf(completion, "in_progress");
      step_ = Step::kPartAdded;
      break;
    default:
      event = TextEvent("response.content_part.added");
      *event.mutable_part() = ContentOf("");
      step_ = Step::kText;
      break;
  }
  return {.event = std::move(event), .end = std::nullopt};
}

ResponseEvents::Next ResponseEvents::Text() {
  absl::StatusOr<std::optional<std::string>> text = answer_.Next();
  if (!text.ok()) return Fail(text.status());
  if (text->has_value()) {
    openai::v1::ResponseEvent event = TextEvent("response.output_text.delta");
    event.set_delta(**std::move(text));
    return {.event = std::move(event), .end = std::nullopt};
  }
  if (!answer_.ended()) return {};
  const absl::StatusOr<v1::ChatResponse> outcome = answer_.completion().turn->outcome();
  if (!outcome.ok()) return Fail(outcome.status());
  step_ = Step::kTextDone;
  return Finish();
}

ResponseEvents::Next ResponseEvents::Finish() {
  openai::v1::ResponseEvent event;
  switch (step_) {
    case Step::kTextDone:
      event = TextEvent("response.output_text.done");
      event.set_text(answer_.text());
      step_ = Step::kPartDone;
      break;
    case Step::kPartDone:
      event = TextEvent("response.content_part.done");
      *event.mutable_part() = ContentOf(answer_.text());
      step_ = Step::kItemDone;
      break;
    default:
      event = Event("response.output_item.done");
      event.set_output_index(0);
      *event.mutable_item() =
          ItemOf(answer_.completion(), StatusOf(*answer_.completion().turn->outcome()));
      *event.mutable_item()->add_content() = ContentOf(answer_.text());
      step_ = Step::kEnd;
      break;
  }
  return {.event = std::move(event), .end = std::nullopt};
}

ResponseEvents::Next ResponseEvents::End() {
  const absl::StatusOr<v1::ChatResponse> outcome = answer_.completion().turn->outcome();
  openai::v1::Response response = EndedResponse(answer_.completion(), request_, *outcome);
  openai::v1::ResponseEvent event =
      Event(response.status() == "completed" ? "response.completed" : "response.incomplete");
  *event.mutable_response() = std::move(response);
  return {.event = std::move(event), .end = absl::OkStatus()};
}

ResponseEvents::Next ResponseEvents::Fail(const absl::Status& error) {
  openai::v1::ResponseEvent event = Event("response.failed");
  openai::v1::Response& response = *event.mutable_response();
  response = Begun(answer_.completion(), request_);
  response.set_status("failed");
  const std::string reason = GetReason(error);
  response.mutable_error()->set_code(reason.empty() ? "server_error"
                                                    : absl::AsciiStrToLower(reason));
  response.mutable_error()->set_message(absl::IsInternal(error) ? "the server failed"
                                                                : std::string(error.message()));
  return {.event = std::move(event), .end = absl::OkStatus()};
}

}  // namespace dramatis::conversation
