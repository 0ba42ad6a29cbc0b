#include "process.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "arguments.h"
#include "threads.h"

/* prctlThreads(pairs): in every thread, prctl(option, argument) for each pair, in order. */
static napi_value prctl_threads(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct words pairs;
  struct thread_change change = {0};
  if (!arguments_read(env, info, 1, values, NULL) || !argument_words(env, values[0], &pairs)) return NULL;
  if (pairs.length % 2 != 0 || pairs.length / 2 > MAX_PRCTLS) return throw_errno(env, EINVAL, "prctl");
  change.prctl_count = (uint32_t)(pairs.length / 2);
  memcpy(change.prctls, pairs.data, pairs.length * sizeof *pairs.data);
  int error = threads_change(&change);
  return error == 0 ? NULL : throw_errno(env, error, "prctl");
}

/* capsetThreads(low, high): in every thread, permitted and effective capabilities; inheritable ones are none. */
static napi_value capset_threads(napi_env env, napi_callback_info info) {
  napi_value values[2];
  struct thread_change change = {.has_capabilities = true};
  if (!arguments_read(env, info, 2, values, NULL)) return NULL;
  for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
    if (!argument_u32(env, values[i], &change.capabilities[i].permitted)) return NULL;
    change.capabilities[i].effective = change.capabilities[i].permitted;
  }
  int error = threads_change(&change);
  return error == 0 ? NULL : throw_errno(env, error, "capset");
}

/* setDumpable(dumpable): whether a core file may be made, and others of the same user may look inside. */
static napi_value set_dumpable(napi_env env, napi_callback_info info) {
  napi_value values[1];
  bool dumpable;
  if (!arguments_read(env, info, 1, values, NULL) || !argument_bool(env, values[0], &dumpable)) return NULL;
  if (prctl(PR_SET_DUMPABLE, dumpable ? 1UL : 0UL, 0UL, 0UL, 0UL) == 0) return NULL;
  return throw_errno(env, errno, "PR_SET_DUMPABLE");
}

/* setCoreBytes(bytes): RLIMIT_CORE, soft and hard. */
static napi_value set_core_bytes(napi_env env, napi_callback_info info) {
  napi_value values[1];
  uint32_t bytes;
  if (!arguments_read(env, info, 1, values, NULL) || !argument_u32(env, values[0], &bytes)) return NULL;
  const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
  return setrlimit(RLIMIT_CORE, &limit) == 0 ? NULL : throw_errno(env, errno, "RLIMIT_CORE");
}

void process_register(napi_env env, napi_value exports) {
  napi_property_descriptor functions[] = {
      {.utf8name = "prctlThreads", .method = prctl_threads, .attributes = napi_enumerable},
      {.utf8name = "capsetThreads", .method = capset_threads, .attributes = napi_enumerable},
      {.utf8name = "setDumpable", .method = set_dumpable, .attributes = napi_enumerable},
      {.utf8name = "setCoreBytes", .method = set_core_bytes, .attributes = napi_enumerable},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
}
