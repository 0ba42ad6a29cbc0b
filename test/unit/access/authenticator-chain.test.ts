import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AnonymousAuthenticator } from "../../../src/access/anonymous-authenticator.ts";
import type { AuthenticationOutcome, Authenticator } from "../../../src/access/authenticator.ts";
import { AUTHENTICATION_TIMEOUT_MS, AuthenticatorChain } from "../../../src/access/authenticator-chain.ts";
import type { AuthenticationMethod, Identity } from "../../../src/access/identity.ts";
import { HandClock } from "../../hand-clock.ts";
import { makeRequest } from "./requests.ts";

function identityOf(method: AuthenticationMethod, user: string): Identity {
  return { user, groups: [], method, network: undefined, expiresMs: undefined, credentialId: "" };
}

const absent: AuthenticationOutcome = { state: "absent" };
const refused: AuthenticationOutcome = { state: "refused", reason: "wrong-password", user: "alice" };
const identified = (method: AuthenticationMethod): AuthenticationOutcome => ({
  state: "identified",
  identity: identityOf(method, "alice"),
});

/** Answers what it is told to, and counts how often it was asked. */
function stub(method: AuthenticationMethod, answer: () => AuthenticationOutcome | Promise<AuthenticationOutcome>) {
  const asked = { times: 0 };
  const authenticator: Authenticator = {
    method,
    authenticate: async () => {
      asked.times++;
      return answer();
    },
    isStillGood: (identity) => identity.user === "alice",
  };
  return { authenticator, asked };
}

function makeChain(...authenticators: readonly Authenticator[]) {
  const clock = new HandClock();
  const faults: [AuthenticationMethod, unknown][] = [];
  const onFault = (method: AuthenticationMethod, error: unknown): void => void faults.push([method, error]);
  return { chain: new AuthenticatorChain({ clock, onFault }, authenticators), clock, faults };
}

const anonymous = new AnonymousAuthenticator();

describe("a chain of authenticators", () => {
  test("takes the first that knows who it is, and asks no further", async () => {
    const last = stub("jwt", () => identified("jwt"));
    const { chain, clock } = makeChain(
      stub("web-server", () => absent).authenticator,
      stub("htpasswd", () => refused).authenticator,
      stub("token", () => identified("token")).authenticator,
      last.authenticator,
    );
    assert.deepEqual(await chain.authenticate(makeRequest()), identified("token"));
    assert.equal(last.asked.times, 0);
    assert.equal(clock.timers, 0, "no timer is left");
  });

  test("tells every refusal with its method, in order", async () => {
    const { chain } = makeChain(
      stub("htpasswd", () => refused).authenticator,
      stub("web-server", () => absent).authenticator,
      stub("token", () => ({ state: "refused", reason: "expired", user: undefined })).authenticator,
    );
    assert.deepEqual(await chain.authenticate(makeRequest()), {
      state: "refused",
      decisions: [
        { method: "htpasswd", reason: "wrong-password", user: "alice" },
        { method: "token", reason: "expired", user: undefined },
      ],
    });
  });

  test("without credentials is absent, and anonymous only if that is in it", async () => {
    const none = stub("token", () => absent).authenticator;
    assert.deepEqual(await makeChain(none).chain.authenticate(makeRequest()), absent);
    assert.deepEqual(await makeChain().chain.authenticate(makeRequest()), absent);
    const outcome = await makeChain(none, anonymous).chain.authenticate(makeRequest());
    assert.deepEqual(outcome, { state: "identified", identity: identityOf("anonymous", "anonymous") });
  });

  test("never lets credentials that were refused in as anonymous", async () => {
    const wrong = stub("htpasswd", () => refused).authenticator;
    for (const order of [
      [wrong, anonymous],
      [anonymous, wrong],
    ]) {
      assert.equal((await makeChain(...order).chain.authenticate(makeRequest())).state, "refused");
    }
  });

  test("asks anonymous last, wherever it stands", async () => {
    const { chain } = makeChain(anonymous, stub("token", () => identified("token")).authenticator);
    assert.deepEqual(await chain.authenticate(makeRequest()), identified("token"));
  });

  test("refuses when an authenticator fails, and reports the fault", async () => {
    const error = new Error("secret");
    const failing = stub("jwt", () => Promise.reject(error)).authenticator;
    const { chain, faults } = makeChain(failing, anonymous);
    const decisions = [{ method: "jwt", reason: "unavailable", user: undefined }];
    assert.deepEqual(await chain.authenticate(makeRequest()), { state: "refused", decisions });
    assert.deepEqual(faults, [["jwt", error]]);
  });

  test("that an authenticator holds up ends in time, with what was decided before", async () => {
    const hanging = stub("jwt", () => new Promise<never>(() => {}));
    const after = stub("token", () => identified("token"));
    const { chain, clock, faults } = makeChain(
      stub("htpasswd", () => refused).authenticator,
      hanging.authenticator,
      after.authenticator,
    );
    const outcome = chain.authenticate(makeRequest());
    while (hanging.asked.times === 0) await Promise.resolve();
    clock.advance(AUTHENTICATION_TIMEOUT_MS);
    assert.deepEqual(await outcome, {
      state: "refused",
      decisions: [
        { method: "htpasswd", reason: "wrong-password", user: "alice" },
        { method: "jwt", reason: "unavailable", user: undefined },
      ],
    });
    assert.deepEqual(faults, [["jwt", undefined]]);
    assert.equal(after.asked.times, 0);
  });

  test("redeems an identity with the authenticator that gave it, if it costs anything", async () => {
    const free = stub("htpasswd", () => absent).authenticator;
    const counted: Authenticator = { ...stub("token", () => absent).authenticator, redeem: async () => "used-up" };
    const { chain } = makeChain(free, counted);
    assert.equal(await chain.redeem(identityOf("htpasswd", "alice")), undefined);
    assert.deepEqual(await chain.redeem(identityOf("token", "alice")), {
      method: "token",
      reason: "used-up",
      user: "alice",
    });
  });

  test("refuses when redeeming fails, and reports the fault", async () => {
    const error = new Error("secret");
    const failing: Authenticator = {
      ...stub("token", () => absent).authenticator,
      redeem: () => Promise.reject(error),
    };
    const { chain, faults } = makeChain(failing);
    assert.equal((await chain.redeem(identityOf("token", "alice")))?.reason, "unavailable");
    assert.deepEqual(faults, [["token", error]]);
  });

  test("judges an identity by those authenticators that give such", () => {
    const { chain, faults } = makeChain(stub("token", () => absent).authenticator, anonymous);
    assert.equal(chain.isStillGood(identityOf("token", "alice"), 0), true);
    assert.equal(chain.isStillGood(identityOf("token", "bob"), 0), false);
    assert.equal(chain.isStillGood(identityOf("anonymous", "anonymous"), 0), true);
    assert.equal(chain.isStillGood(identityOf("htpasswd", "alice"), 0), false, "its method is gone");
    assert.deepEqual(faults, []);
  });

  test("holds an identity for no longer good if it cannot be judged", () => {
    const error = new Error("broken");
    const broken: Authenticator = {
      ...stub("token", () => absent).authenticator,
      isStillGood: () => {
        throw error;
      },
    };
    const { chain, faults } = makeChain(broken);
    assert.equal(chain.isStillGood(identityOf("token", "alice"), 0), false);
    assert.deepEqual(faults, [["token", error]]);
  });
});

describe("a sealed identity", () => {
  const ann = { ...identityOf("jwt", "alice"), credentialId: "1" };

  test("is itself where its credentials have a name that lasts, and opened as long as it is good", async () => {
    const { chain } = makeChain(stub("jwt", () => absent).authenticator);
    assert.deepEqual(chain.seal(ann, "key", 0), ann);
    assert.deepEqual(await chain.unseal(ann, "key", 0), ann);
    for (const wrong of [identityOf("jwt", "bob"), identityOf("token", "alice"), identityOf("web-server", "alice")]) {
      assert.equal(chain.seal(wrong, "key", 0), undefined);
      assert.equal(await chain.unseal(wrong, "key", 0), undefined);
    }
  });

  test("is opened by whoever of a kind can, and for nobody when that fails or is no good", async () => {
    const unseal = (answer: () => Identity | undefined) => async (): Promise<Identity | undefined> => answer();
    const no = { ...stub("jwt", () => absent).authenticator, unseal: unseal(() => undefined) };
    const yes = { ...no, unseal: unseal(() => ({ ...ann, credentialId: "2" })) };
    const other = { ...no, unseal: unseal(() => ({ ...ann, user: "bob" })) };
    const broken = { ...no, unseal: unseal(() => assert.fail("broken")) };
    assert.equal(await makeChain(no, other).chain.unseal(ann, "key", 0), undefined);
    assert.equal(await makeChain(no, broken).chain.unseal(ann, "key", 0), "unavailable");
    for (const all of [
      [no, yes],
      [broken, yes],
    ]) {
      assert.deepEqual(await makeChain(...all).chain.unseal(ann, "key", 0), { ...ann, credentialId: "2" });
    }
  });
});
