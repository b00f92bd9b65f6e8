#include "services/memory/memories/meanings.h"

#include <algorithm>
#include <utility>

#include "services/memory/memories/fusion.h"
#include "services/memory/memories/vectors.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::memory {
namespace {

constexpr int kMostAtOnce = 64;
constexpr absl::Duration kClaim = absl::Minutes(2);
constexpr absl::Duration kPutOff = absl::Minutes(1);
constexpr absl::Duration kPutOffSpent = absl::Hours(1);
// Of a question: a turn does not wait longer for it.
constexpr absl::Duration kPatience = absl::Seconds(1);
constexpr absl::Duration kLongCall = absl::Seconds(60);
// What is less alike is not meant; and of more there is no end.
constexpr double kLeastSimilarity = 0.25;
constexpr size_t kMostMeant = 10;
constexpr size_t kMostQuestionBytes = 4096;
// Of vectors in memory: 80,000 of 256 components.
constexpr size_t kMostVectorBytes = size_t{48} * 1024 * 1024;

std::vector<float> ToVector(const inference::v1::EmbedResponse::Embedding& embedding) {
  return {embedding.values().begin(), embedding.values().end()};
}

bool HasNone(const absl::Status& status) {
  return GetReason(status) == "NO_EMBEDDER" || absl::IsUnimplemented(status);
}

}  // namespace

Meanings::Meanings(const MeaningsParts& parts)
    : parts_(parts), vectors_(parts.store, kMostVectorBytes) {}

CallContext Meanings::CallFor(const std::string& user_id) const {
  CallContext call;
  call.identity = {.user_id = user_id, .role = AccessRole::kService};
  call.correlation_id = parts_.ids.NewId();
  call.deadline = absl::InfiniteFuture();
  return call;
}

absl::StatusOr<std::string> Meanings::Embedder() {
  // No user's: it asks for the name only.
  const CallContext call = CallFor("memory");
  inference::v1::EmbedRequest request;
  request.set_user_id(call.identity.user_id);
  const absl::StatusOr<inference::v1::EmbedResponse> response =
      parts_.inference.Embed(call, request, kLongCall);
  const bool none = HasNone(response.status());
  if (!response.ok() && !none) return response.status();
  std::string name = none ? "" : response->embedder();
  const absl::MutexLock lock(&mutex_);
  embedder_ = name;
  return name;
}

absl::Status Meanings::MakePending(const std::function<bool()>& ending) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::string embedder, Embedder());
  if (embedder.empty()) return absl::OkStatus();
  while (!ending()) {
    const absl::Time now = parts_.clock.Now();
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<PendingEmbedding> pending,
                              parts_.store.Claim(embedder, now, now + kClaim, kMostAtOnce));
    std::map<std::string, std::vector<PendingEmbedding>> by_user;
    for (const PendingEmbedding& one : pending)
      by_user[one.user_id].push_back(one);
    for (const auto& [user_id, theirs] : by_user)
      DRAMATIS_RETURN_IF_ERROR(MakeFor(embedder, theirs));
    if (pending.size() < kMostAtOnce) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status Meanings::MakeFor(const std::string& embedder,
                               const std::vector<PendingEmbedding>& pending) {
  inference::v1::EmbedRequest request;
  request.set_user_id(pending.front().user_id);
  for (const PendingEmbedding& one : pending)
    request.add_texts(one.content);
  const absl::StatusOr<inference::v1::EmbedResponse> response =
      parts_.inference.Embed(CallFor(request.user_id()), request, kLongCall);
  const bool usable = response.ok() && response->embedder() == embedder &&
                      response->embeddings_size() == request.texts_size();
  parts_.metrics.Count("dramatis_embeddings_total", {{"outcome", usable ? "made" : "failed"}},
                       static_cast<double>(pending.size()));
  if (!usable) {
    const bool spent = GetReason(response.status()) == "BUDGET_EXCEEDED";
    parts_.logger.Warning(
        "memories were not embedded",
        {{"user_id", request.user_id()},
         {"memories", static_cast<int>(pending.size())},
         {"reason", response.ok() ? "another embedder" : GetReason(response.status())}});
    return parts_.store.PutOff(pending, parts_.clock.Now() + (spent ? kPutOffSpent : kPutOff));
  }
  std::vector<MadeEmbedding> made;
  made.reserve(pending.size());
  for (size_t i = 0; i < pending.size(); ++i) {
    made.push_back({pending[i], PackVector(ToVector(response->embeddings(static_cast<int>(i))))});
  }
  return parts_.store.Keep(embedder, made);
}

absl::StatusOr<std::vector<ScoredMemory>> Meanings::Fuse(const CallContext& call,
                                                         const MemorySearch& search,
                                                         const std::string& question,
                                                         std::vector<ScoredMemory> matches) {
  std::string embedder;
  {
    const absl::MutexLock lock(&mutex_);
    embedder = embedder_;
  }
  if (embedder.empty() || question.empty()) return matches;
  const MeaningSearch meant = {.user_id = search.user_id,
                               .persona_id = search.persona_id,
                               .embedder = embedder,
                               .least_similarity = kLeastSimilarity,
                               .limit = kMostMeant};
  DRAMATIS_ASSIGN_OR_RETURN(const bool any, vectors_.HasAny(meant));
  if (!any) return matches;
  inference::v1::EmbedRequest request;
  request.set_user_id(search.user_id);
  request.add_texts(question.substr(0, Utf8Floor(question, kMostQuestionBytes)));
  const absl::StatusOr<inference::v1::EmbedResponse> response =
      parts_.inference.Embed(call, request, kPatience);
  if (!response.ok() || response->embedder() != embedder || response->embeddings_size() != 1) {
    parts_.metrics.Count("dramatis_embeddings_total", {{"outcome", "question_failed"}});
    return matches;
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> by_meaning,
                            vectors_.Nearest(meant, ToVector(response->embeddings(0))));
  std::vector<std::string> by_words;
  std::map<std::string, MemoryRow> rows;
  for (ScoredMemory& match : matches) {
    by_words.push_back(match.memory.memory_id);
    rows[match.memory.memory_id] = std::move(match.memory);
  }
  std::vector<std::string> missing;
  for (const std::string& id : by_meaning) {
    if (!rows.contains(id)) missing.push_back(id);
  }
  if (!missing.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(std::vector<MemoryRow> found,
                              parts_.store.FindMany(search.user_id, missing));
    for (MemoryRow& row : found)
      rows[row.memory_id] = std::move(row);
    std::erase_if(missing, [&](const std::string& id) { return rows.contains(id); });
    if (!missing.empty()) vectors_.Forget(meant, missing);
  }
  std::vector<ScoredMemory> fused;
  for (const FusedRank& rank : FuseRanks(by_words, by_meaning)) {
    const auto found = rows.find(rank.id);
    if (found == rows.end()) continue;  // gone meanwhile
    if (fused.size() < static_cast<size_t>(search.limit)) {
      fused.push_back({std::move(found->second), rank.score});
    }
  }
  return fused;
}

}  // namespace dramatis::memory
