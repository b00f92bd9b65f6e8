#include "gateway/routing/proto_files.h"

#include "absl/strings/str_cat.h"
#include "embedded/proto_files.h"

namespace dramatis::gateway {

absl::StatusOr<std::vector<const google::protobuf::FileDescriptor*>> LinkedFiles() {
  std::vector<const google::protobuf::FileDescriptor*> files;
  for (const char* name : embedded::kProtoFiles) {
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    if (file == nullptr) return absl::InternalError(absl::StrCat(name, " is not linked in"));
    files.push_back(file);
  }
  return files;
}

}  // namespace dramatis::gateway
