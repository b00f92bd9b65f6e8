// Every prompt is system, then user, then alternating, ending with user: what a strict template
// accepts, whatever was said, hidden or cut, with or without a summary, in any window.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rapidcheck.h"
#include "rapidcheck/gtest.h"
#include "services/inference/prompt/packing.h"
#include "services/inference/prompt/tokens.h"
#include "services/inference/providers/openai_wire.h"
#include "services/inference/providers/task_prompt.h"

namespace dramatis::inference {
namespace {

// The messages as they go over the wire.
std::vector<std::pair<std::string, std::string>> Sent(const PackedPrompt& packed) {
  const boost::json::value request =
      boost::json::parse(OpenAiFormat().Body(packed, {}, {.model = {.name = "m"}}));
  std::vector<std::pair<std::string, std::string>> sent;
  for (const boost::json::value& message : request.at("messages").as_array()) {
    sent.emplace_back(message.at("role").as_string(), message.at("content").as_string());
  }
  return sent;
}

bool Alternates(const PackedPrompt& packed, bool system) {
  const auto sent = Sent(packed);
  std::string expected = "user";
  for (size_t i = 0; i < sent.size(); ++i) {
    if (i == 0 && sent[i].first == "system") continue;
    if (sent[i].first != expected || sent[i].second.empty()) return false;
    expected = expected == "user" ? "assistant" : "user";
  }
  return !sent.empty() && sent.back().first == "user" &&
         (!system || sent.front().first == "system");
}

std::string Words(int count, int salt) {
  std::string text;
  for (int i = 0; i < count; ++i)
    absl::StrAppend(&text, i == 0 ? "" : " ", "w", salt, "x", i);
  return text;
}

// A conversation as packing gets it: own lines and others' in any order, some hidden, some without
// text, some made one of several; the newest is somebody else's.
Messages AnyMessages() {
  Messages messages;
  const int count = *rc::gen::inRange(1, 40);
  int sequence = *rc::gen::inRange(1, 100);
  for (int i = 0; i < count; ++i) {
    const bool newest = i + 1 == count;
    sequence += *rc::gen::inRange(1, 4);  // what lies between is hidden
    prompt::v1::PromptMessage& message = *messages.Add();
    const bool own = !newest && *rc::gen::arbitrary<bool>();
    message.set_role(own ? prompt::v1::ROLE_ASSISTANT : prompt::v1::ROLE_USER);
    const bool blank = !newest && *rc::gen::inRange(0, 12) == 0;
    message.set_text(blank ? *rc::gen::element<std::string>("", " ", "\n")
                           : Words(*rc::gen::inRange(1, 60), i));
    message.set_message_id(absl::StrCat(i));
    message.set_sequence(sequence);
    if (*rc::gen::inRange(0, 5) == 0) message.set_first_sequence(sequence - 1);
  }
  return messages;
}

Parts AnyParts(const Messages& messages) {
  Parts parts;
  const auto add = [&](prompt::v1::PartKind kind, int words) -> prompt::v1::PromptPart& {
    prompt::v1::PromptPart& part = *parts.Add();
    part.set_kind(kind);
    part.set_text(Words(words, 1000 + parts.size()));
    part.set_source(absl::StrCat("p", parts.size()));
    return part;
  };
  add(prompt::v1::PART_KIND_ROLE, 3);
  if (*rc::gen::arbitrary<bool>()) add(prompt::v1::PART_KIND_BIOGRAPHY, *rc::gen::inRange(1, 400));
  if (*rc::gen::arbitrary<bool>()) {
    add(prompt::v1::PART_KIND_SYSTEM_PROMPT, *rc::gen::inRange(1, 100));
  }
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
    add(prompt::v1::PART_KIND_MEMORY, *rc::gen::inRange(1, 20));
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    prompt::v1::PromptPart& summary = add(prompt::v1::PART_KIND_SUMMARY, *rc::gen::inRange(1, 40));
    const int newest = messages.rbegin()->sequence();
    summary.set_from_sequence(*rc::gen::inRange(1, newest + 1));
    summary.set_to_sequence(*rc::gen::inRange(summary.from_sequence(), newest + 2));
  }
  return parts;
}

RC_GTEST_PROP(PackingRoles, EveryPromptAlternatesAndLosesNothingThatIsKept, ()) {
  const Messages messages = AnyMessages();
  const Parts parts = AnyParts(messages);
  const PackingLimits limits = {.window_tokens = *rc::gen::inRange(200, 9000),
                                .output_tokens = *rc::gen::inRange(1, 200)};
  const absl::StatusOr<PackedPrompt> packed = Pack(parts, messages, limits);
  if (!packed.ok()) RC_DISCARD("does not fit");
  RC_ASSERT(Alternates(*packed, /*system=*/true));

  // Every kept line is there, in order: first those that the persona opened with.
  std::string all;
  for (const auto& [role, text] : Sent(*packed))
    absl::StrAppend(&all, text, "\n");
  size_t at = 0;
  for (const prompt::v1::PromptMessage& message : packed->messages) {
    if (message.text().find('w') == std::string::npos) continue;
    at = all.find(message.text(), at);
    RC_ASSERT(at != std::string::npos);
    at += message.text().size();
  }

  // What is sent keeps to the budget, and is what the manifest says.
  int tokens = kTokensForReply;
  for (const auto& [role, text] : Sent(*packed))
    tokens += EstimateTokens(text) + kTokensPerMessage;
  RC_ASSERT(packed->manifest.prompt_tokens() <= packed->manifest.budget_tokens());
  // Empty lines between parts are counted as one token each.
  RC_ASSERT(tokens <= packed->manifest.prompt_tokens() + parts.size());
  RC_CLASSIFY(packed->messages.size() < static_cast<size_t>(messages.size()), "history is cut");
  RC_CLASSIFY(packed->messages.front().role() == prompt::v1::ROLE_ASSISTANT, "the persona opens");
}

RC_GTEST_PROP(PackingRoles, EveryTaskAlternates, ()) {
  v1::RunTaskRequest request;
  request.set_task(*rc::gen::arbitrary<bool>() ? v1::TASK_SUMMARY : v1::TASK_EXTRACTION);
  for (int i = *rc::gen::inRange(0, 20); i > 0; --i) {
    v1::RunTaskRequest::Line& line = *request.add_lines();
    line.set_speaker("s");
    line.set_text(Words(*rc::gen::inRange(0, 30), i));
    line.set_from_user(*rc::gen::arbitrary<bool>());
  }
  if (*rc::gen::arbitrary<bool>()) request.set_previous_summary("before");
  const TaskPrompt task = MakeTaskPrompt(request);
  const absl::StatusOr<PackedPrompt> packed =
      Pack(task.parts, task.messages,
           {.window_tokens = *rc::gen::inRange(1500, 9000),
            .output_tokens = task.parameters.max_output_tokens()});
  if (!packed.ok() || task.messages[0].text().empty()) RC_DISCARD("does not fit");
  RC_ASSERT(Alternates(*packed, /*system=*/true));
}

TEST(PackingRolesTest, WhatThePersonaOpenedWithEndsTheSystemText) {
  Messages messages;
  const auto say = [&](prompt::v1::Role role, const char* text) {
    prompt::v1::PromptMessage& message = *messages.Add();
    message.set_role(role);
    message.set_text(text);
  };
  say(prompt::v1::ROLE_ASSISTANT, "Welcome!");
  say(prompt::v1::ROLE_ASSISTANT, "Sit down.");
  say(prompt::v1::ROLE_USER, "Hi");
  say(prompt::v1::ROLE_ASSISTANT, "Tea?");
  say(prompt::v1::ROLE_USER, "Yes");
  Parts parts;
  prompt::v1::PromptPart& part = *parts.Add();
  part.set_kind(prompt::v1::PART_KIND_SAFETY);
  part.set_text("safe");
  const PackedPrompt packed = *Pack(parts, messages, {.window_tokens = 4000, .output_tokens = 100});
  EXPECT_EQ(SystemText(packed), "safe\n\nYou opened with: Welcome!\n\nSit down.");
  const std::vector<ChatTurn> turns = ChatTurns(packed);
  ASSERT_EQ(turns.size(), 3);
  EXPECT_EQ(turns[0].text, "Hi");
  parts.Clear();
  EXPECT_EQ(SystemText(*Pack(parts, messages, {.window_tokens = 4000, .output_tokens = 100})),
            "You opened with: Welcome!\n\nSit down.");
}

}  // namespace
}  // namespace dramatis::inference
