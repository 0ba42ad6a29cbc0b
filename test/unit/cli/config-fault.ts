import assert from "node:assert/strict";
import { ConfigError } from "../../../src/base/errors.ts";

/** That it throws a ConfigError with this code, message and hint, and no password of these tests, which is `s3cret`. */
export function assertConfigFault(call: () => unknown, code: string, message: RegExp): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, code);
    assert.match(`${error.message} ${error.hint}`, message);
    assert.doesNotMatch(`${error.message}${error.hint}${error.stack}`, /s3cret/);
    return true;
  });
}
