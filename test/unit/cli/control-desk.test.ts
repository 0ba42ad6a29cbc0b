import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, lstatSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { AuthenticatorChain } from "../../../src/access/authenticator-chain.ts";
import { GuessLimiter } from "../../../src/access/guess-limiter.ts";
import { Policy } from "../../../src/access/policy.ts";
import { NO_SESSION_STORE } from "../../../src/access/session-store.ts";
import type { GateAccess } from "../../../src/api/gate.ts";
import { systemClock as clock } from "../../../src/base/clock.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import { ControlDesk, type ControlDeskOptions } from "../../../src/cli/control-desk.ts";
import { type ControlConfig, DEFAULT_SERVER_CONFIG } from "../../../src/config/server-config.ts";
import { parseListenAddress } from "../../../src/transport/listen-address.ts";
import { basic } from "../../asked.ts";
import { FakeControlModel } from "../../fake-control-model.ts";
import { askHttp } from "../../http-ask.ts";
import { PasswordTable } from "../../password-table.ts";
import { RecordingLog } from "../../recording-log.ts";

/** At one address. */
const MAX_REQUESTS = 256;

describe("the control desk", () => {
  const environment = process.env.RUNTIME_DIRECTORY;
  let folder: string;
  let log: RecordingLog;
  let desk: ControlDesk | undefined;
  let access: GateAccess;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "vpn-ws-desk-"));
    process.env.RUNTIME_DIRECTORY = join(folder, "run");
    log = new RecordingLog();
    const chain = new AuthenticatorChain({ clock, onFault: () => {} }, [new PasswordTable({ ada: "ada" })]);
    const policy = new Policy({ networks: [], defaults: {}, groups: [], users: [] });
    access = { chain, policy, trustedProxies: [], trustsHeaders: false, challenges: [] };
  });
  afterEach(async () => {
    await desk?.close();
    desk = undefined;
    rmSync(folder, { recursive: true });
    if (environment === undefined) delete process.env.RUNTIME_DIRECTORY;
    else process.env.RUNTIME_DIRECTORY = environment;
  });

  const local = (): string => join(folder, "run", `server-${process.pid}.sock`);

  async function open(
    control: Partial<ControlConfig> = {},
    more: Partial<ControlDeskOptions> = {},
  ): Promise<ControlDesk> {
    const limiter = new GuessLimiter(clock);
    const options = { control: { ...DEFAULT_SERVER_CONFIG.control, ...control }, owner: undefined, isQuiet: false };
    const deps = { clock, log, limiter, tls: undefined, sessionStore: NO_SESSION_STORE };
    desk = await ControlDesk.bind(deps, { ...options, ...more });
    return desk;
  }

  test("is at a socket of its owner, and leaves none behind", async () => {
    const opened = await open();
    assert.deepEqual(opened.addresses, [`unix:${local()}`]);
    assert.equal(statSync(local()).mode & 0o777, 0o600);
    opened.serve(new FakeControlModel(2), access);
    const { text } = await askHttp(`unix:${local()}`, { path: "/api/v1/session" });
    assert.deepEqual(JSON.parse(text).operator, { name: `local ${process.geteuid?.()}`, role: "admin" });
    assert.match(log.of("control.ready")[0]?.message ?? "", /server-\d+\.sock/);
    await opened.close();
    assert.equal(existsSync(local()), false);
  });

  test("does without that socket where there can be none, and says so unless nobody asked", async () => {
    writeFileSync(join(folder, "run"), "");
    assert.deepEqual((await open()).addresses, []);
    assert.match(log.of("control.no-socket")[0]?.message ?? "", /will not find this server/);
    assert.deepEqual((await open({}, { isQuiet: true })).addresses, []);
    assert.equal(log.of("control.no-socket").length, 1);
  });

  test("is nowhere where it was not asked for", async () => {
    assert.deepEqual((await open({ isLocal: false })).addresses, []);
    assert.equal(existsSync(local()), false);
  });

  test("takes all addresses or none", async () => {
    writeFileSync(join(folder, "taken"), "");
    const listen = ["http://127.0.0.1:0", `unix:${join(folder, "taken")}`].map(parseListenAddress);
    await assert.rejects(open({ listen }), (error: unknown) => error instanceof ConfigError);
    assert.equal(existsSync(local()), false);
  });

  test("lets in whom the configuration lists, from one moment to the next", async () => {
    const listen = [parseListenAddress("http://127.0.0.1:0")];
    const opened = await open({ listen, admins: ["ada"] });
    opened.serve(new FakeControlModel(2), access);
    const look = async (): Promise<number> =>
      (await askHttp(opened.addresses[1] ?? "", { path: "/api/v1/server", headers: basic("ada") })).status;
    assert.equal(await look(), 200);
    opened.use(DEFAULT_SERVER_CONFIG.control, access);
    assert.equal(await look(), 403);
  });

  test("hears operators, at each of its addresses, whoever fills one with requests that do not end", async () => {
    const listen = [parseListenAddress("http://127.0.0.1:0")];
    const opened = await open({ listen, admins: ["ada"] });
    opened.serve(new FakeControlModel(2), access);
    const { port } = new URL(opened.addresses[1] ?? "");
    const head = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    const strangers: Socket[] = [];
    for (let count = 0; count < 2 * MAX_REQUESTS; count++) {
      const localAddress = `127.0.0.${2 + (count % 64)}`;
      const stranger = connect({ port: Number(port), host: "127.0.0.1", localAddress });
      strangers.push(stranger.on("error", () => {}));
      stranger.write(`${head}Content-Length: 9\r\n\r\n`);
      await once(stranger, "connect");
    }
    for (const address of opened.addresses) {
      const { status } = await askHttp(address, { path: "/api/v1/server", headers: basic("ada") });
      assert.equal(status, 200, address);
    }
    for (const stranger of strangers) stranger.destroy();
  });

  test("gives its owner its sockets, and no file that a link names in their place", async () => {
    const precious = join(folder, "precious");
    writeFileSync(precious, "");
    const address = parseListenAddress(`unix:${join(folder, "control.sock")}`);
    const before = process.umask;
    // What whoever may write in the folder does between the two steps.
    process.umask = ((mask?: number) => {
      const result = mask === undefined ? before() : before(mask);
      const path = join(folder, "control.sock");
      if (mask !== undefined && mask !== 0o177 && existsSync(path) && !existsSync(`${path}.away`)) {
        renameSync(path, `${path}.away`);
        symlinkSync(precious, path);
      }
      return result;
    }) as typeof process.umask;
    try {
      await open({ isLocal: false, listen: [address] }, { owner: 65_534 });
    } finally {
      process.umask = before;
    }
    assert.equal(statSync(precious).uid, process.geteuid?.());
    assert.equal(lstatSync(join(folder, "control.sock")).uid, 65_534);
  });
});
