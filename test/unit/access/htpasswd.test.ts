import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseHtpasswd, setHtpasswdUser } from "../../../src/access/htpasswd.ts";
import { ConfigError } from "../../../src/base/errors.ts";

const SHA = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";
const APR1 = "$apr1$saltsalt$yAAkm4libquA.ZWLHbSBq/";
const BCRYPT = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

const refused = (text: string, message: RegExp): void =>
  assert.throws(
    () => parseHtpasswd(text, "/etc/htpasswd"),
    (error) => {
      assert.ok(error instanceof ConfigError && error.code === "HTPASSWD_INVALID");
      assert.match(error.message, message);
      return true;
    },
  );

describe("htpasswd", () => {
  test("users of every format are read; blank lines, comments and a last line without an end are no trouble", () => {
    const text = `# people\n\nann:${SHA}\r\nbob:${APR1}:a comment\n  \nzoé:${BCRYPT}`;
    assert.deepEqual(
      [...parseHtpasswd(text, "f")],
      [
        ["ann", SHA],
        ["bob", APR1],
        ["zoé", BCRYPT],
      ],
    );
    assert.equal(parseHtpasswd("", "f").size, 0);
  });

  test("a fault names the line by its number, never by its content", () => {
    refused(`ann:${SHA}\nbob:hunter2`, /^\/etc\/htpasswd, line 2: it holds neither bcrypt(?!.*hunter2)/);
    refused("\n\nhunter2", /line 3: there is no colon(?!.*hunter2)/);
    refused(`:${SHA}`, /line 1: the user's name/);
    refused(`a\tb:${SHA}`, /line 1: the user's name/);
    refused(`anonymous:${SHA}`, /line 1: the user's name/);
    refused(`${"u".repeat(256)}:${SHA}`, /line 1: the user's name/);
    refused(`ann:${SHA}\nann:${BCRYPT}`, /line 2: this user stands in the file already/);
    refused("\n".repeat(100_000), /more than 100000 lines/);
  });

  test("a user's hash is replaced in place, a new user goes to the end, all else stays", () => {
    const text = `# people\nann:${SHA}\nanna:${SHA}\n`;
    assert.equal(setHtpasswdUser(text, "ann", BCRYPT), `# people\nann:${BCRYPT}\nanna:${SHA}\n`);
    assert.equal(setHtpasswdUser(text, "bob", BCRYPT), `${text}bob:${BCRYPT}\n`);
    assert.equal(setHtpasswdUser(`ann:${SHA}`, "bob", BCRYPT), `ann:${SHA}\nbob:${BCRYPT}\n`);
    assert.equal(setHtpasswdUser("", "bob", BCRYPT), `bob:${BCRYPT}\n`);
  });
});
