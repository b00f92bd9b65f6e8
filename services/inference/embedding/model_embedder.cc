#include "services/inference/embedding/model_embedder.h"

#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/strings/str_cat.h"
#include "services/inference/transport/loose_json.h"
#include "shared/config/version.h"
#include "shared/status/errors.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;

constexpr size_t kMostAnswerBytes = size_t{32} * 1024 * 1024;
constexpr int kOk = 200;
constexpr int kUnauthorizedAnswer = 401;
constexpr int kForbiddenAnswer = 403;

absl::Status EmbedderFailed(const std::string& name, const std::string& message) {
  return Error(absl::StatusCode::kUnavailable, v1::ERROR_REASON_PROVIDER_FAILED,
               absl::StrCat("the embedder ", name, ": ", message));
}

// Gathers one answer.
class EmbeddingCall : public HttpHandler {
 public:
  EmbeddingCall(std::string name,
                size_t count,
                std::shared_ptr<std::atomic<int>> dimensions,
                Embedder::Done done)
      : name_(std::move(name)),
        count_(count),
        dimensions_(std::move(dimensions)),
        done_(std::move(done)) {}

  void OnHead(const HttpHead& head) override { status_ = head.status; }
  bool OnBody(std::string_view bytes) override {
    body_ += bytes;
    return body_.size() <= kMostAnswerBytes;
  }
  void OnEnd(HttpEnd end) override { done_(Result(end)); }

 private:
  absl::StatusOr<Embedded> Result(HttpEnd end) {
    if (end == HttpEnd::kTimedOut) {
      return Error(absl::StatusCode::kDeadlineExceeded, v1::ERROR_REASON_PROVIDER_TIMEOUT,
                   absl::StrCat("the embedder ", name_, " did not answer in time"));
    }
    if (end != HttpEnd::kComplete) return EmbedderFailed(name_, "no answer");
    if (status_ == kUnauthorizedAnswer || status_ == kForbiddenAnswer) {
      return Error(absl::StatusCode::kUnavailable, v1::ERROR_REASON_PROVIDER_UNAUTHORIZED,
                   absl::StrCat("the embedder ", name_, " refuses the credentials"));
    }
    if (status_ != kOk) return EmbedderFailed(name_, absl::StrCat("status ", status_));
    absl::StatusOr<Embedded> embedded = ReadEmbeddings(body_, count_);
    if (!embedded.ok()) return EmbedderFailed(name_, std::string(embedded.status().message()));
    if (!embedded->vectors.empty()) {
      *dimensions_ = static_cast<int>(embedded->vectors.front().size());
    }
    return embedded;
  }

  const std::string name_;
  const size_t count_;
  const std::shared_ptr<std::atomic<int>> dimensions_;
  const Embedder::Done done_;
  int status_ = 0;
  std::string body_;
};

std::optional<Vector> ReadVector(const json::value* value) {
  const json::array* const numbers = value == nullptr ? nullptr : value->if_array();
  if (numbers == nullptr || numbers->empty()) return std::nullopt;
  Vector vector;
  vector.reserve(numbers->size());
  for (const json::value& number : *numbers) {
    if (!number.is_number()) return std::nullopt;
    const double component = number.to_number<double>();
    if (!std::isfinite(component)) return std::nullopt;
    vector.push_back(static_cast<float>(component));
  }
  Normalize(vector);
  return vector;
}

}  // namespace

absl::StatusOr<Embedded> ReadEmbeddings(std::string_view body, size_t count) {
  const std::optional<json::value> document = ParseLooseJson(body, {});
  const json::object* const object = document.has_value() ? document->if_object() : nullptr;
  const json::value* const data = object == nullptr ? nullptr : object->if_contains("data");
  const json::array* const list = data == nullptr ? nullptr : data->if_array();
  if (list == nullptr) return absl::InvalidArgumentError("its answer cannot be read");
  Embedded embedded;
  embedded.vectors.resize(count);
  size_t next = 0;
  for (const json::value& item : *list) {
    const json::object* const entry = item.if_object();
    if (entry == nullptr) return absl::InvalidArgumentError("its answer cannot be read");
    const json::value* const number = entry->if_contains("index");
    const size_t index =
        number != nullptr && number->is_number() ? number->to_number<size_t>() : next;
    ++next;
    std::optional<Vector> vector = ReadVector(entry->if_contains("embedding"));
    const bool good = index < count && vector.has_value() && embedded.vectors[index].empty();
    if (!good) return absl::InvalidArgumentError("its answer holds no vector for each text");
    embedded.vectors[index] = *std::move(vector);
  }
  for (const Vector& vector : embedded.vectors) {
    if (vector.empty() || vector.size() != embedded.vectors.front().size()) {
      return absl::InvalidArgumentError("its answer holds no vector for each text");
    }
  }
  const json::value* const usage = object->if_contains("usage");
  if (usage != nullptr && usage->is_object()) {
    const json::value* const tokens = usage->get_object().if_contains("prompt_tokens");
    if (tokens != nullptr && tokens->is_int64() && tokens->get_int64() >= 0) {
      embedded.tokens = TokenCounts{.input_tokens = tokens->to_number<int>()};
    }
  }
  return embedded;
}

ModelEmbedder::ModelEmbedder(ProviderConfig provider,
                             std::string model,
                             Prices prices,
                             const Clock& clock,
                             CurlLoop& loop,
                             secrets::SecretStore* secret_store)
    : provider_(std::move(provider)),
      model_(std::move(model)),
      prices_(prices),
      clock_(clock),
      loop_(loop),
      key_(secrets::FollowedBy(secret_store, provider_.key.reference, provider_.key.value)) {}

void ModelEmbedder::Embed(std::vector<std::string> texts, absl::Time deadline, Done done) {
  json::array input;
  for (const std::string& text : texts)
    input.emplace_back(text);
  const json::object request = {
      {"model", model_}, {"input", std::move(input)}, {"encoding_format", "float"}};
  HttpRequest post = {.url = absl::StrCat(provider_.base_url, "/embeddings"),
                      .headers = {"Content-Type: application/json",
                                  absl::StrCat("User-Agent: dramatis/", kVersion)},
                      .body = json::serialize(request),
                      .timeouts = provider_.timeouts};
  if (!provider_.query.empty()) absl::StrAppend(&post.url, "?", provider_.query);
  if (const std::string key = key_->Get(); !key.empty()) {
    const char* const header = provider_.auth == Auth::kBearer    ? "Authorization: Bearer "
                               : provider_.auth == Auth::kXApiKey ? "x-api-key: "
                                                                  : "api-key: ";
    post.headers.push_back(header + key);
  }
  post.timeouts.total = deadline - clock_.Now();
  loop_.Start(std::move(post),
              std::make_shared<EmbeddingCall>(name(), texts.size(), dimensions_, std::move(done)));
}

}  // namespace dramatis::inference
