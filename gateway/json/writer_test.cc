#include "gateway/json/writer.h"

#include <random>

#include <boost/json/parse.hpp>

#include "dramatis/conversation/v1/conversation.pb.h"
#include "dramatis/gateway/v1/gateway.pb.h"
#include "dramatis/memory/v1/goals.pb.h"
#include "dramatis/memory/v1/memory.pb.h"
#include "dramatis/persona/v1/persona.pb.h"

#include "gateway/routing/proto_files.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

class JsonWriterTest : public ::testing::Test {
 protected:
  std::string Write(const Message& message, Names names = Names::kCamel) {
    std::string out;
    const JsonPlan* plan = writer_.Plan(*message.GetDescriptor());
    EXPECT_TRUE(writer_.Write(*plan, names, message.SerializeAsString(), out));
    return out;
  }
  bool Reads(const Descriptor& type, const std::string& wire) {
    std::string out;
    return writer_.Write(*writer_.Plan(type), Names::kCamel, wire, out);
  }

  JsonTypes types_{*google::protobuf::DescriptorPool::generated_pool()};
  JsonWriter writer_{types_};
};

TEST_F(JsonWriterTest, PrintsDefaultsAndLeavesOutUnsetOptionals) {
  conversation::v1::Session session;
  EXPECT_EQ(Write(session, Names::kSnake),
            R"({"session_id":"","persona_id":"","title":"","message_count":0,"persona_name":"",)"
            R"("temporary":false})");
  persona::v1::ListPersonasResponse page;
  EXPECT_EQ(Write(page), R"({"personas":[],"nextPageToken":""})");
  persona::v1::ModelConfig config;
  EXPECT_EQ(Write(config), R"({"stop":[],"fallbackModels":[]})");
  config.set_temperature(0);
  EXPECT_EQ(Write(config), R"({"temperature":0,"stop":[],"fallbackModels":[]})");
}

TEST_F(JsonWriterTest, LeavesOutTextsThatSayUnsetByBeingEmpty) {
  memory::v1::Goal goal;
  goal.mutable_target()->set_value(1);
  const std::string json = Write(goal);
  for (const char* unset : {"color", "icon", "targetDate", "unit"}) {
    EXPECT_EQ(json.find("\"" + std::string(unset) + "\""), std::string::npos) << json;
  }
  EXPECT_NE(json.find(R"("description":"")"), std::string::npos) << json;
  goal.set_color("#aabbcc");
  EXPECT_NE(Write(goal).find(R"("color":"#aabbcc")"), std::string::npos);
  EXPECT_EQ(Write(memory::v1::Profile()).find("displayName"), std::string::npos);
}

TEST_F(JsonWriterTest, SpellsNamesAsAsked) {
  persona::v1::ResponseDelay delay;
  delay.set_min_ms(5);
  EXPECT_EQ(Write(delay, Names::kCamel), R"({"minMs":5,"maxMs":0})");
  EXPECT_EQ(Write(delay, Names::kSnake), R"({"min_ms":5,"max_ms":0})");
}

TEST_F(JsonWriterTest, PrintsEnumeratorsInLowerCase) {
  persona::v1::Persona persona;
  persona.set_type(persona::v1::PERSONA_TYPE_AI_AGENT);
  persona.add_knowledge(persona::v1::KNOWLEDGE_ARTS);
  persona.add_knowledge(static_cast<persona::v1::Knowledge>(99));
  const std::string json = Write(persona);
  EXPECT_NE(json.find(R"("type":"ai_agent")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("knowledge":["arts",99])"), std::string::npos) << json;
  EXPECT_EQ(json.find("communicationStyle"), std::string::npos) << json;
}

TEST_F(JsonWriterTest, PrintsMapsTimesAndFreeObjects) {
  v1::GetHealthResponse health;
  (*health.mutable_services())["a"] = v1::SERVICE_STATUS_SERVING;
  health.mutable_time()->set_seconds(1);
  EXPECT_EQ(Write(health),
            R"({"version":"","time":"1970-01-01T00:00:01Z","services":{"a":"serving"}})");
  conversation::v1::Session session;
  (*session.mutable_metadata()->mutable_fields())["k"].set_number_value(2);
  EXPECT_NE(Write(session).find(R"("metadata":{"k":2)"), std::string::npos);
}

TEST_F(JsonWriterTest, PrintsMapsInOrderOfTheirKeys) {
  // On the wire: b, a, b again, and c without a value.
  const std::string wire =
      "\x32\x06\x0a\x01"
      "b\x12\x01"
      "1"
      "\x32\x06\x0a\x01"
      "a\x12\x01"
      "2"
      "\x32\x06\x0a\x01"
      "b\x12\x01"
      "3"
      "\x32\x03\x0a\x01"
      "c";
  std::string out;
  ASSERT_TRUE(writer_.Write(*writer_.Plan(*conversation::v1::Message::descriptor()), Names::kCamel,
                            wire, out));
  EXPECT_NE(out.find(R"("metadata":{"a":"2","b":"3","c":""})"), std::string::npos) << out;
}

TEST_F(JsonWriterTest, MergesAMessageThatComesTwice) {
  persona::v1::Persona first;
  first.mutable_response_delay()->set_min_ms(1);
  persona::v1::Persona second;
  second.mutable_response_delay()->set_max_ms(2);
  second.set_name("last");
  first.set_name("first");
  persona::v1::Persona merged;
  ASSERT_TRUE(merged.ParseFromString(first.SerializeAsString() + second.SerializeAsString()));
  std::string out;
  ASSERT_TRUE(writer_.Write(*writer_.Plan(*merged.GetDescriptor()), Names::kCamel,
                            first.SerializeAsString() + second.SerializeAsString(), out));
  EXPECT_EQ(out, Write(merged));
}

TEST_F(JsonWriterTest, RefusesBytesThatAreNoMessage) {
  const Descriptor& type = *persona::v1::Persona::descriptor();
  EXPECT_TRUE(Reads(type, ""));
  for (const std::string& wire :
       {std::string("\x12\x05"
                    "a"),
        std::string("\x0b"), std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        std::string("\x10\x01"), std::string("\x00\x01", 2)}) {
    EXPECT_FALSE(Reads(type, wire));
  }
}

// Fills fields at random: about a third stays unset.
void Fill(Message& message, std::mt19937& random, int depth) {
  const auto& reflection = *message.GetReflection();
  const auto text = [&] {
    static constexpr const char* kTexts[] = {"", "plain", "q\"b\\n\n\t\x01", "é😀\u2028",
                                             "</script>"};
    return std::string(kTexts[random() % 5]);
  };
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    // The library prints empty ones that we leave out on purpose.
    const bool needs_text = LeftOutWhenEmpty(*field);
    if (!needs_text && random() % 3 == 0) continue;
    const int count = field->is_repeated() ? static_cast<int>(random() % 4) : 1;
    for (int n = 0; n < count; ++n) {
      const auto set = [&](auto add, auto put, auto value) {
        field->is_repeated() ? (reflection.*add)(&message, field, value)
                             : (reflection.*put)(&message, field, value);
      };
      using R = google::protobuf::Reflection;
      switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_BOOL:
          set(&R::AddBool, &R::SetBool, random() % 2 == 0);
          break;
        case FieldDescriptor::CPPTYPE_INT32:
          set(&R::AddInt32, &R::SetInt32, static_cast<int32_t>(random()));
          break;
        case FieldDescriptor::CPPTYPE_UINT32:
          set(&R::AddUInt32, &R::SetUInt32, static_cast<uint32_t>(random()));
          break;
        case FieldDescriptor::CPPTYPE_DOUBLE:
          set(&R::AddDouble, &R::SetDouble, static_cast<double>(random() % 1000) / 8);
          break;
        case FieldDescriptor::CPPTYPE_FLOAT:
          set(&R::AddFloat, &R::SetFloat, static_cast<float>(random() % 1000) / 8);
          break;
        case FieldDescriptor::CPPTYPE_STRING:
          set(&R::AddString, &R::SetString, needs_text ? "x" : text());
          break;
        case FieldDescriptor::CPPTYPE_ENUM: {
          // Not the unspecified one: there the two differ on purpose.
          const int last = field->enum_type()->value_count() - 1;
          set(&R::AddEnumValue, &R::SetEnumValue, 1 + static_cast<int>(random() % last));
          break;
        }
        case FieldDescriptor::CPPTYPE_MESSAGE: {
          if (depth == 0) break;
          Message* sub = field->is_repeated() ? reflection.AddMessage(&message, field)
                                              : reflection.MutableMessage(&message, field);
          if (field->message_type()->full_name() == "google.protobuf.Timestamp") {
            sub->ParseFromString("\x08" + std::string(1, static_cast<char>(random() % 100)));
          } else if (field->message_type()->full_name() == "google.protobuf.Value") {
            sub->ParseFromString(
                std::string("\x20\x01", 2));  // true: one without a kind is no JSON
          } else if (field->message_type()->file()->package() != "google.protobuf") {
            Fill(*sub, random, depth - 1);
          }
          break;
        }
        default:
          FAIL() << "a type that no message of ours had: " << field->full_name();
      }
    }
  }
}

// Parsed with the members in the library's order, and without unspecified enumerators.
boost::json::value Normal(const std::string& text) {
  boost::json::value value = boost::json::parse(text);
  const std::function<void(boost::json::value&)> walk = [&](boost::json::value& at) {
    if (at.is_array()) {
      for (auto& item : at.as_array())
        walk(item);
    } else if (at.is_object()) {
      auto& object = at.as_object();
      for (auto it = object.begin(); it != object.end();) {
        if (it->value().is_string() && it->value().as_string() == "unspecified") {
          it = object.erase(it);
        } else {
          walk(it->value());
          ++it;
        }
      }
    }
  };
  walk(value);
  return value;
}

TEST_F(JsonWriterTest, AgreesWithTheLibraryOnEveryMessageOfOurs) {
  std::mt19937 random(20260101);
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  int compared = 0;
  const auto files = LinkedFiles().value();
  for (const auto* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const Message& prototype =
          *google::protobuf::MessageFactory::generated_factory()->GetPrototype(
              file->message_type(i));
      for (int round = 0; round < 20; ++round) {
        const std::unique_ptr<Message> message(prototype.New());
        Fill(*message, random, 4);
        for (const Names names : {Names::kCamel, Names::kSnake}) {
          options.preserve_proto_field_names = names == Names::kSnake;
          std::string expected;
          ASSERT_TRUE(google::protobuf::util::BinaryToJsonString(
                          &types_.resolver(), JsonTypes::Url(*message->GetDescriptor()),
                          message->SerializeAsString(), &expected, options)
                          .ok());
          ASSERT_EQ(Normal(Write(*message, names)), Normal(expected)) << message->DebugString();
          ++compared;
        }
      }
    }
  }
  EXPECT_GT(compared, 2000);
}

}  // namespace
}  // namespace dramatis::gateway
