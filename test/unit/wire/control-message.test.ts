import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type ControlMessage,
  formatControlMessage,
  MAX_CONTROL_TEXT_LENGTH,
  parseControlMessage,
} from "../../../src/wire/control-message.ts";

const hello = { kind: "hello", agent: "vpn-ws/0.1", mtu: 1500, offloads: 0x0f } as const;

const welcome = { kind: "welcome", agent: "a", mtu: 1500, offloads: 0, maxMessageBytes: 65_593 } as const;

const stateOf = (value: unknown): string => parseControlMessage(JSON.stringify(value)).state;

function messageOf(value: unknown): ControlMessage {
  const result = parseControlMessage(JSON.stringify(value));
  assert.ok(result.state === "message", JSON.stringify(result));
  return result.message;
}

describe("messages", () => {
  const messages: ControlMessage[] = [
    hello,
    { kind: "welcome", agent: "vpn-ws/0.1", mtu: 9000, offloads: 0, maxMessageBytes: 65_593 },
    { kind: "update", mtu: 1400 },
    { kind: "update", offloads: 1 },
    { kind: "update" },
    { kind: "bye", reason: "shutting-down", message: "The server restarts.", retryAfterMs: 500 },
    { kind: "bye", reason: "kicked", message: "" },
    { ...welcome, addresses: ["10.9.0.2/24", "fd00::2/64"] },
    { kind: "credential", token: "vpnws_Ab-_.~+/9==", user: "alice" },
    { kind: "credential", token: "t", user: "alice", expiresMs: 1_800_000_000_000 },
  ];
  for (const message of messages) {
    test(`${JSON.stringify(message)} survives the trip`, () => {
      assert.deepEqual(parseControlMessage(formatControlMessage(message)), { state: "message", message });
    });
  }

  test("unknown fields are left out", () => {
    assert.deepEqual(messageOf({ ...hello, routes: [1], extra: { deep: true } }), hello);
  });

  test("unknown offload bits are taken away", () => {
    assert.deepEqual(messageOf({ ...hello, offloads: 0x7fff_ffff }), { ...hello, offloads: 0x6f });
  });

  test("words for people lose what could harm a terminal, and their excess", () => {
    const bye = messageOf({ kind: "bye", reason: "kicked", message: "a\u001b[2J\nb\u202e\ud800" });
    assert.deepEqual(bye, { kind: "bye", reason: "kicked", message: "a [2J b  " });
    const long = messageOf({ ...hello, agent: "x".repeat(5000) });
    assert.equal(long.kind === "hello" && long.agent.length, 1024);
  });
});

describe("unknown kinds", () => {
  test("they are told, not refused", () => {
    assert.deepEqual(parseControlMessage('{"kind":"routes","list":[]}'), { state: "unknown", kind: "routes" });
  });

  test("names of object properties are unknown kinds", () => {
    for (const kind of ["__proto__", "constructor", "toString", "hasOwnProperty", ""]) {
      assert.deepEqual(parseControlMessage(JSON.stringify({ kind })), { state: "unknown", kind });
    }
  });
});

describe("faults", () => {
  test("what is not a JSON object with a kind is one", () => {
    for (const text of [
      "",
      "{",
      "null",
      "1",
      '"hello"',
      "[]",
      '["kind"]',
      "{}",
      '{"kind":1}',
      '{"kind":["hello"]}',
      "{'kind':'bye'}",
    ]) {
      assert.equal(parseControlMessage(text).state, "fault", text);
    }
  });

  test("a kind behind __proto__ does not count, and a prototype is not polluted", () => {
    assert.equal(parseControlMessage('{"__proto__":{"kind":"bye","reason":"a","message":""}}').state, "fault");
    const result = parseControlMessage(
      '{"kind":"update","__proto__":{"mtu":1400},"constructor":{"prototype":{"mtu":1}}}',
    );
    assert.deepEqual(result, { state: "message", message: { kind: "update" } });
    assert.equal(({} as { mtu?: number }).mtu, undefined);
  });

  test("a missing field is one", () => {
    assert.equal(stateOf({ kind: "hello" }), "fault");
    assert.equal(stateOf({ kind: "bye", reason: "kicked" }), "fault");
    assert.equal(stateOf({ ...hello, kind: "welcome" }), "fault");
  });

  test("numbers out of range or not whole are one", () => {
    for (const mtu of ["67", "65536", "-1", "1400.5", "1e999", "1e300", '"1500"', "null", "true", "[1500]"]) {
      const text = `{"kind":"hello","agent":"a","offloads":0,"mtu":${mtu}}`;
      assert.equal(parseControlMessage(text).state, "fault", mtu);
    }
    assert.equal(stateOf({ ...hello, offloads: -1 }), "fault");
    assert.equal(stateOf({ ...hello, offloads: 2 ** 31 }), "fault");
    assert.equal(stateOf({ kind: "bye", reason: "kicked", message: "", retryAfterMs: 1e9 }), "fault");
  });

  test("a reason that is not a stable word is one", () => {
    for (const reason of ["", "Kicked", "two words", "a\n", "-a", "a".repeat(65)]) {
      assert.equal(stateOf({ kind: "bye", reason, message: "" }), "fault", reason);
    }
  });

  test("a token that is none, a user without a name and a day beyond all days are one, and the token is not quoted", () => {
    const credential = { kind: "credential", token: "s3cret", user: "alice" };
    for (const wrong of [
      { token: "" },
      { token: "s3 cret" },
      { token: "s3cret\r\nX: y" },
      { token: `s3cret${"x".repeat(512)}` },
      { user: "" },
      { user: "x".repeat(257) },
      { expiresMs: 8.65e15 },
      { expiresMs: 1.5 },
    ]) {
      const result = parseControlMessage(JSON.stringify({ ...credential, ...wrong }));
      assert.equal(result.state, "fault", JSON.stringify(wrong));
      assert.doesNotMatch(JSON.stringify(result), /s3/);
    }
  });

  test("addresses that are none, and more than one device has, are one", () => {
    for (const address of [
      "10.9.0.2",
      "10.9.0.2/24/24",
      "name/24",
      "10.9.0.2/-1",
      "; reboot/1",
      `${":".repeat(46)}/1`,
    ]) {
      assert.equal(stateOf({ ...welcome, addresses: [address] }), "fault", address);
    }
    assert.equal(stateOf({ ...welcome, addresses: Array(16).fill("10.9.0.2/24") }), "message");
    assert.equal(stateOf({ ...welcome, addresses: Array(17).fill("10.9.0.2/24") }), "fault");
  });

  test("too long a text is one, whatever it says, and a text of just the limit is read", () => {
    const pad = MAX_CONTROL_TEXT_LENGTH - JSON.stringify({ ...hello, pad: "" }).length;
    assert.equal(stateOf({ ...hello, pad: "x".repeat(pad) }), "message");
    assert.equal(stateOf({ ...hello, pad: "x".repeat(pad + 1) }), "fault");
  });

  test("deep nesting is survived", () => {
    const depth = 8000;
    assert.equal(parseControlMessage("[".repeat(MAX_CONTROL_TEXT_LENGTH)).state, "fault");
    const text = `{"kind":"update","mtu":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    assert.equal(parseControlMessage(text).state, "fault");
    const ignored = `{"kind":"update","x":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    assert.equal(parseControlMessage(ignored).state, "message");
  });

  test("the fault names the field and quotes nothing of the message", () => {
    const result = parseControlMessage('{"kind":"hello","agent":"a","offloads":0,"mtu":"secret"}');
    assert.deepEqual(result, { state: "fault", message: "control message hello: mtu is missing or out of range" });
  });
});
