// Tells ThreadSanitizer what Abseil's locks do. The distribution's Abseil is compiled without it,
// so every lock of ours would look like none and every shared variable like a race. The linker
// sends our calls of these functions here (--wrap, see ../ThreadSanitizer.cmake), we pass them on
// between the annotations that Abseil makes itself where it is compiled with ThreadSanitizer.
//
// Conditions run inside the calls that are passed on, where accesses are not looked at: they are
// made with the lock held, by whichever thread.
#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

// `DRAMATIS_ABSL` is Abseil's namespace as it stands in symbols: "4absl7debian3".
#define REAL(symbol) __asm__("__real_" symbol)
#define WRAP(symbol) __asm__("__wrap_" symbol)
#define MUTEX(name) "_ZN" DRAMATIS_ABSL "5Mutex" name
#define COND_VAR(name) "_ZN" DRAMATIS_ABSL "7CondVar" name
#define NOTIFICATION(name) DRAMATIS_ABSL "12Notification" name

namespace {

constexpr unsigned kWrite = 0;
constexpr unsigned kRead = __tsan_mutex_read_lock;

// Around a call that locks.
template <class Call>
void Locking(void* mutex, unsigned mode, Call call) {
  __tsan_mutex_pre_lock(mutex, mode);
  call();
  __tsan_mutex_post_lock(mutex, mode, 0);
}

template <class Call>
void Unlocking(void* mutex, unsigned mode, Call call) {
  __tsan_mutex_pre_unlock(mutex, mode);
  call();
  __tsan_mutex_post_unlock(mutex, mode);
}

template <class Call>
bool TryLocking(void* mutex, unsigned mode, Call call) {
  mode |= __tsan_mutex_try_lock;
  __tsan_mutex_pre_lock(mutex, mode);
  const bool locked = call();
  __tsan_mutex_post_lock(mutex, locked ? mode : mode | __tsan_mutex_try_lock_failed, 0);
  return locked;
}

// Around a call that gives the lock up, waits, and has it again. Await works on readers too; ours
// are writers.
template <class Call>
auto Waiting(void* mutex, Call call) {
  Unlocking(mutex, kWrite, [] {});
  __tsan_mutex_pre_lock(mutex, kWrite);
  const auto result = call();
  __tsan_mutex_post_lock(mutex, kWrite, 0);
  return result;
}

}  // namespace

using absl::Condition;
using absl::CondVar;
using absl::Duration;
using absl::Mutex;
using absl::Notification;
using absl::Time;

void RealLock(Mutex*) REAL(MUTEX("4LockEv"));
void WrapLock(Mutex*) WRAP(MUTEX("4LockEv"));
void WrapLock(Mutex* mutex) {
  Locking(mutex, kWrite, [&] { RealLock(mutex); });
}

void RealUnlock(Mutex*) REAL(MUTEX("6UnlockEv"));
void WrapUnlock(Mutex*) WRAP(MUTEX("6UnlockEv"));
void WrapUnlock(Mutex* mutex) {
  Unlocking(mutex, kWrite, [&] { RealUnlock(mutex); });
}

bool RealTryLock(Mutex*) REAL(MUTEX("7TryLockEv"));
bool WrapTryLock(Mutex*) WRAP(MUTEX("7TryLockEv"));
bool WrapTryLock(Mutex* mutex) {
  return TryLocking(mutex, kWrite, [&] { return RealTryLock(mutex); });
}

void RealReaderLock(Mutex*) REAL(MUTEX("10ReaderLockEv"));
void WrapReaderLock(Mutex*) WRAP(MUTEX("10ReaderLockEv"));
void WrapReaderLock(Mutex* mutex) {
  Locking(mutex, kRead, [&] { RealReaderLock(mutex); });
}

void RealReaderUnlock(Mutex*) REAL(MUTEX("12ReaderUnlockEv"));
void WrapReaderUnlock(Mutex*) WRAP(MUTEX("12ReaderUnlockEv"));
void WrapReaderUnlock(Mutex* mutex) {
  Unlocking(mutex, kRead, [&] { RealReaderUnlock(mutex); });
}

void RealLockWhen(Mutex*, const Condition&) REAL(MUTEX("8LockWhenERKNS0_9ConditionE"));
void WrapLockWhen(Mutex*, const Condition&) WRAP(MUTEX("8LockWhenERKNS0_9ConditionE"));
void WrapLockWhen(Mutex* mutex, const Condition& condition) {
  Locking(mutex, kWrite, [&] { RealLockWhen(mutex, condition); });
}

void RealAwait(Mutex*, const Condition&) REAL(MUTEX("5AwaitERKNS0_9ConditionE"));
void WrapAwait(Mutex*, const Condition&) WRAP(MUTEX("5AwaitERKNS0_9ConditionE"));
void WrapAwait(Mutex* mutex, const Condition& condition) {
  Waiting(mutex, [&] { return RealAwait(mutex, condition), true; });
}

bool RealAwaitFor(Mutex*, const Condition&, Duration)
    REAL(MUTEX("16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE"));
bool WrapAwaitFor(Mutex*, const Condition&, Duration)
    WRAP(MUTEX("16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE"));
bool WrapAwaitFor(Mutex* mutex, const Condition& condition, Duration timeout) {
  return Waiting(mutex, [&] { return RealAwaitFor(mutex, condition, timeout); });
}

bool RealAwaitUntil(Mutex*, const Condition&, Time)
    REAL(MUTEX("17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE"));
bool WrapAwaitUntil(Mutex*, const Condition&, Time)
    WRAP(MUTEX("17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE"));
bool WrapAwaitUntil(Mutex* mutex, const Condition& condition, Time deadline) {
  return Waiting(mutex, [&] { return RealAwaitUntil(mutex, condition, deadline); });
}

void RealWait(CondVar*, Mutex*) REAL(COND_VAR("4WaitEPNS0_5MutexE"));
void WrapWait(CondVar*, Mutex*) WRAP(COND_VAR("4WaitEPNS0_5MutexE"));
void WrapWait(CondVar* signal, Mutex* mutex) {
  Waiting(mutex, [&] { return RealWait(signal, mutex), true; });
}

bool RealWaitFor(CondVar*, Mutex*, Duration)
    REAL(COND_VAR("15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE"));
bool WrapWaitFor(CondVar*, Mutex*, Duration)
    WRAP(COND_VAR("15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE"));
bool WrapWaitFor(CondVar* signal, Mutex* mutex, Duration timeout) {
  return Waiting(mutex, [&] { return RealWaitFor(signal, mutex, timeout); });
}

bool RealWaitUntil(CondVar*, Mutex*, Time)
    REAL(COND_VAR("16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE"));
bool WrapWaitUntil(CondVar*, Mutex*, Time)
    WRAP(COND_VAR("16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE"));
bool WrapWaitUntil(CondVar* signal, Mutex* mutex, Time deadline) {
  return Waiting(mutex, [&] { return RealWaitUntil(signal, mutex, deadline); });
}

void RealNotify(Notification*) REAL("_ZN" NOTIFICATION("6NotifyEv"));
void WrapNotify(Notification*) WRAP("_ZN" NOTIFICATION("6NotifyEv"));
void WrapNotify(Notification* notification) {
  __tsan_release(notification);
  RealNotify(notification);
}

void RealNotified(const Notification*) REAL("_ZNK" NOTIFICATION("19WaitForNotificationEv"));
void WrapNotified(const Notification*) WRAP("_ZNK" NOTIFICATION("19WaitForNotificationEv"));
void WrapNotified(const Notification* notification) {
  RealNotified(notification);
  __tsan_acquire(const_cast<Notification*>(notification));
}

bool RealNotifiedIn(const Notification*, Duration)
    REAL("_ZNK" NOTIFICATION("30WaitForNotificationWithTimeoutENS0_8DurationE"));
bool WrapNotifiedIn(const Notification*, Duration)
    WRAP("_ZNK" NOTIFICATION("30WaitForNotificationWithTimeoutENS0_8DurationE"));
bool WrapNotifiedIn(const Notification* notification, Duration timeout) {
  const bool notified = RealNotifiedIn(notification, timeout);
  if (notified) __tsan_acquire(const_cast<Notification*>(notification));
  return notified;
}

// What Abseil's own search for deadlocks remembers, under a lock of its own that nothing tells of.
extern "C" const char* __tsan_default_suppressions() {
  return "race:synchronization_internal::GraphCycles\n";
}
