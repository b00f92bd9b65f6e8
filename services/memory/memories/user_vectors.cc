#include "services/memory/memories/user_vectors.h"

#include <algorithm>

#include "services/memory/memories/vectors.h"
#include "shared/status/macros.h"

namespace dramatis::memory {
namespace {

// What an entry takes beside its texts.
constexpr size_t kEntryBytes = 160;

}  // namespace

void UserVectorCache::UserVectors::Put(Entry entry) {
  Take(entry.memory_id);
  bytes += kEntryBytes + 2 * entry.memory_id.size() + entry.persona_id.size() + entry.packed.size();
  places[entry.memory_id] = entries.size();
  entries.push_back(std::move(entry));
}

void UserVectorCache::UserVectors::Take(const std::string& memory_id) {
  const auto found = places.find(memory_id);
  if (found == places.end()) return;
  const size_t place = found->second;
  places.erase(found);
  const Entry& entry = entries[place];
  bytes -= kEntryBytes + 2 * entry.memory_id.size() + entry.persona_id.size() + entry.packed.size();
  if (place + 1 < entries.size()) {
    entries[place] = std::move(entries.back());
    places[entries[place].memory_id] = place;
  }
  entries.pop_back();
}

std::shared_ptr<UserVectorCache::UserVectors> UserVectorCache::Find(const Key& key) {
  const absl::MutexLock lock(&mutex_);
  const auto found = users_.find(key);
  if (found != users_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second.recent);
    return found->second.vectors;
  }
  recent_.push_front(key);
  Place& place = users_[key];
  place.vectors = std::make_shared<UserVectors>();
  place.recent = recent_.begin();
  return place.vectors;
}

absl::Status UserVectorCache::Read(const Key& key, UserVectors& vectors) {
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<ChangedVector> changed,
                            store_.Changed(key.first, vectors.change));
  for (ChangedVector& one : changed) {
    vectors.change = one.change;
    if (one.packed.empty() || one.embedder != key.second) {
      vectors.Take(one.memory_id);
    } else {
      vectors.Put({std::move(one.memory_id), std::move(one.persona_id), std::move(one.packed)});
    }
  }
  if (!changed.empty()) Weigh(key, vectors.bytes);
  return absl::OkStatus();
}

void UserVectorCache::Weigh(const Key& key, size_t bytes) {
  const absl::MutexLock lock(&mutex_);
  const auto found = users_.find(key);
  if (found == users_.end()) return;  // it had to make room meanwhile
  bytes_ += bytes - found->second.bytes;
  found->second.bytes = bytes;
  while (bytes_ > most_bytes_ && !recent_.empty()) {
    const auto last = users_.find(recent_.back());
    bytes_ -= last->second.bytes;
    users_.erase(last);
    recent_.pop_back();
  }
}

absl::StatusOr<bool> UserVectorCache::HasAny(const MeaningSearch& search) {
  const Key key = {search.user_id, search.embedder};
  const std::shared_ptr<UserVectors> held = Find(key);
  UserVectors& vectors = *held;
  const absl::MutexLock lock(&vectors.mutex);
  DRAMATIS_RETURN_IF_ERROR(Read(key, vectors));
  return !vectors.entries.empty();
}

absl::StatusOr<std::vector<std::string>> UserVectorCache::Nearest(
    const MeaningSearch& search, const std::vector<float>& question) {
  const Key key = {search.user_id, search.embedder};
  const std::shared_ptr<UserVectors> held = Find(key);
  UserVectors& vectors = *held;
  const absl::MutexLock lock(&vectors.mutex);
  DRAMATIS_RETURN_IF_ERROR(Read(key, vectors));
  std::vector<std::pair<double, const std::string*>> near;
  for (const Entry& entry : vectors.entries) {
    const bool told = search.persona_id.empty() || entry.persona_id.empty() ||
                      entry.persona_id == search.persona_id;
    if (!told) continue;
    const double similarity = Similarity(question, entry.packed);
    if (similarity >= search.least_similarity) near.emplace_back(similarity, &entry.memory_id);
  }
  const size_t most = std::min(near.size(), search.limit);
  std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(most), near.end(),
                    [](const auto& a, const auto& b) {
                      return a.first != b.first ? a.first > b.first : *a.second < *b.second;
                    });
  std::vector<std::string> ids;
  ids.reserve(most);
  for (size_t i = 0; i < most; ++i)
    ids.push_back(*near[i].second);
  return ids;
}

void UserVectorCache::Forget(const MeaningSearch& search,
                             const std::vector<std::string>& memory_ids) {
  const std::shared_ptr<UserVectors> held = Find({search.user_id, search.embedder});
  UserVectors& vectors = *held;
  const absl::MutexLock lock(&vectors.mutex);
  for (const std::string& memory_id : memory_ids)
    vectors.Take(memory_id);
}

}  // namespace dramatis::memory
