#include "tests/contract/compatibility.h"

#include <fstream>
#include <functional>
#include <string>

#include "google/api/annotations.pb.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::contract {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

FileDescriptorSet ReadSet(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  FileDescriptorSet set;
  EXPECT_TRUE(file.good()) << path;
  EXPECT_TRUE(set.ParseFromIstream(&file)) << path;
  return set;
}

FileDescriptorSet Current() {
  return ReadSet(DRAMATIS_DESCRIPTOR_SET);
}

FileDescriptorProto& File(FileDescriptorSet& set, const std::string& name) {
  for (FileDescriptorProto& file : *set.mutable_file()) {
    if (file.name() == name) return file;
  }
  throw std::out_of_range(name);
}

DescriptorProto& Message(FileDescriptorProto& file, const std::string& name) {
  for (DescriptorProto& message : *file.mutable_message_type()) {
    if (message.name() == name) return message;
  }
  throw std::out_of_range(name);
}

template <class Items>
auto& Named(Items& items, const std::string& name) {
  for (auto& item : items) {
    if (item.name() == name) return item;
  }
  throw std::out_of_range(name);
}

template <class Items>
void Remove(Items& items, const std::string& name) {
  for (int i = 0; i < items.size(); ++i) {
    if (items[i].name() != name) continue;
    items.DeleteSubrange(i, 1);
    return;
  }
  throw std::out_of_range(name);
}

TEST(Compatibility, NothingThatWasPublishedIsBroken) {
  EXPECT_THAT(BreakingChanges(ReadSet(DRAMATIS_BASELINE), Current()), IsEmpty())
      << "these changes break clients. Where that is meant, see CONTRIBUTING.md, \"The contract\"";
}

TEST(Compatibility, AdditionsAreFine) {
  const FileDescriptorSet before = Current();
  FileDescriptorSet after = before;
  FileDescriptorProto& file = File(after, "dramatis/memory/v1/memory.proto");
  FieldDescriptorProto& field = *Message(file, "Memory").add_field();
  field.set_name("added");
  field.set_number(999);
  field.set_type(FieldDescriptorProto::TYPE_STRING);
  field.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  file.add_message_type()->set_name("Added");
  EXPECT_THAT(BreakingChanges(before, after), IsEmpty());
}

struct Break {
  std::string name;
  std::function<void(FileDescriptorProto&)> make;  // on memory.proto
  std::string found;
};

std::ostream& operator<<(std::ostream& out, const Break& change) {
  return out << change.name;
}

class EachBreak : public testing::TestWithParam<Break> {};

TEST_P(EachBreak, IsFound) {
  const FileDescriptorSet before = Current();
  FileDescriptorSet after = before;
  GetParam().make(File(after, "dramatis/memory/v1/memory.proto"));
  EXPECT_THAT(BreakingChanges(before, after), ElementsAre(HasSubstr(GetParam().found)));
}

FieldDescriptorProto& Content(FileDescriptorProto& file) {
  return Named(*Message(file, "Memory").mutable_field(), "content");
}

INSTANTIATE_TEST_SUITE_P(
    ,
    EachBreak,
    testing::Values(
        Break{"RemovedField",
              [](auto& f) { Remove(*Message(f, "Memory").mutable_field(), "content"); },
              "Memory.content: field 2 is gone"},
        Break{"RenumberedField", [](auto& f) { Content(f).set_number(99); },
              "Memory.content: field 2 is gone"},
        Break{"RenamedField",
              [](auto& f) {
                FieldDescriptorProto& field = Content(f);
                field.set_name("text");
                field.set_json_name("content");
              },
              "is now called text"},
        Break{"RetypedField",
              [](auto& f) { Content(f).set_type(FieldDescriptorProto::TYPE_BYTES); },
              "was string, is bytes"},
        Break{"FieldMadeAList",
              [](auto& f) { Content(f).set_label(FieldDescriptorProto::LABEL_REPEATED); },
              "is a list in one version only"},
        Break{"RenamedEnumerator",
              [](auto& f) {
                Named(*Named(*f.mutable_enum_type(), "Units").mutable_value(), "UNITS_METRIC")
                    .set_name("UNITS_SI");
              },
              "UNITS_METRIC: the enumerator is gone"},
        Break{"RenumberedEnumerator",
              [](auto& f) {
                Named(*Named(*f.mutable_enum_type(), "Units").mutable_value(), "UNITS_METRIC")
                    .set_number(9);
              },
              "UNITS_METRIC: has another number"},
        Break{"RemovedMethod",
              [](auto& f) { Remove(*f.mutable_service(0)->mutable_method(), "GetMemory"); },
              "GetMemory: the method is gone"},
        Break{"MethodWithAnotherRequest",
              [](auto& f) {
                Named(*f.mutable_service(0)->mutable_method(), "GetMemory")
                    .set_input_type(".dramatis.memory.v1.GetProfileRequest");
              },
              "GetMemory: takes another message"},
        Break{"MethodMadeAStream",
              [](auto& f) {
                Named(*f.mutable_service(0)->mutable_method(), "GetMemory")
                    .set_server_streaming(true);
              },
              "GetMemory: streams in one version only"},
        Break{"LostRoute",
              [](auto& f) {
                Named(*f.mutable_service(0)->mutable_method(), "GetMemory")
                    .mutable_options()
                    ->MutableExtension(google::api::http)
                    ->set_get("/api/elsewhere/{memory_id}");
              },
              "GetMemory: has lost its route"}),
    [](const auto& info) { return info.param.name; });

TEST(Compatibility, FindsARemovedService) {
  const FileDescriptorSet before = Current();
  FileDescriptorSet after = before;
  File(after, "dramatis/memory/v1/memory.proto").clear_service();
  EXPECT_THAT(BreakingChanges(before, after), ElementsAre(HasSubstr("the service is gone")));
}

}  // namespace
}  // namespace dramatis::contract
