/** Strangers who take every file descriptor a server may have. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { whyNoLab } from "../../../lab/programs.ts";
import { MEBIBYTE } from "../transfer.ts";
import { type CrowdPlan, FloodSite } from "./flood-site.ts";

const DESCRIPTORS = 256;
/** What the server keeps for everything that is no connection (src/cli/descriptor-limit.ts). */
const RESERVED = 128;
const CONNECTIONS = DESCRIPTORS - RESERVED;
/** Descriptors beside those of connections for a moment: who is being turned away, a file that is being read. */
const PASSING = 16;
const GROWTH_MEBIBYTES = 96;
/** Connections at a time for which there is no descriptor. */
const PRESSING = 20;

const CROWD: CrowdPlan = { door: "http", from: 200, atATime: 600, opening: "" };

describe("a server with few file descriptors", { skip: await whyNoLab("ping", "openssl") }, () => {
  let site: FloodSite;

  before(async () => {
    site = await FloodSite.open({ descriptors: DESCRIPTORS });
  });
  after(() => site?.close());

  test("takes fewer connections than it has descriptors for, and says so", async () => {
    const { limit, connections } = await site.server.waitForEvent("process.descriptors");
    assert.deepEqual([limit, connections], [DESCRIPTORS, CONNECTIONS]);
  });

  test("lets slow handshakes make way for each other, and has a place for whoever comes", async () => {
    const descriptors = site.descriptors;
    let most = 0;
    await site.withstandsCrowd(CROWD, GROWTH_MEBIBYTES, async (crowd) => {
      await crowd.until("the crowd to press", () => {
        most = Math.max(most, site.descriptors - descriptors);
        return site.refusals("crowded-out") >= 1_000;
      });
    });
    assert.ok(most <= CONNECTIONS + PASSING, `${most} at a time`);
    assert.equal(site.refusals("accept-failed"), 0);
  });

  test("goes on without a single descriptor left, and accepts again as soon as there is one", async () => {
    await site.withstands(GROWTH_MEBIBYTES, async () => {
      await site.limitDescriptors(site.descriptors);
      const crowd = site.gather({ ...CROWD, atATime: PRESSING });
      try {
        // libuv keeps a descriptor in reserve, with which it accepts them and closes them at once; if a file that is
        // just being read took that one, they wait in the kernel's backlog instead. Either way, nobody else notices.
        await crowd.until("more connections than descriptors", ({ connected }) => connected >= PRESSING);
        await site.bystanderTransfers(MEBIBYTE);
        assert.equal(site.count("peer.joined"), 0);
      } finally {
        await crowd.stop();
        await site.limitDescriptors(DESCRIPTORS);
      }
      await site.newcomerJoins();
    });
    assert.ok(site.server.events("listener.error").length <= 1, "one line a minute says enough");
  });
});
