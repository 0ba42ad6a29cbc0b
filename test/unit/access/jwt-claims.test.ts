import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { groupsOfClaims, MAX_GROUPS, userOfClaims } from "../../../src/access/jwt-claims.ts";

describe("the user that claims name", () => {
  test("stands at a name, a name with dots, or a path", () => {
    assert.equal(userOfClaims({ sub: "alice" }, "sub"), "alice");
    assert.equal(userOfClaims({ "https://example.org/user": "alice" }, "https://example.org/user"), "alice");
    assert.equal(userOfClaims({ account: { name: "alice" } }, "account.name"), "alice");
    assert.equal(userOfClaims({ "account.name": "alice", account: { name: "bob" } }, "account.name"), "alice");
    assert.equal(userOfClaims({ sub: "auth0|7", name: "x" }, "sub"), "auth0|7");
    assert.equal(userOfClaims({ sub: "system:serviceaccount:lab:vpn" }, "sub"), "system:serviceaccount:lab:vpn");
  });

  test("is nobody where there is no claim of the token's own", () => {
    for (const claim of [
      "constructor.name",
      "__proto__",
      "toString",
      "sub.length",
      "sub.0",
      "list.0",
      "",
      ".",
      "a.b",
    ]) {
      assert.equal(userOfClaims({ sub: "alice", list: ["admin"] }, claim), undefined, claim);
    }
  });

  test("is not an address that the issuer did not verify", () => {
    const email = "alice@example.org";
    assert.equal(userOfClaims({ email, email_verified: false }, "email"), undefined);
    assert.equal(userOfClaims({ email, email_verified: "false" }, "email"), undefined);
    assert.equal(userOfClaims({ email, email_verified: null }, "email"), undefined);
    assert.equal(userOfClaims({ email, email_verified: true }, "email"), email);
    assert.equal(userOfClaims({ email, email_verified: "true" }, "email"), email);
    assert.equal(userOfClaims({ email }, "email"), email, "the issuer says nothing about it");
    assert.equal(userOfClaims({ sub: "alice", email_verified: false }, "sub"), "alice");
  });
});

describe("the groups that claims name", () => {
  test("are an array, or names with spaces between", () => {
    assert.deepEqual(groupsOfClaims({ groups: ["staff", "lab users"] }, "groups"), ["staff", "lab users"]);
    assert.deepEqual(groupsOfClaims({ scope: " vpn  lab " }, "scope"), ["vpn", "lab"]);
    assert.deepEqual(groupsOfClaims({ realm_access: { roles: ["vpn"] } }, "realm_access.roles"), ["vpn"]);
  });

  test("are none without the claim", () => {
    for (const claims of [{}, { groups: null }, { groups: [] }, { groups: "" }]) {
      assert.deepEqual(groupsOfClaims(claims, "groups"), []);
    }
  });

  test("are a fault if they are no names, or too many", () => {
    for (const groups of [7, true, {}, [""], [" a"], [["a"]], [null], ["a\0"], "a\nb", ["x".repeat(300)]]) {
      assert.equal(groupsOfClaims({ groups }, "groups"), undefined, JSON.stringify(groups));
    }
    const many = Array.from({ length: MAX_GROUPS + 1 }, (_, i) => `g${i}`);
    assert.equal(groupsOfClaims({ groups: many }, "groups"), undefined);
    assert.equal(groupsOfClaims({ groups: many.join(" ") }, "groups"), undefined);
    assert.equal(groupsOfClaims({ groups: many.slice(1) }, "groups")?.length, MAX_GROUPS);
  });
});
