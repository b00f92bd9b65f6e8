#include "shared/objects/testing/conformance.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "shared/digest/sha256.h"

namespace dramatis::objects {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr size_t kMost = size_t{64} << 20;

// Bytes that compress to nothing else, and differ from place to place.
std::string Pattern(size_t bytes) {
  std::string body(bytes, '\0');
  uint32_t state = 1;
  for (char& c : body) {
    state = state * 1'664'525 + 1'013'904'223;
    c = static_cast<char>(state >> 24);
  }
  return body;
}

TEST_P(ObjectsConformance, GivesBackWhatWasPut) {
  ASSERT_TRUE(PutWhole(*objects_, "a/b.txt", "hello").ok());
  const auto body = GetWhole(*objects_, "a/b.txt", kMost);
  ASSERT_TRUE(body.ok()) << body.status();
  EXPECT_EQ(*body, "hello");
}

TEST_P(ObjectsConformance, KeepsAnEmptyBody) {
  ASSERT_TRUE(PutWhole(*objects_, "empty", "").ok());
  EXPECT_EQ(*GetWhole(*objects_, "empty", kMost), "");
  EXPECT_EQ(objects_->Look("empty")->bytes, 0);
}

TEST_P(ObjectsConformance, NamesThatNeedEncodingAreNames) {
  for (const std::string key : {"us er/ä+ö%2F&=?#.txt", "a:b@c,d;e!/(f)'g*$", "日本/語~_-.json"}) {
    ASSERT_TRUE(PutWhole(*objects_, key, key).ok()) << key;
    const auto body = GetWhole(*objects_, key, kMost);
    ASSERT_TRUE(body.ok()) << key << ": " << body.status();
    EXPECT_EQ(*body, key);
  }
  EXPECT_THAT(Keys("", "", 10),
              ElementsAre("a:b@c,d;e!/(f)'g*$", "us er/ä+ö%2F&=?#.txt", "日本/語~_-.json"));
}

TEST_P(ObjectsConformance, MissingIsNotFoundAndNeverEmpty) {
  EXPECT_TRUE(absl::IsNotFound(GetWhole(*objects_, "no/such", kMost).status()));
  EXPECT_TRUE(absl::IsNotFound(objects_->Look("no/such").status()));
  EXPECT_TRUE(objects_->Delete("no/such").ok());
  EXPECT_THAT(Keys("no/", "", 10), IsEmpty());
}

TEST_P(ObjectsConformance, DeletedIsGone) {
  ASSERT_TRUE(PutWhole(*objects_, "a/b", "x").ok());
  ASSERT_TRUE(objects_->Delete("a/b").ok());
  EXPECT_TRUE(absl::IsNotFound(GetWhole(*objects_, "a/b", kMost).status()));
  EXPECT_THAT(Keys("", "", 10), IsEmpty());
  ASSERT_TRUE(PutWhole(*objects_, "a/b", "y").ok());
  EXPECT_EQ(*GetWhole(*objects_, "a/b", kMost), "y");
}

TEST_P(ObjectsConformance, LargeBodiesGoByPieces) {
  const std::string body = Pattern((size_t{20} << 20) + 17);
  size_t at = 0;
  ASSERT_TRUE(objects_
                  ->Put("large",
                        [&]() -> absl::StatusOr<std::string> {
                          std::string piece = body.substr(at, 300'001);
                          at += piece.size();
                          return piece;
                        })
                  .ok());
  Sha256 read;
  size_t most = 0;
  size_t bytes = 0;
  const auto info = objects_->Get("large", [&](std::string_view piece) {
    read.Add(piece);
    most = std::max(most, piece.size());
    bytes += piece.size();
    return absl::OkStatus();
  });
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(bytes, body.size());
  EXPECT_EQ(info->bytes, static_cast<int64_t>(body.size()));
  EXPECT_EQ(read.Digest(), Sha256Of(body));
  EXPECT_LE(most, size_t{1} << 20);
}

TEST_P(ObjectsConformance, ABodyThatBreaksOffLeavesTheOldOne) {
  ASSERT_TRUE(PutWhole(*objects_, "k", "old").ok());
  for (const size_t good_bytes : {size_t{10}, size_t{9} << 20}) {
    bool given = false;
    const absl::Status put = objects_->Put("k", [&]() -> absl::StatusOr<std::string> {
      if (given) return absl::AbortedError("cut off");
      given = true;
      return std::string(good_bytes, 'n');
    });
    EXPECT_TRUE(absl::IsAborted(put)) << put;
  }
  EXPECT_EQ(*GetWhole(*objects_, "k", kMost), "old");
  EXPECT_THAT(Keys("", "", 10), ElementsAre("k"));
}

TEST_P(ObjectsConformance, ASinkThatRefusesEndsTheGet) {
  ASSERT_TRUE(PutWhole(*objects_, "k", std::string(100'000, 'x')).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(GetWhole(*objects_, "k", 99'999).status()));
  EXPECT_EQ(GetWhole(*objects_, "k", 100'000)->size(), 100'000u);
}

TEST_P(ObjectsConformance, AnotherBodyIsAnotherVersion) {
  ASSERT_TRUE(PutWhole(*objects_, "k", "one").ok());
  const std::string first = objects_->Look("k")->version;
  EXPECT_EQ(objects_->Look("k")->version, first);
  ASSERT_TRUE(PutWhole(*objects_, "k", "two").ok());
  EXPECT_NE(objects_->Look("k")->version, first);
}

TEST_P(ObjectsConformance, ListsInOrderByPages) {
  for (const char* key : {"b/2", "b/10", "a", "b-/x", "b/1/z", "c/1"})
    ASSERT_TRUE(PutWhole(*objects_, key, "x").ok()) << key;
  EXPECT_THAT(Keys("", "", 100), ElementsAre("a", "b-/x", "b/1/z", "b/10", "b/2", "c/1"));
  EXPECT_THAT(Keys("b/", "", 2), ElementsAre("b/1/z", "b/10"));
  EXPECT_THAT(Keys("b/", "b/10", 2), ElementsAre("b/2"));
  EXPECT_THAT(Keys("b/", "b/2", 2), IsEmpty());
}

TEST_P(ObjectsConformance, WhatIsNoKeyIsRefused) {
  for (const std::string key :
       {"", "/a", "a/", "a//b", ".", "a/../b", ".hidden", "a\\b", "a\nb", "\xff"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(PutWhole(*objects_, key, "x"))) << key;
    EXPECT_TRUE(absl::IsInvalidArgument(GetWhole(*objects_, key, kMost).status())) << key;
    EXPECT_TRUE(absl::IsInvalidArgument(objects_->Look(key).status())) << key;
    EXPECT_TRUE(absl::IsInvalidArgument(objects_->Delete(key))) << key;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(objects_->List("a", "", 1).status()));
}

TEST_P(ObjectsConformance, ReadersSeeOldOrNewAndNeverAPart) {
  ASSERT_TRUE(PutWhole(*objects_, "shared/k", std::string(50'000, 'a')).ok());
  std::atomic<bool> wrong = false;
  constexpr int kWriters = 2;
  std::vector<std::thread> threads;
  threads.reserve(kWriters);
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < 10; ++i) {
        const std::string body(50'000, static_cast<char>('b' + writer));
        if (!PutWhole(*objects_, "shared/k", body).ok()) wrong = true;
        if (!PutWhole(*objects_, absl::StrCat("shared/other/", writer), "x").ok()) wrong = true;
        if (!objects_->Delete(absl::StrCat("shared/other/", writer)).ok()) wrong = true;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    const auto body = GetWhole(*objects_, "shared/k", kMost);
    if (!body.ok() || *body != std::string(50'000, body->front())) wrong = true;
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_FALSE(wrong);
}

}  // namespace
}  // namespace dramatis::objects
