/**
 * A live server under bad input of every kind: each gets its proper status or close code, and afterwards everybody else's
 * traffic passes as before, every descriptor is closed and the memory is where it was.
 */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { whyNoLab } from "../../lab/programs.ts";
import { waitFor } from "../../lab/wait.ts";
import { BAD_MESSAGES, masked, ping } from "./bad-messages.ts";
import { BAD_HTTP, BAD_TLS, BAD_UWSGI, type BadOpening } from "./bad-openings.ts";
import { LiveServer, WAYS, type Way } from "./live-server.ts";
import type { RawConnection } from "./raw-connection.ts";

/** How long an opening may take (LISTENER_DEFAULTS.handshakeTimeoutMs is 10 s), and what a busy machine adds. */
const HANDSHAKE_MS = 15_000;
/** Openings at a time (LISTENER_DEFAULTS.maxPending). */
const MAX_PENDING = 1024;
const CLIENT_HELLO_BEGINNING = Buffer.from("16030100ff010000fb0303", "hex");

describe("a live server", { skip: await whyNoLab("openssl") }, () => {
  let server: LiveServer;

  before(async () => {
    server = await LiveServer.start();
  });
  afterEach(() => server.assertUnharmed());
  after(() => server?.close());

  async function assertAnswers(openings: readonly BadOpening[], knock: () => Promise<RawConnection>): Promise<void> {
    for (const { title, bytes, ends, status } of openings) {
      const raw = (await knock()).send(bytes);
      if (ends) raw.end();
      assert.deepEqual([title, await raw.status()], [title, status]);
    }
  }

  for (const way of WAYS) {
    test(`answers every bad HTTP request on its ${way} listener with the right status`, async () => {
      await assertAnswers(BAD_HTTP, () => server.knock(way));
    });
  }

  test("answers every bad uwsgi packet with the right status", async () => {
    await assertAnswers(BAD_UWSGI, () => server.knock("unix"));
  });

  test("ends whatever comes before TLS and is none", async () => {
    await assertAnswers(BAD_TLS, async () => server.knockBeforeTls());
  });

  test("ends openings that never become whole", async () => {
    const beginnings: readonly (readonly [Way | "tls", Uint8Array | string, number | undefined])[] = [
      ["http", "", undefined],
      ["http", "GET / HTTP/1.1\r\nHost: v", 408],
      ["https", "GET / HTTP/1.1\r\nHost: v", 408],
      ["unix", Uint8Array.of(0, 200, 0, 0, 1, 0), 408],
      ["tls", "", undefined],
      ["tls", CLIENT_HELLO_BEGINNING, undefined],
    ];
    const answers = beginnings.map(async ([way, bytes]) => {
      const raw = way === "tls" ? server.knockBeforeTls() : await server.knock(way);
      return raw.send(bytes).status(HANDSHAKE_MS);
    });
    assert.deepEqual(
      await Promise.all(answers),
      beginnings.map(([, , status]) => status),
    );
  });

  test("keeps no more openings at a time than it has room for: the oldest make way, and others get in all the while", async () => {
    const silent: RawConnection[] = [];
    const before = server.descriptors;
    // In parts that the backlog of a listener holds.
    while (silent.length < MAX_PENDING) {
      silent.push(...(await Promise.all(Array.from({ length: 256 }, () => server.knock("unix")))));
      await waitFor("them all to be accepted", () => server.descriptors >= before + silent.length);
    }
    for (let i = 0; i < 10; i++) silent.push(await server.knock("unix"));
    for (const oldest of silent.slice(0, 10)) assert.equal(await oldest.status(), undefined);
    const raw = (await server.knock("unix")).send("GET /healthz HTTP/1.1\r\nHost: vpn\r\n\r\n");
    assert.equal(await raw.status(), 200);
    for (const raw of silent) raw.vanish();
  });

  for (const way of WAYS) {
    for (const dialect of ["v2", "v1"] as const) {
      test(`closes with the right code on every bad ${dialect} message on its ${way} listener`, async () => {
        for (const { title, bytes, code, dialect: only = dialect } of BAD_MESSAGES) {
          if (only !== dialect) continue;
          const raw = await (await server.knock(way)).upgrade(way === "unix", dialect);
          raw.send(bytes);
          if (code === undefined) {
            await raw.send(ping(title)).pong(title);
            raw.vanish();
          } else {
            assert.deepEqual([title, await raw.closeCode()], [title, code]);
          }
        }
      });
    }

    test(`lets go of clients that vanish in the middle of a message on its ${way} listener`, async () => {
      const message = masked(0x82, Buffer.alloc(60_000));
      const vanished = (): number => server.vpn.events("peer.left").filter(({ code }) => code === 1006).length;
      const before = vanished();
      for (const cut of [1, 3, 7, 100, 59_000]) {
        const raw = await (await server.knock(way)).upgrade(way === "unix", "v2");
        await raw.send(ping("here")).pong("here");
        raw.send(message.subarray(0, cut)).vanish();
      }
      // They have not said hello, so nobody is waited for.
      await server.vpn.child.waitUntil("five to have left", () => vanished() === before + 5);
    });

    test(`cuts off a flood of pings whose pongs nobody reads on its ${way} listener`, async () => {
      const raw = await (await server.knock(way)).upgrade(way === "unix", "v2");
      raw.listen(false);
      for (let i = 0; i < 1_000; i++) raw.send(ping("x".repeat(125)));
      raw.listen(true);
      assert.equal(await raw.closeCode(), 1008);
    });
  }
});
