# dramatis_annotate_locks(<target>): lets ThreadSanitizer see Abseil's locks in a program. Included
# where DRAMATIS_SANITIZE is `thread`.
file(STRINGS "/usr/include/absl/base/options.h" option
     REGEX "^#define ABSL_OPTION_INLINE_NAMESPACE_NAME ")
string(REGEX REPLACE ".* " "" namespace "${option}")
string(LENGTH "${namespace}" length)
set(DRAMATIS_ABSL "4absl${length}${namespace}")

function(dramatis_annotate_locks target)
  set(mutex "_ZN${DRAMATIS_ABSL}5Mutex")
  set(cond_var "_ZN${DRAMATIS_ABSL}7CondVar")
  set(notification "${DRAMATIS_ABSL}12Notification")
  set(file "${PROJECT_SOURCE_DIR}/cmake/tsan/absl_annotations.cc")
  target_sources(${target} PRIVATE "${file}")
  set_source_files_properties("${file}" PROPERTIES
                              COMPILE_DEFINITIONS "DRAMATIS_ABSL=\"${DRAMATIS_ABSL}\"")
  foreach(symbol ${mutex}4LockEv ${mutex}6UnlockEv ${mutex}7TryLockEv ${mutex}10ReaderLockEv
                 ${mutex}12ReaderUnlockEv ${mutex}8LockWhenERKNS0_9ConditionE
                 ${mutex}5AwaitERKNS0_9ConditionE
                 ${mutex}16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE
                 ${mutex}17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE
                 ${cond_var}4WaitEPNS0_5MutexE
                 ${cond_var}15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE
                 ${cond_var}16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE
                 _ZN${notification}6NotifyEv _ZNK${notification}19WaitForNotificationEv
                 _ZNK${notification}30WaitForNotificationWithTimeoutENS0_8DurationE)
    target_link_options(${target} PRIVATE "LINKER:--wrap=${symbol}")
  endforeach()
endfunction()
