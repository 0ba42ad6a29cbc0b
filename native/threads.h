/*
 * One change of what a thread may do, made in every thread of the process. The kernel keeps capabilities, securebits
 * and no_new_privs per thread, and glibc carries setuid() to the other threads, but neither prctl() nor capset().
 */
#ifndef VPN_WS_THREADS_H
#define VPN_WS_THREADS_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

#define MAX_PRCTLS 64

struct thread_change {
  uint32_t prctl_count;
  /* Option and first argument of each; the other arguments are zero. */
  uint32_t prctls[MAX_PRCTLS][2];
  bool has_capabilities;
  struct __user_cap_data_struct capabilities[_LINUX_CAPABILITY_U32S_3];
};

/*
 * Makes the change in the calling thread, then in all others; a thread that is started meanwhile has it from its parent,
 * or gets it. Returns 0, or the errno of the first refusal; ETIMEDOUT if a thread did not answer. After a failure some
 * threads have the change and some do not.
 */
int threads_change(const struct thread_change *change);

#endif
