#include "services/inference/embedding/embeddings.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/strings/str_cat.h"
#include "services/inference/prompt/tokens.h"
#include "services/inference/usage/payer.h"
#include "services/inference/usage/usage_rows.h"
#include "shared/status/errors.h"

namespace dramatis::inference {
namespace {

// Kept back from the caller's deadline, to say what happened.
constexpr absl::Duration kReplyMargin = absl::Milliseconds(50);

int EstimateAll(const std::vector<std::string>& texts) {
  int tokens = 0;
  for (const std::string& text : texts)
    tokens += EstimateTokens(text);
  return tokens;
}

v1::EmbedResponse ToResponse(const Embedder& embedder, const std::vector<Vector>& vectors) {
  v1::EmbedResponse response;
  response.set_embedder(embedder.name());
  response.set_dimensions(embedder.dimensions());
  for (const Vector& vector : vectors)
    response.add_embeddings()->mutable_values()->Add(vector.begin(), vector.end());
  return response;
}

// Whether the embedder counted; a report of no token is none.
bool IsCounted(const Embedded& embedded) {
  return embedded.tokens.has_value() && embedded.tokens->input_tokens > 0;
}

// As the embedder counted, else as we did.
TokenCounts Counted(const Embedded& embedded, int estimate) {
  return IsCounted(embedded) ? *embedded.tokens : TokenCounts{.input_tokens = estimate};
}

}  // namespace

void Embeddings::Embed(const CallContext& call, const v1::EmbedRequest& request, Done done) {
  if (embedder_ == nullptr && request.texts().empty()) return done(v1::EmbedResponse());
  if (embedder_ == nullptr) {
    return done(Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_NO_EMBEDDER,
                      "this deployment has no embedder"));
  }
  if (request.texts().empty()) return done(ToResponse(*embedder_, {}));
  std::vector<std::string> texts(request.texts().begin(), request.texts().end());
  const int estimate = EstimateAll(texts);
  if (!embedder_->remote()) {
    return embedder_->Embed(
        std::move(texts), call.deadline,
        [this, estimate, done = std::move(done)](absl::StatusOr<Embedded> embedded) {
          if (!embedded.ok()) return done(embedded.status());
          v1::EmbedResponse response = ToResponse(*embedder_, embedded->vectors);
          const TokenCounts tokens = Counted(*embedded, estimate);
          response.mutable_usage()->set_input_tokens(tokens.input_tokens);
          response.mutable_usage()->set_estimated(!IsCounted(*embedded));
          done(std::move(response));
        });
  }
  std::shared_ptr<Hold> hold = parts_.ledger.Open(PayerOf(call, request.user_id()));
  constexpr double kMargin = 1.1;  // as of prompts
  const double most = std::ceil(kMargin * estimate);
  const absl::Status covered =
      hold->Cover({.micros = static_cast<int64_t>(std::ceil(embedder_->prices().input * most)),
                   .tokens = static_cast<int64_t>(most)});
  if (!covered.ok()) return done(covered);
  embedder_->Embed(std::move(texts), call.deadline - kReplyMargin,
                   [this, hold = std::move(hold), estimate,
                    done = std::move(done)](absl::StatusOr<Embedded> embedded) {
                     auto finish = [this, hold, estimate, done, embedded = std::move(embedded)] {
                       if (embedded.ok()) return Pay(*hold, *embedded, estimate, done);
                       hold->Release();
                       done(embedded.status());
                     };
                     // Blocks, so not on the provider's thread.
                     if (!parts_.executor.Post(finish)) finish();
                   });
}

void Embeddings::Pay(Hold& hold, const Embedded& embedded, int estimate, const Done& done) {
  const Prices prices = embedder_->prices();
  const TokenCounts tokens = Counted(embedded, estimate);
  const UsageRow row = {.user_id = hold.payer().user_id,
                        .turn_key = absl::StrCat("embed:", parts_.ids.NewId()),
                        .persona_id = "",
                        .model = embedder_->name(),
                        .input_tokens = tokens.input_tokens,
                        .cost_micros = CostMicros(prices, tokens),
                        .estimated = !IsCounted(embedded),
                        .finish_reason = "stop",
                        .create_time = parts_.ledger.clock().Now(),
                        .key_id = hold.payer().key_id,
                        .prices = PricesText(prices)};
  v1::EmbedResponse response = ToResponse(*embedder_, embedded.vectors);
  *response.mutable_usage() = ToMessage(row);
  // First: a turn waits for its question's vector, and a settlement waits for the disk. What cannot
  // be stored just now the ledger goes on trying.
  done(std::move(response));
  hold.Settle(row).IgnoreError();
}

}  // namespace dramatis::inference
