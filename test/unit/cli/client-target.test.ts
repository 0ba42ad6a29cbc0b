import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type ClientTarget, findTarget, type TargetSettings } from "../../../src/cli/client-target.ts";
import { formatInvite } from "../../../src/transport/invite.ts";
import { assertConfigFault } from "./config-fault.ts";

const TOKEN = "vpnws_one-use-s3cret";
const LASTING = "vpnws_lasting-s3cret";
const PIN = `sha256/${Buffer.alloc(32, 7).toString("base64")}`;
const OTHER_PIN = `sha256/${Buffer.alloc(32, 8).toString("base64")}`;
const URL = "wss://vpn.example:8443/vpn";
const INVITE = formatInvite({ url: URL, pins: [PIN], token: TOKEN });
const GIVEN = { kind: "credential", token: LASTING, user: "alice" } as const;

let directory: string;
let stateDir: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vpn-ws-target-"));
  stateDir = join(directory, "state");
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  delete process.env.VPN_WS_TOKEN;
});

const find = (more: Partial<TargetSettings> = {}): ClientTarget =>
  findTarget({
    targets: [],
    inviteFile: undefined,
    authFile: undefined,
    tokenFile: undefined,
    pins: [],
    verify: true,
    dialects: ["v2", "v1"],
    stateDir,
    ...more,
  });

const tokenOf = ({ credentials }: ClientTarget): string | undefined =>
  credentials?.kind === "bearer" ? credentials.token : undefined;

function failsWith(code: string, more: Partial<TargetSettings>, message = /./): void {
  assertConfigFault(() => find(more), code, message);
}

describe("an invite", () => {
  test("brings address, pin and token, and asks for the dialect that can exchange it", () => {
    const {
      servers: [url],
      pins,
      credentials,
      dialects,
    } = find({ targets: [INVITE] });
    assert.deepEqual([url.display, pins, dialects], [URL, [PIN], ["v2"]]);
    assert.deepEqual(credentials, { kind: "bearer", token: TOKEN });
  });

  test("is as good from a file", () => {
    const inviteFile = join(directory, "invite");
    writeFileSync(inviteFile, `${INVITE}\n`);
    assert.equal(tokenOf(find({ inviteFile })), TOKEN);
    failsWith("TARGET_AMBIGUOUS", { inviteFile, targets: [URL] });
  });

  test("works again once it is used up, by what the server gave for it; so does no word at all", async () => {
    await find({ targets: [INVITE] }).keep?.(GIVEN);
    assert.equal(tokenOf(find({ targets: [INVITE] })), LASTING);
    const alone = find();
    assert.deepEqual(
      [alone.servers[0].display, alone.pins, tokenOf(alone), alone.dialects],
      [URL, [PIN], LASTING, ["v2"]],
    );
    await alone.keep?.({ ...GIVEN, token: "renewed-s3cret", expiresMs: 1_900_000_000_000 });
    assert.equal(tokenOf(find({ targets: [INVITE] })), "renewed-s3cret");
  });

  test("is kept so that nobody else can read it, and without the used-up token", async () => {
    await find({ targets: [INVITE] }).keep?.(GIVEN);
    const path = join(stateDir, "credentials.json");
    assert.equal(statSync(stateDir).mode & 0o777, 0o700);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.doesNotMatch(readFileSync(path, "utf8"), /one-use/);
    chmodSync(stateDir, 0o755);
    failsWith("STATE_DIR_OPEN", { targets: [INVITE] });
  });

  test("a later one for the same server takes the place of the first; for another server it stands beside it", async () => {
    await find({ targets: [INVITE] }).keep?.(GIVEN);
    const later = formatInvite({ url: URL, pins: [PIN], token: `${TOKEN}-2` });
    assert.equal(tokenOf(find({ targets: [later] })), `${TOKEN}-2`);
    await find({ targets: [later] }).keep?.({ ...GIVEN, token: "second-s3cret" });
    assert.equal(tokenOf(find()), "second-s3cret");
    assert.equal(tokenOf(find({ targets: [INVITE] })), TOKEN);
    const elsewhere = formatInvite({ url: "wss://two.example/", pins: [], token: TOKEN });
    await find({ targets: [elsewhere] }).keep?.(GIVEN);
    assert.equal(tokenOf(find({ targets: [later] })), "second-s3cret");
    failsWith("TARGET_AMBIGUOUS", {}, /wss:\/\/vpn\.example:8443\/vpn, wss:\/\/two\.example\//);
  });

  test("with the same token and another key or address is another invite", async () => {
    await find({ targets: [INVITE] }).keep?.(GIVEN);
    for (const more of [{ pins: [OTHER_PIN] }, { url: "wss://evil.example:8443/vpn" }, { pins: [] }]) {
      const target = formatInvite({ url: URL, pins: [PIN], token: TOKEN, ...more });
      assert.equal(tokenOf(find({ targets: [target] })), TOKEN);
    }
  });

  test("stands alone: what says another thing, or makes it unsafe, is refused", () => {
    const authFile = join(directory, "auth");
    writeFileSync(authFile, "alice:s3cret");
    const unpinned = formatInvite({ url: URL, pins: [], token: TOKEN });
    failsWith("INVITE_CONFLICT", { targets: [INVITE], authFile }, /--auth-file/);
    failsWith("INVITE_CONFLICT", { targets: [INVITE], pins: [PIN] }, /--pin/);
    failsWith("INVITE_CONFLICT", { targets: [INVITE], dialects: ["v1"] }, /--protocol/);
    failsWith("INVITE_CONFLICT", { targets: [unpinned], verify: false }, /--no-verify/);
    failsWith("INVITE_CONFLICT", { targets: [INVITE], stateDir: undefined }, /vpn-ws client/);
    failsWith("INVITE_INVALID", { targets: [INVITE.slice(0, -12)] });
    assert.equal(tokenOf(find({ targets: [INVITE], verify: false })), TOKEN);
  });
});

describe("a URL", () => {
  test("goes with what was found elsewhere, and touches no state", () => {
    const {
      servers: [url],
      pins,
      credentials,
      dialects,
      keep,
    } = find({ targets: ["wss://alice:pw@h/vpn"], pins: [PIN] });
    assert.deepEqual([url.display, pins, dialects, keep], ["wss://h/vpn", [PIN], ["v2", "v1"], undefined]);
    assert.deepEqual(credentials, { kind: "basic", user: "alice", password: "pw" });
    assert.equal(existsSync(stateDir), false);
  });

  test("with a one-use token keeps what is given for it", async () => {
    process.env.VPN_WS_TOKEN = TOKEN;
    const target = find({ targets: [URL] });
    assert.equal(existsSync(stateDir), false);
    assert.equal(tokenOf(target), TOKEN);
    await target.keep?.(GIVEN);
    assert.equal(tokenOf(find({ targets: [URL] })), LASTING);
  });

  test("may have others beside it, for all of which the rest is meant", async () => {
    const targets = ["wss://alice:pw@one.example/", "wss://two.example/vpn", "wss://alice:pw@two.example/"];
    const { servers, credentials } = find({ targets, pins: [PIN] });
    assert.deepEqual(
      servers.map(({ display }) => display),
      ["wss://one.example/", "wss://two.example/vpn", "wss://two.example/"],
    );
    assert.deepEqual(credentials, { kind: "basic", user: "alice", password: "pw" });
    failsWith("CREDENTIALS_AMBIGUOUS", { targets: ["wss://a:s3cret@one.example/", "wss://b:s3cret@two.example/"] });
    failsWith("PIN_WITHOUT_TLS", { targets: [URL, "ws://h/"], pins: [PIN] });
    for (const targets of [
      [URL, INVITE],
      ["-", URL],
    ])
      failsWith("TARGET_AMBIGUOUS", { targets }, /leave the other/);
    process.env.VPN_WS_TOKEN = TOKEN;
    await find({ targets: [URL, "wss://two.example/"] }).keep?.(GIVEN);
    assert.equal(tokenOf(find({ targets: [URL] })), LASTING);
  });

  test("without TLS has no key to pin, and a pin is one", () => {
    failsWith("PIN_WITHOUT_TLS", { targets: ["ws://h/"], pins: [PIN] });
    failsWith("PIN_INVALID", { targets: [URL], pins: ["sha256/abc"] });
  });
});

test("no word, and nothing kept, is asked for a URL or an invite", () => {
  failsWith("TARGET_MISSING", {}, /Try: vpn-ws client --help/);
  assert.equal(existsSync(stateDir), false);
});

test("a damaged file is named, and nothing of it shown", async () => {
  await find({ targets: [INVITE] }).keep?.(GIVEN);
  const path = join(stateDir, "credentials.json");
  for (const text of [readFileSync(path, "utf8").slice(0, -20), '{"version":2,"servers":["s3cret"]}', "s3cret"]) {
    writeFileSync(path, text);
    failsWith("CREDENTIALS_DAMAGED", { targets: [INVITE] }, /credentials\.json/);
  }
});
