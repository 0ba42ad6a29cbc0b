import { describe, test } from "node:test";
import fc from "fast-check";
import { secretEqual } from "../../../src/access/secret-equal.ts";

describe("secretEqual", () => {
  test("says what === says, for texts of any lengths", () => {
    const text = fc.string({ unit: "binary", maxLength: 80 });
    fc.assert(fc.property(text, text, (one, other) => secretEqual(one, other) === (one === other)));
    fc.assert(fc.property(text, (one) => secretEqual(one, `${one}`)));
  });
});
