#include "gateway/tools/comments.h"

#include <fstream>

#include "google/protobuf/descriptor.pb.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {
namespace {

namespace pb = google::protobuf;

// Lines joined, runs of white space as one space.
std::string Paragraph(std::string text) {
  absl::RemoveExtraAsciiWhitespace(&text);
  return text;
}

using Found = std::map<std::string, std::string>;

template <class Descriptor>
void Note(const Descriptor& descriptor, Found& found) {
  pb::SourceLocation location;
  if (!descriptor.GetSourceLocation(&location)) return;
  const std::string text = Paragraph(location.leading_comments);
  if (!text.empty()) found[descriptor.full_name()] = text;
}

void NoteEnum(const pb::EnumDescriptor& type, Found& found) {
  Note(type, found);
  // An enumerator's full name leaves its type out; ours are unique because they are prefixed.
  for (int i = 0; i < type.value_count(); ++i)
    Note(*type.value(i), found);
}

void NoteMessage(const pb::Descriptor& message, Found& found) {
  Note(message, found);
  for (int i = 0; i < message.field_count(); ++i)
    Note(*message.field(i), found);
  for (int i = 0; i < message.enum_type_count(); ++i)
    NoteEnum(*message.enum_type(i), found);
  for (int i = 0; i < message.nested_type_count(); ++i)
    NoteMessage(*message.nested_type(i), found);
}

void NoteService(const pb::ServiceDescriptor& service, Found& found) {
  Note(service, found);
  for (int i = 0; i < service.method_count(); ++i)
    Note(*service.method(i), found);
}

}  // namespace

absl::StatusOr<Comments> Comments::Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::UnavailableError(absl::StrCat("cannot read ", path));
  pb::FileDescriptorSet set;
  if (!set.ParseFromIstream(&file)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not a FileDescriptorSet"));
  }
  pb::DescriptorPool pool;
  Comments comments;
  for (const pb::FileDescriptorProto& proto : set.file()) {
    const pb::FileDescriptor* built = pool.BuildFile(proto);
    if (built == nullptr)
      return absl::InvalidArgumentError(absl::StrCat(proto.name(), " is broken"));
    for (int i = 0; i < built->service_count(); ++i) {
      NoteService(*built->service(i), comments.comments_);
    }
    for (int i = 0; i < built->message_type_count(); ++i) {
      NoteMessage(*built->message_type(i), comments.comments_);
    }
    for (int i = 0; i < built->enum_type_count(); ++i) {
      NoteEnum(*built->enum_type(i), comments.comments_);
    }
  }
  return comments;
}

std::string Comments::Of(const std::string& full_name) const {
  const auto found = comments_.find(full_name);
  return found == comments_.end() ? "" : found->second;
}

}  // namespace dramatis::gateway
