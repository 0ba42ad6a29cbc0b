#include "mask.h"

#include <errno.h>
#include <string.h>

#include "arguments.h"

/* 32 bytes at once, at any address; the compiler makes of it what the machine has. */
typedef uint64_t wide __attribute__((vector_size(32), aligned(1), may_alias));

/*
 * A second copy for AVX2, chosen when the addon is loaded: twice as fast as SSE2's 16 bytes at a time, and masking is
 * the largest part of our own work per byte. The choice needs the loader's help (ifunc), which glibc gives.
 */
#if defined(__x86_64__) && defined(__GLIBC__)
#define FOR_EACH_MACHINE __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_MACHINE
#endif

/* An eighth of that, for what is left behind the blocks: most frames end in the middle of one. */
typedef uint64_t narrow __attribute__((aligned(1), may_alias));

/* XORs whole blocks, then whole eights, with the key, twice in `key`; returns how many bytes that were. */
FOR_EACH_MACHINE
static size_t mask_words(uint8_t *data, size_t length, uint64_t key) {
  const wide keys = {key, key, key, key};
  size_t i = 0;
  for (; i + 4 * sizeof(wide) <= length; i += 4 * sizeof(wide)) {
    wide *block = (wide *)(data + i);
    block[0] ^= keys;
    block[1] ^= keys;
    block[2] ^= keys;
    block[3] ^= keys;
  }
  for (; i + sizeof(narrow) <= length; i += sizeof(narrow)) *(narrow *)(data + i) ^= key;
  return i;
}

/* XORs with the key's four bytes, the first of them at data[0]; masking twice gives the data back. */
static void mask(uint8_t *data, size_t length, const uint8_t key[4]) {
  uint64_t twice;
  memcpy(&twice, key, 4);
  memcpy((uint8_t *)&twice + 4, key, 4);
  size_t i = mask_words(data, length, twice);
  for (; i < length; i++) data[i] ^= key[i & 3];
}

/* maskBytes(bytes, start, end, key): in place; the key is a 32-bit integer whose most significant byte comes first. */
static napi_value mask_bytes(napi_env env, napi_callback_info info) {
  napi_value values[4];
  struct bytes bytes;
  uint32_t start, end;
  int32_t key;
  if (!arguments_read(env, info, 4, values, NULL) || !argument_bytes(env, values[0], &bytes)) return NULL;
  if (!argument_u32(env, values[1], &start) || !argument_u32(env, values[2], &end)) return NULL;
  if (!argument_i32(env, values[3], &key)) return NULL;
  if (start > end || end > bytes.length) return throw_errno(env, ERANGE, "maskBytes");
  uint32_t k = (uint32_t)key;
  uint8_t key_bytes[4] = {(uint8_t)(k >> 24), (uint8_t)(k >> 16), (uint8_t)(k >> 8), (uint8_t)k};
  mask(bytes.data + start, end - start, key_bytes);
  return NULL;
}

void mask_register(napi_env env, napi_value exports) {
  napi_property_descriptor functions[] = {
      {.utf8name = "maskBytes", .method = mask_bytes, .attributes = napi_enumerable},
  };
  napi_define_properties(env, exports, 1, functions);
}
