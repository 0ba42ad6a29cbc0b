import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  alternativeNames,
  type CertificateUser,
  subjectOf,
  userOfCertificate,
} from "../../../src/access/certificate-user.ts";
import { makeCertificate } from "./certificates.ts";

type Subject = Parameters<typeof makeCertificate>[0];
type Names = NonNullable<Parameters<typeof makeCertificate>[1]>;

async function userOf(part: CertificateUser, subject: Subject, names: Names = []): Promise<string | undefined> {
  return userOfCertificate(await makeCertificate(subject, names), part);
}

describe("the common name of a certificate", () => {
  const named: readonly (readonly [Subject, string])[] = [
    [[{ C: ["DE"] }, { O: ["Example"] }, { CN: ["alice"] }], "alice"],
    [[{ CN: ["jürg ☃"] }], "jürg ☃"],
    [[{ CN: ['a"b;d<e>f=g#h'] }], 'a"b;d<e>f=g#h'],
    [[{ O: ["x\nCN=admin"] }, { CN: ["alice"] }], "alice"],
    [[{ O: ["x, CN=admin"] }, { CN: ["alice"] }], "alice"],
  ];
  for (const [subject, user] of named) {
    test(`of ${JSON.stringify(subject)} is ${user}`, async () =>
      assert.equal(await userOf("common-name", subject), user));
  }

  test("keeps a comma as a part of itself", async () => {
    assert.equal(await userOf("common-name", [{ CN: ["alice, CN=admin"] }]), "alice, CN=admin");
  });

  const nameless: readonly Subject[] = [
    [{ CN: ["alice"] }, { CN: ["admin"] }],
    [{ CN: ["alice", "admin"] }],
    [{ CN: ["alice\nCN=admin"] }],
    [{ CN: ["admin\0.example"] }],
    [{ CN: ["admin\u200b"] }],
    [{ CN: ["\u202enimda"] }],
    [{ CN: [" admin"] }],
    [{ CN: ["admin "] }],
    [{ CN: ["anonymous"] }],
    [{ O: ["CN=admin"] }],
    [{ O: ["x\nCN=admin"] }],
  ];
  for (const subject of nameless) {
    test(`of ${JSON.stringify(subject)} is nobody's`, async () => {
      assert.equal(await userOf("common-name", subject), undefined);
    });
  }
});

describe("the subject of a certificate", () => {
  test("reads as nginx writes it, most specific first", async () => {
    const subject: Subject = [{ C: ["DE"] }, { O: ["Example, Inc."] }, { CN: ["alice"] }];
    assert.equal(subjectOf(await makeCertificate(subject)), "CN=alice,O=Example\\, Inc.,C=DE");
    assert.equal(await userOf("subject", subject), "CN=alice,O=Example\\, Inc.,C=DE");
  });

  test("tells a separator from one in a name", async () => {
    const two = await userOf("subject", [{ O: ["x"] }, { CN: ["alice"] }]);
    const one = await userOf("subject", [{ CN: ["alice,O=x"] }]);
    assert.notEqual(one, two);
  });
});

describe("alternative names of a certificate", () => {
  const subject: Subject = [{ CN: ["cn"] }];

  test("give the user by kind", async () => {
    const names: Names = [
      { type: "dns", value: "host.example" },
      { type: "email", value: "alice@example.org" },
      { type: "url", value: "spiffe://example.org/alice" },
      { type: "ip", value: "192.0.2.1" },
    ];
    assert.equal(await userOf("dns", subject, names), "host.example");
    assert.equal(await userOf("email", subject, names), "alice@example.org");
    assert.equal(await userOf("uri", subject, names), "spiffe://example.org/alice");
  });

  test("give nobody if there are several, or none", async () => {
    const email = (value: string) => ({ type: "email", value }) as const;
    assert.equal(await userOf("email", subject, [email("a@example.org"), email("b@example.org")]), undefined);
    assert.equal(await userOf("email", subject, [{ type: "dns", value: "a.example" }]), undefined);
    assert.equal(await userOf("email", subject), undefined);
  });

  test("of another kind cannot pretend to be of this one", async () => {
    const tricks: Names = [
      { type: "dns", value: "x, email:admin@example.org" },
      { type: "dns", value: 'x", email:admin@example.org, DNS:"' },
      { type: "url", value: "https://x/, email:admin@example.org" },
      { type: "upn", value: "joe, email:admin@example.org" },
      { type: "dn", value: "CN=x\\, email:admin@example.org" },
    ];
    for (const trick of tricks) {
      assert.equal(await userOf("email", subject, [trick]), undefined, trick.value);
      const honest = { type: "email", value: "alice@example.org" } as const;
      assert.equal(await userOf("email", subject, [trick, honest]), "alice@example.org", trick.value);
    }
  });

  test("with what could be mistaken in them are the text they are, and blanks are refused", async () => {
    assert.equal(await userOf("uri", subject, [{ type: "url", value: "https://x/a,b" }]), "https://x/a,b");
    assert.equal(await userOf("email", subject, [{ type: "email", value: '"a"@b' }]), '"a"@b');
    for (const value of ["a@b, c", "a@b\n", "a@b\0", "a b", "j\xfcrg@b"]) {
      assert.equal(await userOf("email", subject, [{ type: "email", value }]), undefined, JSON.stringify(value));
    }
  });

  test("in a text with a quote left open are none", () => {
    for (const text of ['email:"a', 'email:a"b', 'email:"a" b', 'email:"a""b"', 'email:"\\u00"']) {
      assert.equal(alternativeNames(text, "email"), undefined, text);
    }
  });

  test("quoted as Node does come back, whatever is in them", () => {
    const quote = (text: string): string => (/^[!#-&(-+\--[\]-~]+$/.test(text) ? text : JSON.stringify(text));
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 5 }), (values) => {
        const text = values.flatMap((value) => [`DNS:${quote(value)}`, `URI:${quote(`${value},`)}`]).join(", ");
        assert.deepEqual(alternativeNames(text, "DNS"), values);
      }),
    );
  });
});
