#include "arguments.h"

#include <stdio.h>
#include <string.h>

static bool refuse(napi_env env, const char *expected) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", expected);
  return false;
}

bool arguments_read(napi_env env, napi_callback_info info, size_t count, napi_value *values, napi_value *self) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, values, self, NULL) != napi_ok) return false;
  return given >= count || refuse(env, "too few arguments");
}

/* Views on a detached buffer have length 0, so a later bounds check refuses every offset in them. */
static bool typed_array(napi_env env, napi_value value, napi_typedarray_type wanted, void **data, size_t *length) {
  napi_typedarray_type type;
  bool is_typed_array = false;
  if (napi_is_typedarray(env, value, &is_typed_array) != napi_ok || !is_typed_array) return false;
  return napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL) == napi_ok && type == wanted;
}

bool argument_bytes(napi_env env, napi_value value, struct bytes *result) {
  void *data = NULL;
  if (!typed_array(env, value, napi_uint8_array, &data, &result->length)) return refuse(env, "a Uint8Array is expected");
  result->data = data;
  return true;
}

bool argument_words(napi_env env, napi_value value, struct words *result) {
  void *data = NULL;
  if (!typed_array(env, value, napi_uint32_array, &data, &result->length)) return refuse(env, "a Uint32Array is expected");
  result->data = data;
  return true;
}

bool argument_u32(napi_env env, napi_value value, uint32_t *result) {
  return napi_get_value_uint32(env, value, result) == napi_ok || refuse(env, "a number is expected");
}

bool argument_i32(napi_env env, napi_value value, int32_t *result) {
  return napi_get_value_int32(env, value, result) == napi_ok || refuse(env, "a number is expected");
}

bool argument_bool(napi_env env, napi_value value, bool *result) {
  return napi_get_value_bool(env, value, result) == napi_ok || refuse(env, "a boolean is expected");
}

bool argument_text(napi_env env, napi_value value, char *result, size_t size) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return refuse(env, "a string is expected");
  if (length >= size) return refuse(env, "the string is too long");
  return napi_get_value_string_utf8(env, value, result, size, &length) == napi_ok;
}

napi_value throw_errno(napi_env env, int error, const char *syscall) {
  char text[160];
  snprintf(text, sizeof text, "%s: %s", syscall, strerror(error));
  napi_value message, name, fault;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &message);
  napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &name);
  napi_create_error(env, NULL, message, &fault);
  set_number(env, fault, "errno", error);
  napi_set_named_property(env, fault, "syscall", name);
  napi_throw(env, fault);
  return NULL;
}

void set_number(napi_env env, napi_value object, const char *name, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  napi_set_named_property(env, object, name, value);
}
