/*
 * Arguments of a call from JavaScript, checked for type and length. Each function returns false with a TypeError
 * pending, so that a bug in the caller becomes an exception and never a wild read.
 */
#ifndef VPN_WS_ARGUMENTS_H
#define VPN_WS_ARGUMENTS_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
  uint8_t *data;
  size_t length;
};

struct words {
  uint32_t *data;
  size_t length; /* in words */
};

/* Fills `values` with exactly `count` arguments; `self` may be NULL. */
bool arguments_read(napi_env env, napi_callback_info info, size_t count, napi_value *values, napi_value *self);
bool argument_bytes(napi_env env, napi_value value, struct bytes *result);
bool argument_words(napi_env env, napi_value value, struct words *result);
bool argument_u32(napi_env env, napi_value value, uint32_t *result);
bool argument_i32(napi_env env, napi_value value, int32_t *result);
bool argument_bool(napi_env env, napi_value value, bool *result);
/* Copies a string of less than `size` bytes, with a terminator. */
bool argument_text(napi_env env, napi_value value, char *result, size_t size);

/* Throws an Error with `errno` (positive) and `syscall`, and returns NULL for the caller to return. */
napi_value throw_errno(napi_env env, int error, const char *syscall);

/* Sets `object[name]` to a number. */
void set_number(napi_env env, napi_value object, const char *name, double number);

#endif
