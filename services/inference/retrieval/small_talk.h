// What a message wants, where its words say so without the biography: greetings, and the question
// whether one talks with a program. For the built-in retrieval model. Pure functions.
#pragma once

#include <string>

namespace dramatis::inference {

enum class Intent {
  kQuestion,      // anything else: look it up
  kGreeting,      // "hello", and nothing more
  kThanks,        // "thank you", and nothing more
  kFarewell,      // "goodbye", and nothing more
  kNature,        // "are you an AI?", "am I talking to a human?"
  kIntroduction,  // "who are you?"
  kAboutUser,     // "what do you remember about me?"
};

Intent ReadIntent(const std::string& message);

}  // namespace dramatis::inference
