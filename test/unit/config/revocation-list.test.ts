import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseRevocationList } from "../../../src/config/revocation-list.ts";
import { makeCertificate, makeRevocationList } from "../access/certificates.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a file of revocation lists", () => {
  test("is PEM or DER, and gives the serial numbers as certificates have them", async () => {
    const list = await makeRevocationList(["00ff01", "0a", "7f00000000000000000000000000000001"]);
    const serials = new Set(["FF01", "A", "7F00000000000000000000000000000001"]);
    assert.deepEqual(parseRevocationList("crl.pem", bytesOf(list.toString("pem"))), serials);
    assert.deepEqual(parseRevocationList("crl.der", new Uint8Array(list.rawData)), serials);
  });

  test("may hold several, of several authorities", async () => {
    const [one, two] = await Promise.all([makeRevocationList(["01"]), makeRevocationList(["02", "03"])]);
    const text = `a comment\n${one.toString("pem")}\n\n${two.toString("pem")}\n`;
    assert.deepEqual(parseRevocationList("crl.pem", bytesOf(text)), new Set(["1", "2", "3"]));
  });

  test("may revoke nothing yet", async () => {
    const list = await makeRevocationList([]);
    assert.deepEqual(parseRevocationList("crl.pem", bytesOf(list.toString("pem"))), new Set());
  });

  test("is refused with its path if there is no list in it", async () => {
    const certificate = await makeCertificate([{ CN: ["alice"] }]);
    const list = (await makeRevocationList(["01"])).toString("pem");
    for (const text of ["", "nonsense", certificate.toString(), list.slice(0, 150), list.replace("M", "!")]) {
      assert.throws(() => parseRevocationList("crl.pem", bytesOf(text)), { code: "CRL_INVALID", message: /crl\.pem/ });
    }
  });
});
