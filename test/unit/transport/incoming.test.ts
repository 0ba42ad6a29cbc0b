import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { uwsgiIncoming } from "../../../src/transport/incoming.ts";
import { encodeUwsgi } from "../../../src/wire/uwsgi.ts";

describe("what uwsgi variables say about a client", () => {
  const cases: readonly [what: string, vars: readonly (readonly [string, string])[], name: string][] = [
    ["a subject, from a web server that says no more", [["HTTPS_DN", "CN=alice"]], "CN=alice"],
    [
      "a subject that it verified",
      [
        ["HTTPS_DN", "CN=alice"],
        ["SSL_CLIENT_VERIFY", "SUCCESS"],
      ],
      "CN=alice",
    ],
    [
      "a subject that it did not verify",
      [
        ["HTTPS_DN", "CN=alice"],
        ["SSL_CLIENT_VERIFY", "FAILED:self-signed"],
      ],
      "",
    ],
    [
      "a subject where nothing was asked for",
      [
        ["DN", "CN=alice"],
        ["SSL_CLIENT_VERIFY", "NONE"],
      ],
      "",
    ],
    [
      "both names of it",
      [
        ["DN", "CN=second"],
        ["HTTPS_DN", "CN=first"],
      ],
      "CN=first",
    ],
  ];
  for (const [what, vars, name] of cases) {
    test(`${what} ${name === "" ? "is nobody" : `is ${name}`}`, () => {
      const bytes = encodeUwsgi(0, vars);
      const result = uwsgiIncoming.parse(bytes, 0, bytes.length);
      assert.equal(result.state === "done" && result.head.word.distinguishedName, name);
    });
  }
});
