import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ECHO_MIN_BYTES,
  echoAddress,
  echoReplyBytes,
  isEchoRequest,
  parseEchoReply,
  writeEchoReply,
  writeEchoRequest,
} from "../../../src/wire/echo-frame.ts";
import type { Mac } from "../../../src/wire/mac.ts";

const SOURCE = "02:c1:d2:e3:f4:a5" as Mac;
const REQUEST = Buffer.from(
  [
    "76706e2d7703", // destination, lane 3
    "02c1d2e3f4a5", // source
    "88b5", // ethertype
    "76706e7773454331", // magic, "vpnwsEC1"
    "0100", // kind
    "fffffffe", // sequence
    "00010000", // bytes of the answer
    "00".repeat(28),
  ].join(""),
  "hex",
);

function changed(at: number, hex: string): Buffer {
  const bytes = Buffer.from(REQUEST);
  bytes.write(hex, at, "hex");
  return bytes;
}

describe("echo frame", () => {
  test("is laid out as documented", () => {
    const bytes = Buffer.alloc(ECHO_MIN_BYTES);
    writeEchoRequest({ source: SOURCE, lane: 3, sequence: 0xffff_fffe, replyBytes: 65_536 }, bytes);
    assert.deepEqual(bytes, REQUEST);
    assert.equal(echoAddress(3), "76:70:6e:2d:77:03");
  });

  test("is known by its address without the lane, its ethertype, its magic and its kind", () => {
    assert.ok(isEchoRequest(REQUEST, 0, REQUEST.length));
    assert.ok(isEchoRequest(changed(5, "ff"), 0, REQUEST.length));
    assert.equal(echoReplyBytes(REQUEST, 0), 65_536);
    for (const at of [0, 1, 2, 4, 12, 13, 14, 18, 21, 22]) {
      const other = changed(at, ((REQUEST[at] as number) ^ 0x10).toString(16).padStart(2, "0"));
      assert.ok(!isEchoRequest(other, 0, other.length), `byte ${at} differs`);
    }
  });

  test("is none if it is shorter than a frame can be, whatever lies behind", () => {
    assert.ok(!isEchoRequest(REQUEST, 0, REQUEST.length - 1));
    assert.equal(parseEchoReply(REQUEST, 0, 20), undefined);
  });

  test("is answered from where it went to where it came from", () => {
    const request = Buffer.concat([Buffer.from("eeee", "hex"), REQUEST, Buffer.alloc(1_000)]);
    const reply = Buffer.alloc(ECHO_MIN_BYTES, 0xee);
    writeEchoReply(request, 2, request.length, reply);
    const head = "02c1d2e3f4a5" + "76706e2d7703" + "88b5" + "76706e7773454331" + "0200" + "fffffffe" + "00000424";
    assert.equal(reply.toString("hex"), head + "ee".repeat(28));
    assert.deepEqual(parseEchoReply(reply, 0, reply.length), { lane: 3, sequence: 0xffff_fffe, requestBytes: 1_060 });
    assert.ok(!isEchoRequest(reply, 0, reply.length), "an answer asks for none");
  });

  test("an answer from elsewhere is none of ours", () => {
    const reply = Buffer.alloc(ECHO_MIN_BYTES);
    writeEchoReply(REQUEST, 0, REQUEST.length, reply);
    reply[7] = 0x71;
    assert.equal(parseEchoReply(reply, 0, reply.length), undefined);
  });
});
