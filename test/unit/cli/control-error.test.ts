import assert from "node:assert/strict";
import { test } from "node:test";
import { describeError } from "../../../src/base/errors.ts";
import { refusal, unreachable } from "../../../src/cli/control-error.ts";
import { namedTarget } from "../../../src/cli/operator-target.ts";

/** A hint begins on a line of its own. */
const OBEYED = /(?!\n)\p{Cc}/u;

test("nothing that a server or its certificate says is obeyed by a terminal", () => {
  const target = namedTarget("https://vpn.example.com", {});
  const words = "cert's CN: \x1b]0;owned\x07\x9b2J";
  const errors = ["ERR_TLS_CERT_ALTNAME_INVALID", "ECONNRESET"].map((code) =>
    unreachable(target, Object.assign(new Error(words), { code })),
  );
  for (const status of [400, 403, 404, 429]) {
    errors.push(refusal(target, status, JSON.stringify({ title: "", detail: words })));
  }
  for (const error of errors) {
    assert.match(error.message, /owned/);
    assert.doesNotMatch(describeError(error), OBEYED);
  }
});
