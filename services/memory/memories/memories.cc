#include "services/memory/memories/memories.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/memory/model/versions.h"
#include "shared/call/if_match.h"
#include "shared/page/page_token.h"
#include "shared/rules/field_rules.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/words.h"
#include "shared/time/timestamps.h"

namespace dramatis::memory {
namespace {

constexpr double kDefaultConfidence = 1;

// Takes over the fields that are the user's to set.
void Define(const v1::Memory& memory, MemoryRow& row) {
  row.content = memory.content();
  row.confidence = memory.has_confidence() ? memory.confidence() : kDefaultConfidence;
  row.persona_id = memory.persona_id();
  row.source_message_id = memory.source_message_id();
  row.source_conversation_id = memory.source_conversation_id();
}

// What a page token is good for: this user's list with this filter.
PageScope ListScope(const CallContext& call, const v1::ListMemoriesRequest& request) {
  return {call, absl::StrCat("memories\n", call.identity.user_id, "\n", request.persona_id())};
}

absl::StatusOr<MemoryQuery::Position> ReadPageToken(const PageScope& scope,
                                                    const std::string& token) {
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken(scope, token, 2));
  int64_t micros = 0;
  if (!absl::SimpleAtoi(keys[0], &micros)) return CursorError("page_token");
  return MemoryQuery::Position{absl::FromUnixMicros(micros), std::move(keys[1])};
}

}  // namespace

v1::Memory Present(const MemoryRow& row) {
  v1::Memory memory;
  memory.set_memory_id(row.memory_id);
  memory.set_content(row.content);
  memory.set_confidence(row.confidence);
  memory.set_persona_id(row.persona_id);
  memory.set_source_message_id(row.source_message_id);
  memory.set_source_conversation_id(row.source_conversation_id);
  memory.set_etag(Etag(row.version));
  *memory.mutable_create_time() = ToTimestamp(row.create_time);
  *memory.mutable_update_time() = ToTimestamp(row.update_time);
  return memory;
}

absl::StatusOr<v1::Memory> Memories::Create(const CallContext& call,
                                            const v1::CreateMemoryRequest& request) {
  MemoryRow row;
  row.user_id = call.identity.user_id;
  row.memory_id = ids_.NewId();
  Define(request.memory(), row);
  row.create_time = clock_.Now();
  row.update_time = row.create_time;
  return store_.Create(call, request, row, Present(row), quota_);
}

absl::StatusOr<v1::ListMemoriesResponse> Memories::List(const CallContext& call,
                                                        const v1::ListMemoriesRequest& request) {
  const PageScope scope = ListScope(call, request);
  MemoryQuery query;
  query.user_id = call.identity.user_id;
  query.persona_id = request.persona_id();
  query.limit = PageSize(request);
  if (!request.page_token().empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(query.after, ReadPageToken(scope, request.page_token()));
  }
  DRAMATIS_ASSIGN_OR_RETURN(const MemoryPage page, store_.List(query));
  v1::ListMemoriesResponse response;
  for (const MemoryRow& row : page.memories)
    *response.add_memories() = Present(row);
  if (page.more) {
    const MemoryRow& last = page.memories.back();
    response.set_next_page_token(EncodePageToken(
        scope, {absl::StrCat(absl::ToUnixMicros(last.create_time)), last.memory_id}));
  }
  return response;
}

absl::StatusOr<v1::Memory> Memories::Get(const CallContext& call,
                                         const v1::GetMemoryRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const MemoryRow row,
                            store_.Find(call.identity.user_id, request.memory_id()));
  return Present(row);
}

absl::StatusOr<v1::Memory> Memories::Update(const CallContext& call,
                                            const v1::UpdateMemoryRequest& request) {
  return WithRetries([&] { return TryUpdate(call, request); });
}

absl::StatusOr<v1::Memory> Memories::TryUpdate(const CallContext& call,
                                               const v1::UpdateMemoryRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(MemoryRow row, store_.Find(call.identity.user_id, request.memory_id()));
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(row.version)));
  v1::Memory memory = Present(row);
  const auto& paths = request.update_mask().paths();
  MergeFields(request.memory(), {paths.begin(), paths.end()}, memory);
  Define(memory, row);
  row.update_time = clock_.Now();
  DRAMATIS_RETURN_IF_ERROR(store_.Update(row));
  ++row.version;
  return Present(row);
}

absl::Status Memories::Delete(const CallContext& call, const v1::DeleteMemoryRequest& request) {
  return WithRetries([&] { return TryDelete(call, request.memory_id()); });
}

absl::Status Memories::TryDelete(const CallContext& call, const std::string& memory_id) {
  const std::string& user_id = call.identity.user_id;
  if (call.if_match.empty()) return store_.Delete(user_id, memory_id, std::nullopt);
  DRAMATIS_ASSIGN_OR_RETURN(const MemoryRow row, store_.Find(user_id, memory_id));
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(row.version)));
  return store_.Delete(user_id, memory_id, row.version);
}

absl::StatusOr<v1::SearchMemoriesResponse> Memories::Search(
    const CallContext& call, const v1::SearchMemoriesRequest& request) {
  MemorySearch search;
  search.user_id = call.identity.user_id;
  search.persona_id = request.persona_id();
  search.words = QueryWords(request.q());
  search.limit = PageSize(request);
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<ScoredMemory> found, store_.Search(search));
  v1::SearchMemoriesResponse response;
  for (const ScoredMemory& scored : found) {
    v1::SearchMemoriesResponse::Result& result = *response.add_results();
    *result.mutable_memory() = Present(scored.memory);
    result.set_score(scored.score);
  }
  return response;
}

}  // namespace dramatis::memory
