import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  hashPassword,
  newPasswordFault,
  passwordHashFault,
  verifyPassword,
} from "../../../src/access/password-hash.ts";

/** Made with `openssl passwd -apr1 -salt SALT PASSWORD`. */
const APR1 = [
  ["", "$apr1$saltsalt$a8ml/vK5HEjiZ5oypDWA7/"],
  ["password", "$apr1$saltsalt$yAAkm4libquA.ZWLHbSBq/"],
  ["ünïcödé", "$apr1$saltsalt$ZFEQtrtqgMLMWW17C10zY."],
  ["0123456789abcdef0123456789abcdef", "$apr1$saltsalt$DQEEk2W038NZK/H3SSLrh0"],
  ["", "$apr1$12345678$sHuPAw7VA9xjRbJz7zKV7/"],
  ["password", "$apr1$12345678$9pHAGSBYtlmFtid2xxNog0"],
  ["ünïcödé", "$apr1$12345678$9yCC4YaInKFjEV/wU75A3/"],
  ["0123456789abcdef0123456789abcdef", "$apr1$12345678$CvTbPDf/PDVEmVie7.zIL1"],
  ["", "$apr1$a$lsAcX0kKaMIVmrCtUuk5b0"],
  ["password", "$apr1$a$uaXsIQMLByuJ96Y9RmVGM."],
  ["ünïcödé", "$apr1$a$Dswm.hkBJrv1hnpXYHDhv0"],
  ["0123456789abcdef0123456789abcdef", "$apr1$a$ApMo6ZdGYMG3A4Pk.bKr11"],
] as const;

/** Made with `printf %s PASSWORD | openssl dgst -sha1 -binary | base64`. */
const SHA1 = [
  ["", "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="],
  ["password", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="],
] as const;

/** The vectors of Openwall's crypt_blowfish, which the prefixes 2a, 2b and 2y agree on. */
const BCRYPT = [
  ["U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
  ["U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"],
  ["U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"],
  ["U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
  ["U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
] as const;

describe("password hashes", () => {
  test("the passwords of known hashes are found good, others are not", () => {
    for (const [password, hash] of [...APR1, ...SHA1, ...BCRYPT]) {
      assert.equal(passwordHashFault(hash), undefined, hash);
      assert.ok(verifyPassword(hash, password), `${password} ${hash}`);
      assert.ok(!verifyPassword(hash, `${password}x`), `${password}x ${hash}`);
      assert.ok(!verifyPassword(hash, hash), hash);
    }
  });

  test("a hash with one character changed is of another password", () => {
    for (const [password, hash] of [...APR1, ...SHA1, ...BCRYPT]) {
      const at = hash.length - 10;
      const changed = hash.slice(0, at) + (hash[at] === "a" ? "b" : "a") + hash.slice(at + 1);
      assert.ok(!verifyPassword(changed, password), changed);
    }
  });

  test("what is written is bcrypt of cost 12 with a salt of its own", () => {
    const one = hashPassword("correct horse");
    assert.match(one, /^\$2b\$12\$/);
    assert.ok(verifyPassword(one, "correct horse"));
    assert.notEqual(hashPassword("correct horse"), one);
  });

  test("crypt(3), plain text, damaged hashes and bcrypt that would take minutes are refused", () => {
    const faults = {
      rqXexS6ZhobKA: /neither bcrypt/,
      $6$salt$hash: /neither bcrypt/,
      "$1$salt$qJH7.N4xYta3aEG/dfqo/0": /neither bcrypt/,
      password: /neither bcrypt/,
      "": /neither bcrypt/,
      "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe": /damaged/,
      $apr1$saltsalt$yAAkm4libquA: /damaged/,
      "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g": /damaged/,
      "$2y$16$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW": /bcrypt cost/,
      "$2y$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW": /bcrypt cost/,
      "$2y$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW": /bcrypt cost/,
    };
    for (const [hash, message] of Object.entries(faults)) assert.match(passwordHashFault(hash) ?? "", message, hash);
  });

  test("a new password has 8 characters, at most 72 bytes and no control characters", () => {
    assert.equal(newPasswordFault("8 chars!"), undefined);
    assert.equal(newPasswordFault("é".repeat(36)), undefined);
    assert.match(newPasswordFault("7 chars") ?? "", /less than 8/);
    assert.match(newPasswordFault("é".repeat(37)) ?? "", /72 bytes/);
    assert.match(newPasswordFault("with\ttab") ?? "", /control/);
  });
});
