import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WEB_SERVER_DEFAULTS, WebServerAuthenticator } from "../../../src/access/web-server-authenticator.ts";
import { makeRequest } from "./requests.ts";

const authenticator = new WebServerAuthenticator(WEB_SERVER_DEFAULTS);
const ask = (user: string, distinguishedName = "", by = authenticator) =>
  by.authenticate(makeRequest({ front: { user, distinguishedName } }));

async function userFrom(user: string, distinguishedName = "", by = authenticator): Promise<string | undefined> {
  const outcome = await ask(user, distinguishedName, by);
  return outcome.state === "identified" ? outcome.identity.user : undefined;
}

describe("the web server's word", () => {
  test("names the user", async () => {
    assert.deepEqual(await ask("alice"), {
      state: "identified",
      identity: {
        user: "alice",
        groups: [],
        method: "web-server",
        network: undefined,
        expiresMs: undefined,
        credentialId: "",
      },
    });
    assert.equal(authenticator.isStillGood(), true);
  });

  test("is absent without a web server that is trusted, and without a name", async () => {
    assert.deepEqual(await authenticator.authenticate(makeRequest()), { state: "absent" });
    assert.deepEqual(await ask(""), { state: "absent" });
  });

  test("names the user before the certificate, else the certificate's common name", async () => {
    assert.equal(await userFrom("alice", "CN=bob"), "alice");
    assert.equal(await userFrom("", "CN=bob,O=Example"), "bob");
  });

  test("is refused if it could be two words, or cannot be shown", async () => {
    for (const user of [
      "alice, admin",
      "admin,",
      "anonymous",
      " alice",
      "a\nb",
      "a\u202eb",
      "j\udcfcrg",
      "x".repeat(257),
    ]) {
      assert.deepEqual(await ask(user), { state: "refused", reason: "no-user", user: undefined }, JSON.stringify(user));
    }
  });

  test("is refused if the certificate names nobody, or two", async () => {
    for (const name of [
      "O=Example",
      "CN=alice,CN=admin",
      "CN=alice, CN=admin",
      "/CN=alice/O=x",
      "CN=a\\0Ab",
      "CN=",
      "x",
    ]) {
      assert.equal((await ask("", name)).state, "refused", name);
    }
  });

  test("a bad user name is not made good by a certificate", async () => {
    assert.equal((await ask("alice, admin", "CN=alice")).state, "refused");
  });

  test("the whole subject is the user if the options say so", async () => {
    const whole = new WebServerAuthenticator({ certificateUser: "subject" });
    assert.equal(await userFrom("", "CN=bob,O=Example", whole), "CN=bob,O=Example");
    assert.equal(await userFrom("", "/O=Example/CN=bob", whole), undefined);
  });
});
