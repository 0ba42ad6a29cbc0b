import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { stated, withConfigFile } from "../../../src/cli/client-settings.ts";
import { formatInvite } from "../../../src/transport/invite.ts";

const PIN = `sha256/${Buffer.alloc(32, 7).toString("base64")}`;
const FILE = `
servers: [wss://one.example/, wss://two.example/]
race: true
connections: 2
tap: vpn7
addresses: [10.9.0.2/24]
tls: { ca: ca.pem, pins: [${PIN}], verify: false }
auth_file: auth
protocol: v1
proxy: { url: "http://p", auth_file: login, ca: proxy.pem }
headers: { X-Door: a }
interface: eth7
log: { level: debug }
`;

describe("a client's flags beside a configuration file", () => {
  let directory: string;
  let path: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "vpn-ws-settings-"));
    path = join(directory, "client.yaml");
    writeFileSync(path, FILE);
  });
  after(() => rmSync(directory, { recursive: true }));

  test("leave all as the file says where they say nothing", () => {
    assert.deepEqual(withConfigFile(path, stated({ targets: [], tap: undefined })), {
      targets: ["wss://one.example/", "wss://two.example/"],
      race: true,
      connections: 2,
      tap: "vpn7",
      addresses: ["10.9.0.2/24"],
      ca: join(directory, "ca.pem"),
      pins: [PIN],
      verify: false,
      authFile: join(directory, "auth"),
      dialects: ["v1"],
      proxy: "http://p",
      proxyAuthFile: join(directory, "login"),
      proxyCa: join(directory, "proxy.pem"),
      headers: ["X-Door: a"],
      interfaceName: "eth7",
      logLevel: "debug",
    });
  });

  test("take the place of what the file says, lists as a whole", () => {
    const flags = { tap: "vpn1", headers: ["X: b"], verify: true, proxy: "none", connections: "auto" } as const;
    const settings = withConfigFile(path, flags);
    const { tap, headers, verify, proxy, connections, authFile } = settings;
    assert.deepEqual({ tap, headers, verify, proxy, connections }, flags);
    assert.equal(authFile, join(directory, "auth"));
  });

  test("that say where to go, or what to show, leave nothing of what the file says about that", () => {
    const other = withConfigFile(path, { targets: ["wss://three.example/"] });
    assert.deepEqual(
      [other.targets, other.authFile, other.pins],
      [["wss://three.example/"], join(directory, "auth"), [PIN]],
    );
    const shown = withConfigFile(path, { tokenFile: "/t" });
    assert.deepEqual([shown.tokenFile, shown.authFile], ["/t", undefined]);
    const invite = formatInvite({ url: "wss://four.example/", pins: [], token: "vpnws_one-use-token" });
    for (const invited of [{ targets: [invite] }, { targets: ["-"] }, { inviteFile: "/i" }]) {
      const settings = withConfigFile(path, invited);
      assert.deepEqual([settings.authFile, settings.pins], [undefined, []]);
      assert.deepEqual(settings.targets, invited.targets ?? []);
    }
  });
});
