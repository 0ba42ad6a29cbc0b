import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apr1 } from "../../../src/access/apr1.ts";
import { parseHtpasswd } from "../../../src/access/htpasswd.ts";
import { HtpasswdAuthenticator } from "../../../src/access/htpasswd-authenticator.ts";
import type { Identity } from "../../../src/access/identity.ts";
import { PasswordChecker, type PasswordVerdict } from "../../../src/access/password-checker.ts";
import { verifyPassword } from "../../../src/access/password-hash.ts";
import { VerifiedPasswords } from "../../../src/access/verified-passwords.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { HandClock } from "../../hand-clock.ts";
import { makeRequest } from "./requests.ts";

const users = { ann: apr1("ann's", "saltann"), bob: apr1("bob's", "saltbob") };
const fileOf = (hashes: Record<string, string>) =>
  parseHtpasswd(
    Object.entries(hashes)
      .map(([user, hash]) => `${user}:${hash}`)
      .join("\n"),
    "f",
  );

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** Checks in this thread, and keeps which hashes it was given. */
class DirectChecker extends PasswordChecker {
  readonly checked: string[] = [];
  isBusy = false;

  constructor(clock: HandClock) {
    super({ clock, log: silentLogger, startWorker: () => assert.fail("no thread is needed") });
  }

  override async verify(hash: string, password: string): Promise<PasswordVerdict> {
    this.checked.push(hash);
    if (this.isBusy) return "unavailable";
    return verifyPassword(hash, password) ? "match" : "mismatch";
  }
}

function make() {
  const clock = new HandClock();
  const checker = new DirectChecker(clock);
  const source = { file: fileOf(users), current: () => source.file };
  const authenticator = new HtpasswdAuthenticator({ users: source, checker, verified: new VerifiedPasswords(clock) });
  const login = (user: string, password: string) =>
    authenticator.authenticate(makeRequest({ authorization: basic(user, password) }));
  const identify = async (user: string, password: string): Promise<Identity> => {
    const outcome = await login(user, password);
    assert.ok(outcome.state === "identified");
    return outcome.identity;
  };
  return { authenticator, checker, clock, source, login, identify };
}

describe("HtpasswdAuthenticator", () => {
  test("the right password of a user is identified, with neither network nor groups nor an end", async () => {
    const { identify } = make();
    const { credentialId, ...rest } = await identify("ann", "ann's");
    assert.deepEqual(rest, { user: "ann", groups: [], method: "htpasswd", network: undefined, expiresMs: undefined });
    assert.match(credentialId, /^[0-9a-f]{16}$/);
  });

  test("a wrong password and an unknown user are refused, by name", async () => {
    const { login } = make();
    assert.deepEqual(await login("ann", "bob's"), { state: "refused", reason: "wrong-password", user: "ann" });
    assert.deepEqual(await login("eve", "ann's"), { state: "refused", reason: "unknown-user", user: "eve" });
    assert.deepEqual(await login("", "ann's"), { state: "refused", reason: "unknown-user", user: undefined });
  });

  test("no header, bearer credentials and our tokens are somebody else's; malformed ones are refused", async () => {
    const { authenticator } = make();
    const ask = (authorization: string) => authenticator.authenticate(makeRequest({ authorization }));
    assert.deepEqual(await authenticator.authenticate(makeRequest()), { state: "absent" });
    for (const header of ["Bearer x", "Bearer ?", "Digest x", basic("ann", "vpnws_x")]) {
      assert.deepEqual(await ask(header), { state: "absent" }, header);
    }
    assert.deepEqual(await ask("Basic ?"), { state: "refused", reason: "malformed", user: undefined });
  });

  test("an unknown user costs a check like a known one, always of the same hash, and it is not remembered", async () => {
    const { login, checker } = make();
    await login("eve", "ann's");
    await login("eve", "ann's");
    await login("eve", "bob's");
    await login("eve", "bob's");
    assert.equal(checker.checked.length, 4);
    assert.equal(new Set(checker.checked).size, 1);
    assert.ok(Object.values(users).includes(checker.checked[0] ?? ""));
    for (let i = 0; i < 40; i++) await login(`eve${i}`, "x");
    assert.equal(new Set(checker.checked).size, 2, "hashes of all users are taken");
  });

  test("without users everyone is unknown", async () => {
    const { login, source } = make();
    source.file = new Map();
    assert.deepEqual(await login("ann", "ann's"), { state: "refused", reason: "unknown-user", user: "ann" });
  });

  test("a password that was found good is not checked again for five minutes", async () => {
    const { login, checker, clock } = make();
    for (let i = 0; i < 3; i++) assert.equal((await login("ann", "ann's")).state, "identified");
    assert.equal(checker.checked.length, 1);
    assert.equal((await login("ann", "ann'")).state, "refused");
    assert.equal((await login("bob", "ann's")).state, "refused");
    clock.advance(300_000);
    await login("ann", "ann's");
    assert.equal(checker.checked.length, 4);
  });

  test("a changed password is in force at once, and ends what the old one gave", async () => {
    const { authenticator, identify, login, source } = make();
    const ann = await identify("ann", "ann's");
    const bob = await identify("bob", "bob's");
    source.file = fileOf({ ...users, ann: apr1("new", "saltann") });
    assert.equal((await login("ann", "ann's")).state, "refused");
    assert.ok(!authenticator.isStillGood(ann));
    assert.ok(authenticator.isStillGood(bob));
    assert.ok(authenticator.isStillGood(await identify("ann", "new")));
    source.file = fileOf({ ann: users.ann });
    assert.ok(authenticator.isStillGood(ann), "back again");
    assert.ok(!authenticator.isStillGood(bob), "removed");
  });

  test("a sealed identity is opened by its key alone, as long as the password is the same", async () => {
    const { authenticator, source, identify } = make();
    const ann = await identify("ann", "ann's");
    const sealed = authenticator.seal(ann, "key");
    assert.notEqual(sealed.credentialId, ann.credentialId);
    const another = make();
    const opened = await another.authenticator.unseal(sealed, "key");
    assert.ok(opened !== undefined && another.authenticator.isStillGood(opened));
    assert.equal(await authenticator.unseal(sealed, "another key"), undefined);
    assert.equal(await authenticator.unseal({ ...sealed, user: "bob" }, "key"), undefined);
    assert.equal(await authenticator.unseal(ann, "key"), undefined, "it was not sealed");
    source.file = fileOf({ ...users, ann: apr1("new", "saltann") });
    assert.equal(await authenticator.unseal(sealed, "key"), undefined, "another password");
    source.file = fileOf({ bob: users.bob });
    assert.equal(await authenticator.unseal(sealed, "key"), undefined, "removed");
  });

  test("when no check can be made, known and unknown users hear the same", async () => {
    const { login, checker } = make();
    checker.isBusy = true;
    assert.deepEqual(await login("ann", "ann's"), { state: "refused", reason: "unavailable", user: "ann" });
    assert.deepEqual(await login("eve", "ann's"), { state: "refused", reason: "unavailable", user: "eve" });
  });
});
