/** Peers that were let in and want more of the server than frames: memory, time, and everybody else's buffers. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { whyNoLab } from "../../../lab/programs.ts";
import { masked, ping } from "../bad-messages.ts";
import { MEBIBYTE } from "../transfer.ts";
import { base64, EACH_MAC } from "./crowd.ts";
import { type CrowdPlan, FloodSite } from "./flood-site.ts";

const UPGRADE =
  "GET / HTTP/1.1\r\nHost: vpn\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: vpn-ws.v2\r\n";
/** Of a peer that gets frames from the start, because its MAC address is known. */
const NAMED = `${UPGRADE}X-vpn-ws-MAC: ${EACH_MAC}\r\n\r\n`;
const BINARY = 2;
const CONTINUATION = 0;
const FIN = 0x80;
const TEXT = 1;
const PONG = 10;

const AT_A_TIME = 50;
const CLOSES = 200;
/** Their queues, 4 MiB each, could hold more than all egress buffers together, which are 256 MiB. */
const DEAF = 120;
const FULL_BYTES = 200 * MEBIBYTE;

/** The beginning of a message of 2^63 bytes, and of one of 60,000. */
const ENDLESS = Buffer.from([FIN | BINARY, 0xff, 0x80, ...Buffer.alloc(7 + 4)]);
const UNFINISHED = masked(FIN | BINARY, Buffer.alloc(60_000)).subarray(0, 2_000);

function repeated(count: number, ...messages: readonly Buffer[]): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => messages).flat());
}

describe("a server and peers that flood it", { skip: await whyNoLab("ping", "openssl") }, () => {
  let site: FloodSite;

  before(async () => {
    site = await FloodSite.open();
  });
  after(() => site?.close());

  const crowdOf = (first: Uint8Array, more?: Uint8Array): CrowdPlan => ({
    door: "http",
    from: 20,
    atATime: AT_A_TIME,
    opening: base64(Buffer.concat([Buffer.from(`${UPGRADE}\r\n`), first])),
    ...(more === undefined ? {} : { more: { bytes: base64(more), everyMs: 0 } }),
  });

  const empty = masked(CONTINUATION, "");
  const beginning = masked(BINARY, "x");
  const floods = [
    { what: "messages of 2^63 bytes", first: ENDLESS, more: Buffer.alloc(65_536), code: "1002" },
    {
      what: "fragments without an end",
      first: beginning,
      more: repeated(500, masked(CONTINUATION, "x")),
      code: "1008",
    },
    { what: "empty fragments without an end", first: beginning, more: repeated(500, empty), code: "1008" },
    {
      what: "messages in 200 fragments each",
      first: Buffer.alloc(0),
      more: Buffer.concat([beginning, repeated(200, empty), masked(FIN, "x")]),
      code: "1008",
    },
    { what: "pings", first: Buffer.alloc(0), more: repeated(500, ping("x")), code: "1008" },
    { what: "pongs", first: Buffer.alloc(0), more: repeated(500, masked(FIN | PONG, "x")), code: "1008" },
    {
      what: "control messages",
      first: Buffer.alloc(0),
      more: repeated(500, masked(FIN | TEXT, '{"kind":"later"}')),
      code: "1008",
    },
  ];
  for (const { what, first, more, code } of floods) {
    test(`floods of ${what} end with ${code}`, async () => {
      await site.withstandsCrowd(crowdOf(first, more), 128, async (crowd) => {
        const { closeCodes } = await crowd.until("the ends", (report) => (report.closeCodes[code] ?? 0) >= CLOSES);
        assert.deepEqual(Object.keys(closeCodes), [code]);
      });
      assert.ok(site.count("peer.left", Number(code)) >= CLOSES);
    });
  }

  test("thousands of messages that are never finished take nothing away from those that are", async () => {
    const plan = { ...crowdOf(UNFINISHED), from: 20, atATime: 2_500 };
    await site.withstandsCrowd(plan, 256, async (crowd) => {
      await crowd.until("them all", ({ answers }) => (answers["101"] ?? 0) >= 2_500);
      await site.newcomerJoins();
      await site.bystanderTransfers(8 * MEBIBYTE);
    });
  });

  test("peers that read nothing of what they are sent take no buffers away from those who read", async () => {
    const plan = { ...crowdOf(Buffer.alloc(0)), opening: base64(NAMED), atATime: DEAF, isDeaf: true };
    await site.withstandsCrowd(plan, 448, async (crowd) => {
      await crowd.until("them all", async () => (await site.peersHere()) > DEAF);
      const talker = site.gather({ ...crowdOf(Buffer.alloc(0), masked(FIN | BINARY, broadcastFrame())), atATime: 1 });
      const evidence = (): string => `grew by ${site.growthBytes} bytes`;
      await talker.until("their queues to fill", () => site.growthBytes >= FULL_BYTES, { evidence });
      await site.newcomerJoins();
      await site.bystanderTransfers(8 * MEBIBYTE);
      await talker.stop();
    });
  });
});

/** To all, from nobody, of a protocol for experiments (IEEE 802), with the virtio-net header of a v2 peer: nothing to do. */
function broadcastFrame(): Buffer {
  const frame = Buffer.alloc(10 + 1_514);
  frame.write("ffffffffffff02000000000188b5", 10, "hex");
  return frame;
}
