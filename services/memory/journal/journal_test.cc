#include "services/memory/journal/journal.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/fakes.h"
#include "services/memory/testing/journal_fakes.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class JournalTest : public testing::Test {
 protected:
  JournalTest() { call_.identity.user_id = "ada"; }

  static v1::CreateJournalEntryRequest Writing(const std::string& title,
                                               const std::string& content = "We met.") {
    v1::CreateJournalEntryRequest request;
    request.mutable_entry()->set_title(title);
    request.mutable_entry()->set_content(content);
    return request;
  }

  v1::JournalEntry Create(const v1::CreateJournalEntryRequest& request) {
    clock_.Advance(absl::Seconds(1));
    return journal_.Create(call_, request).value();
  }

  absl::StatusOr<v1::JournalEntry> Get(const std::string& entry_id) {
    v1::GetJournalEntryRequest request;
    request.set_entry_id(entry_id);
    return journal_.Get(call_, request);
  }

  absl::Status Delete(const std::string& entry_id) {
    v1::DeleteJournalEntryRequest request;
    request.set_entry_id(entry_id);
    return journal_.Delete(call_, request);
  }

  static v1::UpdateJournalEntryRequest Change(const v1::JournalEntry& entry,
                                              const std::string& title) {
    v1::UpdateJournalEntryRequest request;
    request.set_entry_id(entry.entry_id());
    request.mutable_entry()->set_title(title);
    return request;
  }

  void LiveIn(const std::string& zone) {
    ProfileRow row;
    row.user_id = "ada";
    row.definition.set_timezone(zone);
    ASSERT_TRUE(store_.WriteProfile(row).ok());
  }

  std::vector<std::string> Titles(const v1::ListJournalEntriesRequest& request) {
    std::vector<std::string> titles;
    const v1::ListJournalEntriesResponse response = journal_.List(call_, request).value();
    for (const v1::JournalEntry& entry : response.entries())
      titles.push_back(entry.title());
    return titles;
  }

  static std::string Field(const absl::Status& status) {
    const auto bad_request = GetBadRequest(status);
    return bad_request.has_value() ? bad_request->field_violations(0).field() : "";
  }

  FakeStore store_;
  FakeJournalStore journal_store_;
  FakeClock clock_;
  CountingIdSource ids_;
  Journal journal_{journal_store_, store_, clock_, ids_};
  CallContext call_;
};

TEST_F(JournalTest, KeepsWhatWasWritten) {
  journal_store_.goals = {"g1", "g2"};
  v1::CreateJournalEntryRequest request = Writing("  A day \n", " We met.\n\n  It rained. ");
  v1::JournalEntry& entry = *request.mutable_entry();
  entry.set_template_("dream-journal");
  entry.set_mood(" calm ");
  for (const std::string tag : {" work", "art", "Work"})
    entry.add_tags(tag);
  entry.add_linked_goal_ids("g2");
  v1::JournalGoalProgress& progress = *entry.add_goal_progress();
  progress.set_goal_id("g1");
  progress.set_value(0);
  entry.set_share_with_personas(true);
  entry.set_entry_id("the client's");
  entry.set_word_count(1000);

  const v1::JournalEntry created = Create(request);

  EXPECT_EQ(created.entry_id(), "00000000-0000-7000-8000-000000000001");
  EXPECT_EQ(created.title(), "A day");
  EXPECT_EQ(created.content(), " We met.\n\n  It rained. ");
  EXPECT_EQ(created.template_(), "dream-journal");
  EXPECT_EQ(created.mood(), "calm");
  EXPECT_THAT(created.tags(), ElementsAre("work", "art", "Work"));
  EXPECT_THAT(created.linked_goal_ids(), ElementsAre("g2"));
  EXPECT_TRUE(created.goal_progress(0).has_value());
  EXPECT_TRUE(created.share_with_personas());
  EXPECT_EQ(created.word_count(), 4);
  EXPECT_EQ(Get(created.entry_id())->SerializeAsString(), created.SerializeAsString());
}

TEST_F(JournalTest, KeepsAnEntryFromPersonasUnlessToldOtherwise) {
  const v1::JournalEntry entry = Create(Writing("A day"));

  EXPECT_TRUE(entry.has_share_with_personas());
  EXPECT_FALSE(entry.share_with_personas());
  EXPECT_EQ(entry.template_(), "blank");
}

class EncryptedEntryTest : public JournalTest {
 protected:
  static v1::CreateJournalEntryRequest Sealing(const std::string& content) {
    v1::CreateJournalEntryRequest request = Writing("Sealed", content);
    v1::JournalEncryption& encryption = *request.mutable_entry()->mutable_encryption();
    encryption.set_algorithm("AES-256-GCM");
    encryption.set_key_id("k1");
    encryption.set_nonce("bm9uY2U=");
    return request;
  }

  std::string FieldOfUpdate(const v1::UpdateJournalEntryRequest& request) {
    return Field(journal_.Update(call_, request).status());
  }
};

TEST_F(EncryptedEntryTest, IsGivenBackAsItCame) {
  v1::CreateJournalEntryRequest request = Sealing("c2VhbGVk-_8");
  const v1::JournalEntry unsaid = Create(request);
  request.mutable_entry()->set_word_count(0);
  const v1::JournalEntry said = Create(request);

  EXPECT_EQ(unsaid.content(), "c2VhbGVk-_8");
  EXPECT_EQ(unsaid.encryption().SerializeAsString(),
            request.entry().encryption().SerializeAsString());
  EXPECT_FALSE(unsaid.has_word_count());
  EXPECT_TRUE(said.has_word_count());
  EXPECT_FALSE(unsaid.share_with_personas());
  EXPECT_EQ(Get(unsaid.entry_id())->SerializeAsString(), unsaid.SerializeAsString());
  EXPECT_EQ(Get(said.entry_id())->SerializeAsString(), said.SerializeAsString());
  v1::ListJournalEntriesRequest search;
  search.set_q("sealed");
  EXPECT_THAT(Titles(search), IsEmpty());
}

TEST_F(EncryptedEntryTest, IsBase64AndSharedWithNobody) {
  for (const std::string content : {"We met.", "c2Vh bGVk", "c2VhbGVk\n", "c", "=c2V"}) {
    EXPECT_EQ(Field(journal_.Create(call_, Sealing(content)).status()), "entry.content") << content;
  }
  v1::CreateJournalEntryRequest nonce = Sealing("c2VhbGVk");
  nonce.mutable_entry()->mutable_encryption()->set_nonce("12:34");
  EXPECT_EQ(Field(journal_.Create(call_, nonce).status()), "entry.encryption.nonce");
  v1::CreateJournalEntryRequest shared = Sealing("c2VhbGVk");
  shared.mutable_entry()->set_share_with_personas(true);
  EXPECT_EQ(Field(journal_.Create(call_, shared).status()), "entry.share_with_personas");
  v1::UpdateJournalEntryRequest later;
  later.set_entry_id(Create(Sealing("c2VhbGVk")).entry_id());
  later.mutable_entry()->set_share_with_personas(true);
  EXPECT_EQ(FieldOfUpdate(later), "entry.share_with_personas");
}

TEST_F(EncryptedEntryTest, MayBeLongerThanAnother) {
  EXPECT_TRUE(journal_.Create(call_, Sealing(std::string(200000, 'A'))).ok());
  EXPECT_TRUE(journal_.Create(call_, Writing("Plain", std::string(50000, 'a'))).ok());
  EXPECT_EQ(Field(journal_.Create(call_, Writing("Plain", std::string(50001, 'a'))).status()),
            "entry.content");
}

TEST_F(EncryptedEntryTest, ChangesContentAndEncryptionTogether) {
  v1::CreateJournalEntryRequest shared = Writing("Plain", "We met.");
  shared.mutable_entry()->set_share_with_personas(true);
  const std::string id = Create(shared).entry_id();
  v1::UpdateJournalEntryRequest half;
  half.set_entry_id(id);
  *half.mutable_entry()->mutable_encryption() = Sealing("").entry().encryption();
  EXPECT_EQ(FieldOfUpdate(half), "entry.content");

  v1::UpdateJournalEntryRequest sealed = half;
  sealed.mutable_entry()->set_content("c2VhbGVk");
  sealed.mutable_entry()->set_word_count(2);
  const v1::JournalEntry encrypted = journal_.Update(call_, sealed).value();
  EXPECT_FALSE(encrypted.share_with_personas());
  EXPECT_EQ(encrypted.word_count(), 2);
  // Of another content: what was said of the old one holds no more.
  sealed.mutable_entry()->clear_word_count();
  sealed.mutable_entry()->mutable_encryption()->clear_key_id();
  EXPECT_EQ(journal_.Update(call_, sealed)->encryption().key_id(), "");
  EXPECT_FALSE(journal_.Update(call_, sealed)->has_word_count());

  v1::UpdateJournalEntryRequest opened;
  opened.set_entry_id(id);
  opened.mutable_entry()->set_content("Opened again.");
  EXPECT_EQ(FieldOfUpdate(opened), "entry.encryption");
  opened.mutable_update_mask()->add_paths("content");
  opened.mutable_update_mask()->add_paths("encryption");
  const v1::JournalEntry plain = journal_.Update(call_, opened).value();
  EXPECT_FALSE(plain.has_encryption());
  EXPECT_EQ(plain.word_count(), 2);

  EXPECT_TRUE(journal_.Update(call_, Change(plain, "Another title")).ok());
}

TEST_F(JournalTest, RefusesATagOrGoalThatComesTwice) {
  journal_store_.goals = {"g1"};
  v1::CreateJournalEntryRequest tags = Writing("A day");
  for (const std::string tag : {"work", "art", "work "})
    tags.mutable_entry()->add_tags(tag);
  v1::CreateJournalEntryRequest goals = Writing("A day");
  for (int i = 0; i < 2; ++i)
    goals.mutable_entry()->add_goal_progress()->set_goal_id("g1");

  EXPECT_EQ(Field(journal_.Create(call_, tags).status()), "entry.tags[2]");
  EXPECT_EQ(Field(journal_.Create(call_, goals).status()), "entry.goal_progress[1].goal_id");
  EXPECT_THAT(Titles({}), IsEmpty());
}

TEST_F(JournalTest, RefusesGoalsThatAreNotTheUsers) {
  journal_store_.goals = {"g1"};
  v1::CreateJournalEntryRequest linked = Writing("A day");
  linked.mutable_entry()->add_linked_goal_ids("g2");
  v1::CreateJournalEntryRequest progress = Writing("A day");
  progress.mutable_entry()->add_goal_progress()->set_goal_id("g2");

  EXPECT_EQ(GetReason(journal_.Create(call_, linked).status()), "LINKED_GOAL_UNKNOWN");
  EXPECT_EQ(GetReason(journal_.Create(call_, progress).status()), "LINKED_GOAL_UNKNOWN");
  EXPECT_THAT(Titles({}), IsEmpty());
}

TEST_F(JournalTest, AnswersARepeatedKeyWithTheFirstEntry) {
  call_.idempotency_key = "k1";
  const v1::JournalEntry first = Create(Writing("A day"));

  EXPECT_EQ(Create(Writing("A day")).SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(GetReason(journal_.Create(call_, Writing("Another")).status()),
            "IDEMPOTENCY_KEY_REUSED");
}

TEST_F(JournalTest, HidesEntriesFromEverybodyElse) {
  const v1::JournalEntry entry = Create(Writing("A day"));
  call_.identity = {.user_id = "bob", .role = AccessRole::kAdmin};

  EXPECT_EQ(Get(entry.entry_id()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Delete(entry.entry_id()).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(journal_.Update(call_, Change(entry, "x")).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(Titles({}), IsEmpty());
  EXPECT_EQ(journal_.Stats(call_, {})->total_entries(), 0);
}

TEST_F(JournalTest, ChangesOnlyWhatTheMaskNamesAndCountsAnew) {
  v1::CreateJournalEntryRequest request = Writing("A day", "one two three");
  request.mutable_entry()->add_tags("work");
  request.mutable_entry()->set_mood("calm");
  const v1::JournalEntry entry = Create(request);
  v1::UpdateJournalEntryRequest change = Change(entry, "unnamed");
  change.mutable_entry()->set_content("four");
  change.mutable_update_mask()->add_paths("content");
  change.mutable_update_mask()->add_paths("tags");
  clock_.Advance(absl::Seconds(3));

  const v1::JournalEntry changed = journal_.Update(call_, change).value();

  EXPECT_EQ(changed.title(), "A day");
  EXPECT_EQ(changed.word_count(), 1);
  EXPECT_EQ(changed.mood(), "calm");
  EXPECT_THAT(changed.tags(), IsEmpty());
  EXPECT_NE(changed.etag(), entry.etag());
  EXPECT_EQ(changed.update_time().seconds() - changed.create_time().seconds(), 3);
  EXPECT_EQ(Get(entry.entry_id())->SerializeAsString(), changed.SerializeAsString());
}

TEST_F(JournalTest, StopsSharingWithoutAMask) {
  v1::CreateJournalEntryRequest request = Writing("A day");
  request.mutable_entry()->set_share_with_personas(true);
  v1::UpdateJournalEntryRequest change;
  change.set_entry_id(Create(request).entry_id());
  change.mutable_entry()->set_share_with_personas(false);

  EXPECT_FALSE(journal_.Update(call_, change)->share_with_personas());
}

TEST_F(JournalTest, ChangesOnlyTheVersionThatWasMeant) {
  const v1::JournalEntry entry = Create(Writing("A day"));
  ASSERT_TRUE(journal_.Update(call_, Change(entry, "second")).ok());
  call_.if_match = entry.etag();

  EXPECT_EQ(GetReason(journal_.Update(call_, Change(entry, "late")).status()), "ETAG_MISMATCH");
  EXPECT_EQ(GetReason(Delete(entry.entry_id())), "ETAG_MISMATCH");
  EXPECT_EQ(Get(entry.entry_id())->title(), "second");
}

TEST_F(JournalTest, MergesWithAnotherWriterThatCameFirst) {
  const v1::JournalEntry entry = Create(Writing("A day"));
  journal_store_.before_write = [&] {
    v1::UpdateJournalEntryRequest other;
    other.set_entry_id(entry.entry_id());
    other.mutable_entry()->set_mood("calm");
    ASSERT_TRUE(journal_.Update(call_, other).ok());
  };

  const v1::JournalEntry changed = journal_.Update(call_, Change(entry, "second")).value();

  EXPECT_EQ(changed.title(), "second");
  EXPECT_EQ(changed.mood(), "calm");
}

TEST_F(JournalTest, DeletesOnlyTheVersionItLookedAt) {
  const v1::JournalEntry entry = Create(Writing("A day"));
  call_.if_match = entry.etag();
  journal_store_.before_write = [&] {
    CallContext other = call_;
    other.if_match = "";
    ASSERT_TRUE(journal_.Update(other, Change(entry, "second")).ok());
  };

  EXPECT_EQ(GetReason(Delete(entry.entry_id())), "ETAG_MISMATCH");
  call_.if_match = "";
  EXPECT_TRUE(Delete(entry.entry_id()).ok());
  EXPECT_EQ(Delete(entry.entry_id()).code(), absl::StatusCode::kNotFound);
}

TEST_F(JournalTest, ListsNewestFirstPageByPage) {
  for (const std::string title : {"one", "two", "three"})
    Create(Writing(title));
  v1::ListJournalEntriesRequest request;
  request.set_page_size(2);

  const v1::ListJournalEntriesResponse first = journal_.List(call_, request).value();
  EXPECT_THAT(Titles(request), ElementsAre("three", "two"));
  Create(Writing("new meanwhile"));
  request.set_page_token(first.next_page_token());

  EXPECT_THAT(Titles(request), ElementsAre("one"));
  EXPECT_EQ(journal_.List(call_, request)->next_page_token(), "");
  request.set_tag("work");
  EXPECT_EQ(GetReason(journal_.List(call_, request).status()), "INVALID_CURSOR");
}

TEST_F(JournalTest, EndsAPageThatWouldBeTooLong) {
  std::string content;
  for (int i = 0; i < 50'000; ++i)
    content += "\U0001F431";
  for (int i = 0; i < 30; ++i)
    Create(Writing(absl::StrCat(i), content));
  v1::ListJournalEntriesRequest request;
  request.set_page_size(100);

  const v1::ListJournalEntriesResponse first = journal_.List(call_, request).value();
  request.set_page_token(first.next_page_token());
  const v1::ListJournalEntriesResponse second = journal_.List(call_, request).value();

  EXPECT_EQ(first.entries_size(), 20);
  EXPECT_LE(first.ByteSizeLong(), 4'200'000);
  EXPECT_EQ(second.entries_size(), 10);
  EXPECT_EQ(second.entries(0).title(), "9");
  EXPECT_EQ(second.next_page_token(), "");
}

TEST_F(JournalTest, ReadsDatesInTheUsersZone) {
  LiveIn("Europe/Stockholm");
  v1::ListJournalEntriesRequest request;
  request.set_from("2026-03-29");
  request.set_to("2026-03-30");

  EXPECT_THAT(Titles(request), IsEmpty());

  // The day on which the clocks go forward has 23 hours.
  EXPECT_EQ(absl::FormatTime(journal_store_.last_query.from, absl::UTCTimeZone()),
            "2026-03-28T23:00:00+00:00");
  EXPECT_EQ(journal_store_.last_query.to - journal_store_.last_query.from, absl::Hours(23));
}

TEST_F(JournalTest, ReadsTimesAndEachBoundAlone) {
  v1::ListJournalEntriesRequest from;
  from.set_from("2026-03-29T12:30:00.5+02:00");
  v1::ListJournalEntriesRequest to;
  to.set_to("2026-03-29");

  EXPECT_THAT(Titles(from), IsEmpty());
  EXPECT_EQ(absl::FormatTime(journal_store_.last_query.from, absl::UTCTimeZone()),
            "2026-03-29T10:30:00.5+00:00");
  EXPECT_EQ(journal_store_.last_query.to, absl::InfiniteFuture());
  EXPECT_THAT(Titles(to), IsEmpty());
  EXPECT_EQ(journal_store_.last_query.from, absl::InfinitePast());
}

TEST_F(JournalTest, NamesTheBoundThatIsNoTime) {
  v1::ListJournalEntriesRequest request;
  for (const std::string text : {"2026-02-30", "2026-2-1", "yesterday", "2026-01-01T25:00:00Z",
                                 "2026-01-01 ", " 2026-1-01", "20260101", "2026-01-01T00:00:00"}) {
    request.set_from(text);
    EXPECT_EQ(Field(journal_.List(call_, request).status()), "from") << text;
  }
  request.set_from("2026-01-02");
  request.set_to("2026-01-01");
  EXPECT_EQ(Field(journal_.List(call_, request).status()), "to");
  request.set_to("2026-01-02");
  EXPECT_TRUE(journal_.List(call_, request).ok());
}

TEST_F(JournalTest, LooksForEveryWordOfTheQuestion) {
  Create(Writing("A day at sea", "We met."));
  Create(Writing("A day", "It rained."));
  v1::ListJournalEntriesRequest request;
  request.set_q("Met at the SEA?");

  EXPECT_THAT(Titles(request), ElementsAre("A day at sea"));
  EXPECT_THAT(journal_store_.last_query.words, ElementsAre("met", "sea"));
  request.set_q("the ...");
  EXPECT_THAT(Titles(request), IsEmpty());
  request.set_q("  ");
  EXPECT_THAT(Titles(request), ElementsAre("A day", "A day at sea"));
}

TEST_F(JournalTest, CountsByTheZoneOfTheProfile) {
  // 22:00 UTC.
  clock_.Advance(absl::FromCivil(absl::CivilHour(2027, 3, 1, 22), absl::UTCTimeZone()) -
                 clock_.Now());
  Create(Writing("A day", "one two three"));

  EXPECT_EQ(journal_.Stats(call_, {})->last_entry_date(), "2027-03-01");
  LiveIn("Asia/Tokyo");

  const v1::JournalStats stats = journal_.Stats(call_, {}).value();
  EXPECT_EQ(stats.last_entry_date(), "2027-03-02");
  EXPECT_EQ(stats.total_words(), 3);
  EXPECT_EQ(stats.current_streak(), 1);
}

TEST_F(JournalTest, NeverTakesAFailedReadForNothing) {
  store_.error = UnavailableError("the database is away");
  EXPECT_EQ(journal_.Stats(call_, {}).status().code(), absl::StatusCode::kUnavailable);
  store_.error = absl::OkStatus();
  journal_store_.error = UnavailableError("the database is away");
  EXPECT_EQ(journal_.Stats(call_, {}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(journal_.List(call_, {}).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace dramatis::memory
