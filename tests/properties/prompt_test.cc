// Property 2: every prompt contains the persona's text. Property 3: every prompt of a session with
// history contains it, in order, as the context rule says.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "services/inference/prompt/packing.h"
#include "services/inference/prompt/tokens.h"
#include "tests/properties/texts.h"
#include "tests/properties/world.h"

namespace dramatis::properties {
namespace {

using Line = std::pair<std::string, std::string>;  // role, text

// What packing may count besides the texts themselves: separators, the start of the reply.
constexpr int kSlackTokens = 40;
constexpr int kOutputTokens = 1024;

World& TheWorld() {
  static World world;
  return world;
}

std::string SystemText(const boost::json::object& prompt) {
  const boost::json::object& first = prompt.at("messages").as_array().at(0).as_object();
  RC_ASSERT(first.at("role").as_string() == "system");
  return std::string(first.at("content").as_string());
}

std::vector<Line> Dialogue(const boost::json::object& prompt) {
  std::vector<Line> lines;
  for (const boost::json::value& message : prompt.at("messages").as_array()) {
    const std::string content(message.at("content").as_string());
    if (message.at("role").as_string() != "system") {
      lines.emplace_back(message.at("role").as_string(), content);
      continue;
    }
    // Where history is cut before a line of the persona, that one ends the system text.
    constexpr std::string_view kOpening = "\n\nYou opened with: ";
    const size_t opening = content.rfind(kOpening);
    if (opening == std::string::npos) continue;
    lines.emplace_back("assistant", content.substr(opening + kOpening.size()));
  }
  return lines;
}

int Tokens(const Line& line) {
  return inference::EstimateTokens(line.second) + inference::kTokensPerMessage;
}

RC_GTEST_PROP(Prompt, ContainsThePersonasTextWhole, ()) {
  World& world = TheWorld();
  const std::unique_ptr<HttpClient> user = world.NewUser();
  const std::string biography = *AnyText();
  const std::string instructions = *AnyText(2000);
  const boost::json::value persona =
      user->Post("/api/personas", {{"name", "Generated"},
                                   {"type", "ai_agent"},
                                   {"biography", biography},
                                   {"systemPrompt", instructions},
                                   {"modelConfig", {{"model", "openai/wide"}}}});
  const std::string id(persona.at("personaId").as_string());
  const boost::json::value rendered = user->Get(absl::StrCat("/api/personas/", id, "/prompt"));
  const int turns = *rc::gen::inRange(1, 4);
  for (int i = 0; i < turns; ++i) {
    world.ForgetPrompts();
    user->Post("/api/chat", {{"message", *AnyText(500)}, {"session_id", "s"}, {"persona_id", id}});
    const std::string system = SystemText(world.OnlyPrompt());
    RC_ASSERT(system.find(biography) != std::string::npos);
    RC_ASSERT(system.find(instructions) != std::string::npos);
    size_t position = 0;
    for (const boost::json::value& part : rendered.at("parts").as_array()) {
      const std::string text(part.at("text").as_string());
      position = system.find(text, position);
      RC_ASSERT(position != std::string::npos);
      position += text.size();
    }
  }
}

// Says so many things in a session of its own; every line of it, in order.
std::vector<Line> MakeHistory(HttpClient& user, const std::string& persona, int exchanges) {
  std::vector<Line> history;
  for (int i = 0; i < exchanges; ++i) {
    const std::string text = *AnyText(400);
    const boost::json::value answer =
        user.Post("/api/chat", {{"message", text}, {"session_id", "s"}, {"persona_id", persona}});
    history.emplace_back("user", text);
    history.emplace_back("assistant", std::string(answer.at("response").as_string()));
  }
  return history;
}

// Mostly short, up to 300 messages with what comes after.
rc::Gen<int> Exchanges() {
  return rc::gen::weightedOneOf<int>({{10, rc::gen::inRange(1, 8)},
                                      {8, rc::gen::inRange(8, 40)},
                                      {1, rc::gen::inRange(100, 150)}});
}

RC_GTEST_PROP(Prompt, ContainsTheWholeHistoryInOrderWhereItFits, ()) {
  World& world = TheWorld();
  const std::unique_ptr<HttpClient> user = world.NewUser();
  std::vector<Line> expected = MakeHistory(*user, world.Persona("wide"), *Exchanges());
  const std::string newest = *AnyText();
  world.ForgetPrompts();
  user->Post("/api/chat", {{"message", newest}, {"session_id", "s"}});
  expected.emplace_back("user", newest);
  RC_ASSERT(Dialogue(world.OnlyPrompt()) == expected);
}

RC_GTEST_PROP(Prompt, ContainsTheNewestWholeMessagesThatFit, ()) {
  World& world = TheWorld();
  const std::unique_ptr<HttpClient> user = world.NewUser();
  std::vector<Line> all = MakeHistory(*user, world.Persona("narrow"), *Exchanges());
  const std::string newest = *AnyText(400);
  world.ForgetPrompts();
  user->Post("/api/chat", {{"message", newest}, {"session_id", "s"}});
  all.emplace_back("user", newest);

  const boost::json::object prompt = world.OnlyPrompt();
  const std::vector<Line> kept = Dialogue(prompt);
  RC_ASSERT(!kept.empty());
  RC_ASSERT(kept.size() <= all.size());
  RC_ASSERT(std::equal(kept.rbegin(), kept.rend(), all.rbegin()));
  const int budget =
      inference::PromptBudget({.window_tokens = kNarrowWindow, .output_tokens = kOutputTokens});
  // What the persona opened with is counted with the system text.
  int used = inference::EstimateTokens(SystemText(prompt));
  for (const Line& line : kept) {
    const bool opening = &line == &kept.front() && line.first == "assistant";
    if (!opening) used += Tokens(line);
  }
  RC_ASSERT(used <= budget);
  RC_CLASSIFY(kept.size() < all.size(), "some did not fit");
  if (kept.size() < all.size()) {
    const Line& next = all[all.size() - kept.size() - 1];
    RC_ASSERT(used + Tokens(next) > budget - kSlackTokens);
  }
}

}  // namespace
}  // namespace dramatis::properties
