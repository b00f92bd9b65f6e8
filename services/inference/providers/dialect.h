// What a model takes of a request beside its messages, learned from what it refused: servers that
// speak OpenAI's format differ in the fields that they know, models in those that they take, and no
// list of names stays true.
//
//   Dialect dialect = dialects.Of(model);
//   ... 400, `param: "temperature"` ...
//   if (const auto lesson = LessonOf(refusal, sent)) dialect.insert(*lesson);   // and ask again
//   ... 200 ...
//   dialects.Learn(model, dialect);
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/repeated_field.h"
#include "services/inference/providers/provider.h"

namespace dramatis::inference {

// Fields that are left out: `temperature`, or `temperature=1.8` where only that value is refused.
using Dialect = std::set<std::string>;

// One field of a request that may be left out.
struct OptionalField {
  std::string name;
  std::string json;  // its value
};

// The JSON schema of an answer that is one of `choices`: an object with the member `choice`.
std::string ChoiceSchema(const google::protobuf::RepeatedPtrField<std::string>& choices);

// A JSON object that is not empty, with the fields at its end.
std::string WithFields(std::string object, const std::vector<OptionalField>& fields);

bool Takes(const Dialect& dialect, const OptionalField& field);

// What a refusal teaches of the fields that were sent; nullopt where it is about something else. A
// refusal of the field teaches for good, one of its value for that value.
std::optional<std::string> LessonOf(const Refusal& refusal, const std::vector<OptionalField>& sent);

// The dialects of a provider's models, in memory. Thread-safe.
class Dialects {
 public:
  // Models, and lessons of each, that are remembered: names of models are users' to choose.
  static constexpr size_t kMostModels = 256;
  static constexpr size_t kMostLessons = 64;

  Dialect Of(const std::string& model) const;
  // True where `model` has taught something new.
  bool Learn(const std::string& model, const Dialect& lessons);

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, Dialect> dialects_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::inference
