/** Strangers who take every file descriptor a server may have. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { whyNoLab } from "../../../lab/programs.ts";
import { type CrowdPlan, FloodSite } from "./flood-site.ts";

const DESCRIPTORS = 256;
/** What the server keeps for everything that is no connection (src/cli/descriptor-limit.ts). */
const RESERVED = 128;
const CONNECTIONS = DESCRIPTORS - RESERVED;
const GROWTH_MEBIBYTES = 96;

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
    assert.ok(most <= CONNECTIONS, `${most} at a time`);
    assert.equal(site.refusals("accept-failed"), 0);
  });

  test("goes on without a single descriptor left, and accepts again as soon as there is one", async () => {
    await site.withstands(GROWTH_MEBIBYTES, async () => {
      await site.limitDescriptors(site.descriptors);
      const crowd = site.gather({ ...CROWD, atATime: 20 });
      try {
        // libuv keeps a descriptor in reserve, with which it accepts them and closes them at once.
        const evidence = (): string =>
          `${site.descriptors} descriptors, ${site.refusals("accept-failed")} not accepted`;
        await crowd.until("connections to be cut off", ({ answers }) => (answers.none ?? 0) >= 500, { evidence });
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
