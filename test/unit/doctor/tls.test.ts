import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { type Issued, TestAuthority } from "../../test-authority.ts";
import { NO_TLS, Practice } from "./practice.ts";

const DAY_MS = 86_400_000;
const NAMES = [
  { type: "dns", value: "localhost" },
  { type: "ip", value: "127.0.0.1" },
] as const;

describe("the doctor at TLS", () => {
  const practice = new Practice();
  let authority: TestAuthority;
  let good: Issued;
  const usage = "serverAuth";

  before(async () => {
    authority = await TestAuthority.make("Practice CA");
    good = await authority.issue("localhost", { names: NAMES, usage, lifeMs: 30 * DAY_MS - 1_000 });
  });
  afterEach(() => practice.close());
  after(() => practice.close());

  const trusting = (pins: readonly string[] = []) => ({ ...NO_TLS, ca: Buffer.from(authority.certificate), pins });

  /** What is found of a server with this certificate, told to trust the CA. */
  async function examine({ certificate, key }: Issued, options = {}, wallMs = Date.now()) {
    const port = await practice.stand((socket) => void socket.resume(), { cert: certificate, key });
    const ground = { wallMs: () => wallMs };
    const found = await practice.examine(
      `wss://localhost:${port}/`,
      { tls: trusting(), timeoutMs: 300, ...options },
      ground,
    );
    return found.of("tls");
  }

  test("names version, cipher, signer and time left", async () => {
    // The CA of the tests is good for a day.
    const { level, what, details } = await examine(good, {}, Date.now() - 19 * DAY_MS);
    assert.equal(level, "good", what);
    assert.match(what, /^TLSv1\.3, TLS_AES_\d+_GCM_SHA\d+; signed by Practice CA, \d+ days left$/);
    assert.ok(details.includes("for localhost and 127.0.0.1"));
  });

  test("sends nothing to a server that the client would not trust", async () => {
    let received = 0;
    const { certificate: cert, key } = good;
    const port = await practice.stand((socket) => void socket.on("data", ({ length }) => (received += length)), {
      cert,
      key,
    });
    const found = await practice.examine(`wss://localhost:${port}/`);
    assert.deepEqual(found.course.at(-1), "tls:fault");
    assert.equal(received, 0);
  });

  test("says that nobody knows who signed, and what is missing", async () => {
    const { what, mend } = await examine(good, { tls: NO_TLS });
    assert.match(what, /nobody here knows who signed the certificate: Practice CA/);
    assert.match(mend, /intermediate ones.*--ca/);
  });

  test("says that a certificate has expired", async () => {
    const expired = await authority.issue("localhost", { names: NAMES, usage, lifeMs: -DAY_MS });
    const { level, what, mend } = await examine(expired);
    assert.equal(level, "fault");
    assert.match(what, /has expired: \d{4}-/);
    assert.match(mend, /your clock is right/);
  });

  test("says whom the certificate is for", async () => {
    const other = await authority.issue("other", { names: [{ type: "dns", value: "other.example" }], usage });
    const { level, what } = await examine(other);
    assert.equal(level, "fault");
    assert.match(what, /not for localhost: it is for other\.example/);
  });

  test("compares the pin, and asks for nothing else then", async () => {
    const { figures } = await examine(good);
    const pin = String(figures.pin);
    const pinned = await examine(good, { tls: { ...NO_TLS, pins: [pin] } });
    assert.deepEqual([pinned.level, pinned.what.includes("the key is the one pinned")], ["good", true]);
    const other = await examine(good, { tls: { ...NO_TLS, pins: ["sha256/AAAA"] } });
    assert.equal(other.level, "fault");
    assert.match(other.mend, /somebody sits on the path/);
  });

  test("warns of --no-verify, and says what the client overlooks", async () => {
    const { level, what, mend } = await examine(good, { tls: { ...NO_TLS, verify: false } });
    assert.equal(level, "warning");
    assert.match(what, /nobody checks the certificate.*UNABLE_TO/);
    assert.match(mend, /--pin sha256\//);
  });

  test("says that the port does not speak TLS", async () => {
    const port = await practice.stand((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const found = await practice.examine(`wss://localhost:${port}/`);
    assert.match(found.of("tls").mend, /does not speak TLS/);
  });
});
