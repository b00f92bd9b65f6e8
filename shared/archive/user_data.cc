#include "shared/archive/user_data.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "shared/rules/field_rules.h"

namespace dramatis {

std::string RecordLine(const google::protobuf::Message& record) {
  std::string line;
  // Every message of ours has a JSON form.
  (void)google::protobuf::util::MessageToJsonString(record, &line);
  return line;
}

absl::Status ReadRecordInto(const std::string& line, google::protobuf::Message& record) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto parsed = google::protobuf::util::JsonStringToMessage(line, &record, options);
  if (!parsed.ok()) return absl::InvalidArgumentError("it is not what a line of an archive is");
  absl::Status checked = CheckFieldRules(record);
  if (checked.ok()) return checked;
  return absl::InvalidArgumentError(
      absl::StrCat("it is out of bounds: ", std::string(checked.message())));
}

}  // namespace dramatis
