import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { afterEach, describe, test } from "node:test";
import type { Ground } from "../../../src/doctor/step.ts";
import { formatResponse, type HeaderList } from "../../../src/wire/http.ts";
import { acceptOpening } from "../../../src/wire/opening.ts";
import { type Meddler, Practice } from "./practice.ts";

const OURS = "This is a VPN: it takes WebSocket connections only. If a web server is in front, let it pass on.";
const PLAIN: HeaderList = [["Content-Type", "text/plain"]];
const HTML: HeaderList = [["Content-Type", "text/html"]];

const page = (status: number, headers: HeaderList, body = ""): string =>
  Buffer.from(formatResponse(status, headers, body)).toString("latin1");

describe("the doctor", () => {
  const practice = new Practice();
  afterEach(() => practice.close());

  test("finds nothing wrong with a way that has nothing wrong", async () => {
    const port = await practice.server();
    const found = await practice.examine(`ws://127.0.0.1:${port}/`);
    assert.deepEqual(found.complaints, []);
    assert.deepEqual(found.course, [
      ...["name:good", "connect:good", "tls:good", "upgrade:good", "dialect:good", "welcome:good"],
      ...["sizes:good", "pieces:good", "round-trip:good", "load:good"],
    ]);
    assert.match(found.of("sizes").what, /frames up to 64 KiB pass, both ways/);
  });

  test("sends to nobody, and says goodbye", async () => {
    const port = await practice.server();
    const joined = practice.log.of("peer.joined").length;
    await practice.examine(`ws://127.0.0.1:${port}/`);
    assert.equal(practice.log.of("peer.joined").length, joined + 1);
    assert.equal(practice.log.of("peer.left").at(-1)?.fields.code, 1000);
    assert.deepEqual(practice.log.of("guard.dropped"), []);
  });

  describe("on the way to the server", () => {
    test("says that a name has no address", async () => {
      const found = await practice.examine("ws://nowhere.example/");
      assert.deepEqual(found.course, ["name:fault"]);
      assert.match(found.of("name").mend, /spelled right/);
    });

    test("says that DNS does not answer", async () => {
      const lookUp = async () => {
        throw Object.assign(new Error(), { code: "EAI_AGAIN" });
      };
      const found = await practice.examine("ws://vpn.example/", {}, { lookUp });
      assert.deepEqual(found.of("name").details.length, 2);
      assert.match(found.of("name").mend, /resolv\.conf/);
    });

    test("waits for DNS no longer than for anything else", async () => {
      const lookUp = () => new Promise<never>(() => {});
      const found = await practice.examine("ws://vpn.example/", { timeoutMs: 20 }, { lookUp });
      assert.deepEqual(found.course, ["name:fault"]);
    });

    test("says that nothing listens", async () => {
      const port = await practice.stand(() => {});
      await practice.close();
      const found = await practice.examine(`ws://127.0.0.1:${port}/`);
      assert.deepEqual(found.course, ["name:good", "connect:fault"]);
      assert.match(found.of("connect").what, /refused/);
    });

    test("says that one family of addresses does not open", async () => {
      const port = await practice.server();
      const lookUp = async (_: string, family: 4 | 6) => [{ address: family === 4 ? "127.0.0.1" : "::1", family }];
      const found = await practice.examine(`ws://both.example:${port}/`, {}, { lookUp });
      assert.deepEqual(found.complaints.slice(0, 1), ["connect:warning"]);
      assert.match(found.of("connect").what, /but not by IPv6/);
    });
  });

  describe("at the upgrade", () => {
    const answers: readonly [what: string, answer: string, words: RegExp, mend: RegExp][] = [
      [
        "nginx strips Upgrade",
        page(426, [["Server", "nginx/1.22"], ...PLAIN], OURS),
        /your proxy strips Upgrade/,
        /proxy_set_header Upgrade/,
      ],
      ["another proxy strips Upgrade", page(426, PLAIN, OURS), /strips Upgrade/, /drops the headers Upgrade/],
      [
        "there is a web page",
        page(200, HTML, "<html><title>Hi</title></html>"),
        /200 OK: a web page/,
        /No VPN is at that path/,
      ],
      ["there is nothing at the path", page(404, HTML, "<h1>404</h1>"), /404 Not Found/, /No VPN is at that path/],
      [
        "the port wants TLS",
        page(400, HTML, "<h1>The plain HTTP request was sent to HTTPS port</h1>"),
        /wants TLS/,
        /wss:/,
      ],
      [
        "credentials are needed",
        page(401, PLAIN, "Credentials are needed to join."),
        /401 Unauthorized/,
        /invite, --auth-file/,
      ],
      ["the policy forbids it", page(403, PLAIN, "You may not."), /403 Forbidden: You may not/, /operator/],
      [
        "there is no place",
        page(409, PLAIN, "You have as many sessions as you may have."),
        /as many sessions/,
        /sessions/,
      ],
      [
        "the server behind is down",
        page(502, [["Server", "nginx"], ...HTML], "<h1>Bad Gateway</h1>"),
        /502 Bad Gateway/,
        /does not answer/,
      ],
      ["the server is full", page(503, []), /503/, /full or being restarted/],
      ["the server behind is late", page(504, []), /504/, /in time/],
    ];
    for (const [what, answer, words, mend] of answers) {
      test(`says that ${what}`, async () => {
        const port = await practice.stand((socket) => void socket.once("data", () => socket.end(answer)));
        const found = await practice.examine(`ws://127.0.0.1:${port}/`);
        assert.deepEqual(found.complaints, ["upgrade:fault"]);
        assert.match(found.of("upgrade").what, words);
        assert.match(found.of("upgrade").mend, mend);
      });
    }

    test("says that nobody speaks HTTP there, that nobody answers, and that somebody hangs up", async () => {
      const ends: readonly [onSocket: (socket: Socket) => void, words: RegExp][] = [
        [(socket) => void socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n"), /no web server/],
        [() => {}, /no answer to the upgrade/],
        [(socket) => void socket.once("data", () => socket.destroy()), /hangs up/],
      ];
      for (const [onSocket, words] of ends) {
        const port = await practice.stand(onSocket);
        const found = await practice.examine(`ws://127.0.0.1:${port}/`, { timeoutMs: 100 });
        assert.match(found.of("upgrade").what, words);
      }
    });

    test("never shows a secret", async () => {
      const port = await practice.stand((socket) => void socket.once("data", () => socket.end(page(401, []))));
      const credentials = { kind: "basic", user: "alice", password: "s3cret" } as const;
      const found = await practice.examine(`ws://127.0.0.1:${port}/?token=s3cret`, { credentials });
      assert.doesNotMatch(JSON.stringify(found.all), /s3cret|YWxpY2U/);
    });
  });

  describe("inside", () => {
    /** Upgrades as the original does, or as a server of ours that says what it is told to. */
    const upgrading =
      (messages: readonly string[], forget: readonly string[] = []) =>
      (socket: Socket) =>
        void socket.once("data", (bytes: Buffer) => {
          const lines = bytes.toString("latin1").split("\r\n").slice(1);
          const headers = new Map(lines.map((line) => [line.split(": ")[0]?.toLowerCase(), line.split(": ")[1]]));
          const header = (name: string) => (forget.includes(name) ? undefined : headers.get(name));
          const opening = acceptOpening({ method: "GET", path: "/", query: "", header });
          if (opening.state !== "accepted") return void socket.destroy();
          socket.write(formatResponse(101, opening.headers));
          for (const text of messages)
            socket.write(Buffer.concat([Buffer.from([0x81, 126, 0, text.length]), Buffer.from(text)]));
        });
    const welcome = JSON.stringify({
      kind: "welcome",
      agent: "old/1",
      mtu: 1500,
      offloads: 0,
      maxMessageBytes: 2048,
    }).padEnd(126);

    test("says what the original's dialect costs, and measures nothing", async () => {
      const port = await practice.stand(upgrading([], ["sec-websocket-protocol"]));
      const found = await practice.examine(`ws://127.0.0.1:${port}/`, { idleMs: 20 });
      const skipped = ["sizes", "pieces", "round-trip", "load"].map((step) => `${step}:skipped`);
      assert.deepEqual(found.complaints, ["dialect:warning", ...skipped]);
      assert.match(found.of("dialect").mend, /Sec-WebSocket-Protocol/);
      assert.equal(found.of("idle").level, "good");
    });

    test("says that a server is too old for echo frames", async () => {
      const port = await practice.stand(upgrading([welcome]));
      const found = await practice.examine(`ws://127.0.0.1:${port}/`);
      assert.equal(found.of("welcome").level, "warning", "messages too small for super-frames");
      assert.match(found.of("load").what, /too old/);
    });

    test("says that nothing is passed on behind the opening", async () => {
      const port = await practice.stand(upgrading([]));
      const found = await practice.examine(`ws://127.0.0.1:${port}/`, { timeoutMs: 50 });
      assert.deepEqual(found.complaints, ["welcome:fault"]);
    });

    test("keeps what an invite is exchanged for, and says so if it cannot", async () => {
      const credential = JSON.stringify({ kind: "credential", token: "vpnws_given", user: "alice" }).padEnd(126);
      const kept: string[] = [];
      const port = await practice.stand(upgrading([welcome, credential]));
      const keepCredential = async ({ token }: { readonly token: string }) => void kept.push(token);
      await practice.examine(`ws://127.0.0.1:${port}/`, {}, { keepCredential });
      assert.deepEqual(kept, ["vpnws_given"]);
      const full = async () => {
        throw new Error("the disk is full");
      };
      const found = await practice.examine(`ws://127.0.0.1:${port}/`, {}, { keepCredential: full });
      const lost = found.all.find(({ what }) => what.includes("is lost"));
      assert.deepEqual([lost?.level, lost?.details], ["warning", ["the disk is full"]]);
    });

    const meddled = async (meddler: Meddler, options = {}, ground: Partial<Ground> = {}) => {
      const port = await practice.between(await practice.server(), meddler);
      return practice.examine(`ws://127.0.0.1:${port}/`, { echoTimeoutMs: 150, ...options }, ground);
    };

    test("finds the size from which on frames vanish", async () => {
      const found = await meddled({ up: (chunk) => (chunk.length > 1_400 ? undefined : chunk) });
      assert.deepEqual(found.complaints, ["sizes:fault"]);
      assert.match(found.of("sizes").what, /frames of 1280 bytes pass, of 1514 not, to the server/);
      assert.match(found.of("sizes").mend, /MTU/);
    });

    test("finds the size of message that a proxy cuts the connection for", async () => {
      const found = await meddled({ up: (chunk) => (chunk.length > 5_000 ? null : chunk) });
      assert.deepEqual(found.complaints, ["sizes:fault"]);
      assert.match(found.of("sizes").what, /of 4096 bytes pass, of 16384 not/);
      assert.match(found.of("sizes").mend, /limits the size/);
    });

    test("says that the connection does not stand a load", async () => {
      let isLoaded = false;
      let count = 0;
      const found = await meddled(
        { up: (chunk) => (isLoaded && count++ > 10 ? null : chunk) },
        { loadMs: 2_000 },
        // The load is what comes next.
        { report: ({ step }) => (isLoaded ||= step === "round-trip") },
      );
      assert.deepEqual(found.complaints, ["load:fault"]);
    });
  });

  describe("in silence", () => {
    const silent = async (meddler: Meddler, options = {}) => {
      const port = await practice.between(await practice.server(), meddler);
      return practice.examine(`ws://127.0.0.1:${port}/`, { idleMs: 600, loadMs: 50, pings: 1, ...options });
    };

    test("says that it does no harm", async () => {
      const found = await silent({});
      assert.deepEqual([found.of("idle").level, found.complaints], ["good", []]);
      assert.match(found.of("idle").what, /of silence do no harm/);
    });

    test("says after how long it is cut", async () => {
      const { level, figures } = (await silent({ idleMs: 200 })).of("idle");
      assert.equal(level, "fault");
      assert.equal(figures.state, "cut");
      assert.ok(Number(figures.silentMs) >= 190 && Number(figures.silentMs) < 600, String(figures.silentMs));
    });

    test("says that a connection was forgotten by somebody who tells nobody", async () => {
      const { what, figures } = (await silent({ forgetMs: 200 }, { timeoutMs: 300 })).of("idle");
      assert.equal(figures.state, "dead");
      assert.match(what, /nothing gets through/);
    });

    test("waits for the first connection to leave where there is no place for a second", async () => {
      const refusal = page(409, PLAIN, "You have as many sessions as you may have.");
      const found = await silent({ answer: (_, nth) => (nth === 2 ? refusal : undefined) });
      assert.equal(found.of("idle").level, "good");
    });

    test("is left out where there is never a second place", async () => {
      const refusal = page(409, PLAIN, "You have as many sessions as you may have.");
      const found = await silent({ answer: (_, nth) => (nth >= 2 ? refusal : undefined) });
      assert.deepEqual(found.complaints, ["idle:skipped"]);
    });
  });
});
