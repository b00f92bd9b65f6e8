#include "services/conversation/openai/embeddings.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/conversation/openai/models.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

namespace inference = dramatis::inference::v1;
using google::protobuf::Value;
using openai::v1::EmbeddingList;
using openai::v1::EmbeddingRequest;

constexpr int kMostTexts = 2048;
constexpr size_t kLongestText = size_t{64} * 1024;
constexpr int kTextsAtOnce = 256;  // inference's limit
constexpr char kEmbedderPrefix[] = "plain/";

absl::Status NotSupported(const std::string& field, const std::string& why) {
  return Error(absl::StatusCode::kInvalidArgument, openai::v1::ERROR_REASON_UNSUPPORTED_PARAMETER,
               absl::StrCat(field, " ", why), {{"param", field}});
}

absl::Status Add(const Value& item, const std::string& field, std::vector<std::string>& texts) {
  if (item.has_number_value() || item.has_list_value()) {
    return NotSupported(field, "must be a text: tokens of other vocabularies are not read");
  }
  if (!item.has_string_value()) return FieldErrors({{field, "must be a text"}});
  if (item.string_value().empty()) return FieldErrors({{field, "must not be empty"}});
  if (item.string_value().size() > kLongestText) {
    return FieldErrors({{field, "must have at most 65536 bytes"}});
  }
  texts.push_back(item.string_value());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> TextsIn(const Value& input) {
  std::vector<std::string> texts;
  if (!input.has_list_value()) {
    DRAMATIS_RETURN_IF_ERROR(Add(input, "input", texts));
    return texts;
  }
  const auto& items = input.list_value().values();
  if (items.empty() || items.size() > kMostTexts) {
    return FieldErrors({{"input", "must have 1 to 2048 texts"}});
  }
  for (int i = 0; i < items.size(); ++i)
    DRAMATIS_RETURN_IF_ERROR(Add(items[i], absl::StrCat("input[", i, "]"), texts));
  return texts;
}

// IEEE 754, 32 bits, little endian: what OpenAI's SDKs decode.
std::string Base64Of(const inference::EmbedResponse::Embedding& vector) {
  std::string bytes;
  bytes.reserve(vector.values_size() * sizeof(float));
  for (const float component : vector.values()) {
    auto bits = std::bit_cast<uint32_t>(component);
    for (size_t i = 0; i < sizeof(bits); ++i, bits >>= 8)
      bytes.push_back(static_cast<char>(bits & 0xFF));
  }
  return absl::Base64Escape(bytes);
}

void AddVector(const inference::EmbedResponse::Embedding& vector,
               bool base64,
               EmbeddingList& list) {
  openai::v1::EmbeddingItem& item = *list.add_data();
  item.set_object("embedding");
  item.set_index(list.data_size() - 1);
  if (base64) {
    item.mutable_embedding()->set_string_value(Base64Of(vector));
    return;
  }
  auto& values = *item.mutable_embedding()->mutable_list_value()->mutable_values();
  values.Reserve(vector.values_size());
  for (const float component : vector.values())
    values.Add()->set_number_value(component);
}

// Its own name, with or without what /v1/models puts before it, or what it is.
bool Names(const std::string& model, const std::string& embedder) {
  return model == embedder || model == "embedder" ||
         absl::StrCat(kEmbedderPrefix, model) == embedder;
}

}  // namespace

absl::StatusOr<std::string> EmbedderName(const TurnTools& tools, const CallContext& call) {
  inference::EmbedRequest none;
  none.set_user_id(call.identity.user_id);
  const absl::StatusOr<inference::EmbedResponse> asked =
      tools.inference.Embed(call.AsService(call.identity.user_id), none);
  if (!asked.ok()) return asked.status();
  if (asked->embedder().empty()) return std::string();
  return absl::StrCat(kEmbedderPrefix, asked->embedder());
}

absl::StatusOr<EmbeddingList> OpenAiEmbeddings::Create(const CallContext& call,
                                                       const EmbeddingRequest& request) {
  const std::string& format = request.encoding_format();
  if (!format.empty() && format != "float" && format != "base64") {
    return NotSupported("encoding_format", "must be float or base64");
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> texts, TextsIn(request.input()));
  if (!call.identity.MayUsePersona("")) return ModelNotFound();
  DRAMATIS_ASSIGN_OR_RETURN(const std::string embedder, EmbedderName(tools_, call));
  if (embedder.empty() || !Names(request.model(), embedder)) return ModelNotFound();
  EmbeddingList list;
  list.set_object("list");
  list.set_model(request.model());
  int tokens = 0;
  for (size_t from = 0; from < texts.size(); from += kTextsAtOnce) {
    inference::EmbedRequest some;
    some.set_user_id(call.identity.user_id);
    const size_t end = std::min(texts.size(), from + kTextsAtOnce);
    for (size_t i = from; i < end; ++i)
      some.add_texts(texts[i]);
    DRAMATIS_ASSIGN_OR_RETURN(const inference::EmbedResponse made,
                              tools_.inference.Embed(call.AsService(call.identity.user_id), some));
    if (request.has_dimensions() && request.dimensions() != made.dimensions()) {
      return NotSupported("dimensions", absl::StrCat("must be ", made.dimensions()));
    }
    for (const auto& vector : made.embeddings())
      AddVector(vector, format == "base64", list);
    tokens += made.usage().input_tokens();
  }
  list.mutable_usage()->set_prompt_tokens(tokens);
  list.mutable_usage()->set_total_tokens(tokens);
  return list;
}

}  // namespace dramatis::conversation
