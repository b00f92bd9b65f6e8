#include "services/memory/memories/observations.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/words.h"

namespace dramatis::memory {
namespace {

// Memories that a model is told of, so that it does not find them again.
constexpr int kMostKnown = 20;

// How built-in and other models introduce what a user said.
constexpr std::string_view kIntroductions[] = {"the user said ", "the user ", "user "};

std::string WithoutIntroduction(std::string folded) {
  for (const std::string_view introduction : kIntroductions) {
    if (folded.starts_with(introduction)) return folded.substr(introduction.size());
  }
  return folded;
}

bool AnyFromUser(const ConversationMessages& messages) {
  return std::any_of(messages.begin(), messages.end(), [](const v1::ConversationMessage& message) {
    return message.from_user() && !message.text().empty();
  });
}

std::string UserText(const ConversationMessages& messages) {
  std::string text;
  for (const v1::ConversationMessage& message : messages) {
    if (message.from_user()) absl::StrAppend(&text, message.text(), "\n");
  }
  return text;
}

}  // namespace

bool IsKnown(const std::string& content, const std::vector<MemoryRow>& known) {
  const std::string said = WithoutIntroduction(FoldedText(content));
  if (said.empty()) return true;  // no word at all
  const std::string phrase = absl::StrCat(" ", said, " ");
  return std::any_of(known.begin(), known.end(), [&](const MemoryRow& memory) {
    const std::string text = absl::StrCat(" ", FoldedText(memory.content), " ");
    if (text.find(phrase) != std::string::npos) return true;
    // Or the other way round, with nothing but stop words about it.
    const std::string core =
        absl::StrCat(" ", WithoutIntroduction(FoldedText(memory.content)), " ");
    const size_t at = phrase.find(core);
    if (at == std::string::npos) return false;
    return SearchWords(absl::StrCat(phrase.substr(0, at), " ", phrase.substr(at + core.size())))
        .empty();
  });
}

absl::StatusOr<v1::ObserveResponse> Observations::Observe(const CallContext& call,
                                                          const v1::ObserveRequest& request) {
  DRAMATIS_RETURN_IF_ERROR(CheckOrder(request.messages(), 0));
  const ConversationKey key = {request.user_id(), request.conversation_id()};
  DRAMATIS_ASSIGN_OR_RETURN(const Progress seen, remembering_.FindProgress(key));
  v1::ObserveResponse response;
  response.set_observed_sequence(seen.last_sequence);
  ConversationMessages fresh;
  for (const v1::ConversationMessage& message : request.messages()) {
    if (message.sequence() > seen.last_sequence) *fresh.Add() = message;
  }
  if (fresh.empty()) return response;
  Findings findings = {.memories = {}, .taken = fresh.size()};
  if (options_.extraction && AnyFromUser(fresh)) {
    DRAMATIS_ASSIGN_OR_RETURN(findings, Extract(call, request, fresh));
  }
  const int to = fresh[findings.taken - 1].sequence();
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> added,
                            remembering_.Observe(key, seen, to, findings.memories, options_.quota));
  response.set_observed_sequence(to);
  for (const std::string& id : added)
    response.add_memory_ids(id);
  return response;
}

absl::StatusOr<Observations::Findings> Observations::Extract(const CallContext& call,
                                                             const v1::ObserveRequest& request,
                                                             const ConversationMessages& messages) {
  inference::v1::RunTaskRequest task;
  task.set_user_id(request.user_id());
  task.set_task(inference::v1::TASK_EXTRACTION);
  task.set_model(options_.model);
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<MemoryRow> related,
                            Related(request, UserText(messages)));
  for (const MemoryRow& memory : related)
    task.add_known(memory.content);
  DRAMATIS_ASSIGN_OR_RETURN(const TaskOutcome outcome,
                            RunOnWhatFits(inference_, ids_, call, "extraction", std::move(task),
                                          messages, /*cut_others=*/true));
  Findings findings = {.memories = {}, .taken = outcome.taken};
  for (const auto& statement : outcome.response.statements()) {
    // Only of the lines that were given, and the user's own, whatever the neighbour says.
    const int line = statement.line();
    if (line < 0 || line >= outcome.taken || !messages[line].from_user()) continue;
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<MemoryRow> alike,
                              Related(request, statement.text()));
    if (IsKnown(statement.text(), alike) || IsKnown(statement.text(), findings.memories)) continue;
    MemoryRow row;
    row.user_id = request.user_id();
    row.memory_id = ids_.NewId();
    row.content = statement.text();
    row.confidence = std::clamp(statement.confidence(), 0.0, 1.0);
    row.persona_id = request.persona_id();
    row.source_message_id = messages[line].message_id();
    row.source_conversation_id = request.conversation_id();
    row.create_time = row.update_time = clock_.Now();
    findings.memories.push_back(std::move(row));
  }
  return findings;
}

absl::StatusOr<std::vector<MemoryRow>> Observations::Related(const v1::ObserveRequest& request,
                                                             const std::string& text) {
  MemorySearch search;
  search.user_id = request.user_id();
  search.persona_id = request.persona_id();
  search.words = QueryWords(text);
  search.limit = kMostKnown;
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<ScoredMemory> found, store_.Search(search));
  std::vector<MemoryRow> related;
  for (ScoredMemory& scored : found) {
    // What one persona knows, every persona does not.
    const bool in_scope =
        scored.memory.persona_id.empty() || scored.memory.persona_id == request.persona_id();
    if (in_scope) related.push_back(std::move(scored.memory));
  }
  return related;
}

absl::StatusOr<v1::ForgetMessagesResponse> Observations::Forget(
    const CallContext& /*call*/, const v1::ForgetMessagesRequest& request) {
  std::vector<ForgottenMessage> messages;
  for (const auto& message : request.messages())
    messages.push_back({message.message_id(), message.sequence()});
  DRAMATIS_ASSIGN_OR_RETURN(
      const Forgotten forgotten,
      remembering_.Forget({request.user_id(), request.conversation_id()}, messages, request.all()));
  v1::ForgetMessagesResponse response;
  response.set_memories(forgotten.memories);
  response.set_summaries(forgotten.summaries);
  return response;
}

}  // namespace dramatis::memory
