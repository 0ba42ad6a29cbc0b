/** Strangers who want a server's connections, memory and time before anyone knows who they are. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { whyNoLab } from "../../../lab/programs.ts";
import { waitFor } from "../../../lab/wait.ts";
import { encodeUwsgi } from "../../../src/wire/uwsgi.ts";
import { base64 } from "./crowd.ts";
import { FloodSite } from "./flood-site.ts";

/**
 * By which all of it together may make the server grow: a thousand TLS handshakes are most of it, and what the engine has
 * not collected yet. Up to 193 were seen.
 */
const GROWTH_MEBIBYTES = 256;
/** LISTENER_DEFAULTS.maxPending, and LISTENER_DEFAULTS.maxPendingPerAddress. */
const MAX_PENDING = 1024;
const MAX_PENDING_PER_ADDRESS = 64;
/** Slow ones at a time, and so many addresses that no limit per address helps. */
const SLOW = 600;
const ADDRESSES = 200;
const DRIBBLE_MS = 50;
const HALF_OPEN = 10_000;
/** Connections that a listener accepts before the ones it closed are gone. */
const ACCEPTED_AT_ONCE = 200;
const BOMBS = 50;
const BOMBS_AT_A_TIME = 8;

const REQUEST = "GET / HTTP/1.1\r\nHost: vpn\r\n";
const UPGRADE = `${REQUEST}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
/** A record that announces 255 bytes of ClientHello, of which few have come. */
const HALF_A_HELLO = Buffer.from("16030100ff010000fb0303", "hex");
/** A uwsgi packet that announces 65,535 bytes; then variables of no length at all could follow. */
const UWSGI_BEGINNING = Uint8Array.of(0, 0xff, 0xff, 0, 1, 0);

describe("a server before anyone is known", { skip: await whyNoLab("ping", "openssl") }, () => {
  let site: FloodSite;

  before(async () => {
    site = await FloodSite.open();
  });
  after(() => site?.close());

  const slow = [
    { what: "headers", door: "http", opening: "GET / HTTP/1.1\r\nHost: vpn\r\n", more: "X-a: b\r\n", reason: "late" },
    { what: "a ClientHello", door: "https", opening: HALF_A_HELLO, more: Uint8Array.of(0), reason: "tls-failed" },
    { what: "a uwsgi packet", door: "uwsgi", opening: UWSGI_BEGINNING, more: Uint8Array.of(65), reason: "late" },
  ] as const;
  for (const { what, door, opening, more, reason } of slow) {
    test(`slow senders of ${what} are cut off in time, and keep nobody out`, async () => {
      const dribble = { bytes: base64(more), everyMs: DRIBBLE_MS };
      const plan = { door, from: ADDRESSES, atATime: SLOW, opening: base64(opening), more: dribble };
      await site.withstandsCrowd(plan, GROWTH_MEBIBYTES, async (crowd) => {
        const { answers } = await crowd.until("all to be cut off", ({ ended }) => ended >= SLOW);
        assert.deepEqual(Object.keys(answers), [reason === "late" ? "408" : "none"]);
      });
      assert.ok(site.refusals(reason) >= SLOW);
    });
  }

  for (const { door, what, opening } of [
    { door: "http", what: "that say nothing", opening: "" },
    { door: "https", what: "with half a ClientHello", opening: HALF_A_HELLO },
  ] as const) {
    test(`10,000 half-open connections ${what}, from 200 addresses, crowd out each other`, async () => {
      const descriptors = site.descriptors;
      let most = 0;
      const plan = { door, from: ADDRESSES, atATime: HALF_OPEN, opening: base64(opening) };
      await site.withstandsCrowd(plan, GROWTH_MEBIBYTES, async (crowd) => {
        await crowd.until("all of them", ({ connected }) => {
          most = Math.max(most, site.descriptors - descriptors);
          return connected >= HALF_OPEN && site.refusals("crowded-out") >= HALF_OPEN - MAX_PENDING;
        });
      });
      // One that was crowded out and one that is accepted may be there in the same moment; so may the newcomer.
      assert.ok(most <= MAX_PENDING + ACCEPTED_AT_ONCE, `${most} at a time`);
    });
  }

  for (const from of [1, "a /64"] as const) {
    const who = from === 1 ? "one address" : "many addresses of one IPv6 network";
    test(`10,000 half-open connections from ${who} have ${MAX_PENDING_PER_ADDRESS} places`, async () => {
      const descriptors = site.descriptors;
      let most = 0;
      const plan = { door: "http", from, atATime: HALF_OPEN, opening: "" } as const;
      await site.withstandsCrowd(plan, GROWTH_MEBIBYTES, async (crowd) => {
        await crowd.until("all of them", ({ connected }) => {
          most = Math.max(most, site.descriptors - descriptors);
          return connected >= HALF_OPEN && site.refusals("too-many-from-address") >= HALF_OPEN - MAX_PENDING;
        });
      });
      assert.ok(most <= MAX_PENDING_PER_ADDRESS + ACCEPTED_AT_ONCE, `${most} at a time`);
      assert.equal(site.refusals("crowded-out"), 0);
    });
  }

  const bombs = [
    {
      what: "thousands of headers",
      door: "http",
      opening: `${REQUEST}${"X-a: b\r\n".repeat(5_000)}\r\n`,
      status: "431",
    },
    {
      what: "one header without an end",
      door: "http",
      opening: `${REQUEST}X-a: `,
      more: "x".repeat(65_536),
      status: "431",
    },
    { what: "headers without an end", door: "http", opening: REQUEST, more: "X-a: b\r\n".repeat(8_192), status: "431" },
    { what: "a target without an end", door: "http", opening: "GET /", more: "x".repeat(65_536), status: "414" },
    { what: "thousands of tiny variables", door: "uwsgi", opening: tinyVariables(), status: "400" },
    { what: "variables longer than their packet", door: "uwsgi", opening: lyingVariables(), status: "400" },
  ] as const;
  for (const { what, door, opening, status, ...rest } of bombs) {
    test(`bombs of ${what} are answered with ${status}`, async () => {
      const more = "more" in rest ? { more: { bytes: base64(rest.more), everyMs: 0 } } : {};
      const plan = { door, from: ADDRESSES, atATime: BOMBS_AT_A_TIME, opening: base64(opening), ...more };
      await site.withstandsCrowd(plan, GROWTH_MEBIBYTES, async (crowd) => {
        const { answers } = await crowd.until("the answers", (report) => (report.answers[status] ?? 0) >= BOMBS);
        assert.deepEqual(Object.keys(answers), [status]);
      });
      assert.ok(site.refusals("malformed") >= BOMBS);
    });
  }

  test("garbage in place of TLS records ends the connection", async () => {
    const garbage = Buffer.concat([Buffer.from("16030100ff", "hex"), Buffer.alloc(4_096, 0xa5)]);
    const plan = { door: "https", from: ADDRESSES, atATime: 100, opening: base64(garbage) } as const;
    await site.withstandsCrowd(plan, GROWTH_MEBIBYTES, async (crowd) => {
      await crowd.until("all to be cut off", ({ ended }) => ended >= 500);
    });
    assert.ok(site.refusals("tls-failed") >= 500);
  });

  test("nobody has the server negotiate TLS twice on one connection", async () => {
    await site.withstands(GROWTH_MEBIBYTES, async () => {
      for (let attempt = 0; attempt < 20; attempt++) {
        const secure = connectTls({
          socket: site.gate.knock(site.destination("https")),
          rejectUnauthorized: false,
          maxVersion: "TLSv1.2",
        });
        await once(secure, "secureConnect");
        const error = await new Promise((resolve) => {
          secure.on("error", resolve);
          secure.renegotiate({ rejectUnauthorized: false }, resolve);
        });
        assert.match(String(error), /no renegotiation/i);
        secure.destroy();
      }
      await site.newcomerJoins();
    });
  });

  test("peers that join and go at once, as fast as they can, leave nothing behind", async () => {
    const plan = { door: "http", from: ADDRESSES, atATime: 64, opening: base64(UPGRADE), leaves: true } as const;
    await site.withstandsCrowd(plan, GROWTH_MEBIBYTES, async (crowd) => {
      await crowd.until("a thousand visits", ({ answers }) => (answers["101"] ?? 0) >= 1_000);
    });
    assert.ok(site.count("peer.joined") >= 1_000);
    // The log comes a moment after the descriptors are closed.
    const counts = (): string => `${site.count("peer.joined")} joined, ${site.count("peer.left")} left`;
    await waitFor("all to have left", () => site.count("peer.left") === site.count("peer.joined"), {
      evidence: counts,
    });
  });
});

/** A packet full of variables `a` and `b` in turns, each without a value. */
function tinyVariables(): Uint8Array {
  const variable = (index: number): readonly [string, string] => [index % 2 === 0 ? "a" : "b", ""];
  return encodeUwsgi(
    0,
    Array.from({ length: 13_000 }, (_, index) => variable(index)),
  );
}

/** A packet of four bytes, whose first key says it has 65,535. */
function lyingVariables(): Uint8Array {
  return Uint8Array.of(0, 4, 0, 0, 0xff, 0xff, 65, 66);
}
