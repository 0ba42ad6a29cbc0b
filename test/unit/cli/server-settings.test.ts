import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ConfigError } from "../../../src/base/errors.ts";
import {
  areProxiesListed,
  exposedListeners,
  isOpen,
  parseAuth,
  type ServerSettings,
  serverConfigOf,
} from "../../../src/cli/server-settings.ts";
import { GUARD_DEFAULTS } from "../../../src/guard/guard-options.ts";
import { parseListenAddress } from "../../../src/transport/listen-address.ts";
import { formatIpPrefix, parseIpPrefix } from "../../../src/wire/ip-prefix.ts";

const PLAIN: ServerSettings = {
  config: undefined,
  listen: [parseListenAddress("unix:/run/vpn.sock")],
  stateDir: undefined,
  tlsCert: undefined,
  tlsKey: undefined,
  tap: undefined,
  addresses: [],
  mtu: undefined,
  congestion: undefined,
  bridge: false,
  exec: undefined,
  broadcast: true,
  multicast: true,
  uid: undefined,
  gid: undefined,
  auth: [],
  trustedProxies: [],
  socketUsers: [],
  allowAnonymous: false,
  allowBridge: false,
  isLegacy: false,
  control: [],
  controlPath: undefined,
  admins: [],
  logFormat: "pretty",
  logLevel: "info",
};
const EVERYWHERE = [parseListenAddress("https://0.0.0.0:443")];
const refused = (settings: Partial<ServerSettings>, code: string): void => {
  assert.throws(
    () => serverConfigOf({ ...PLAIN, ...settings }),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      return error.code === code;
    },
  );
};

describe("what a server's command line means", () => {
  let directory: string;
  let file: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "vpn-ws-settings-"));
    file = join(directory, "server.yaml");
    writeFileSync(
      file,
      "listen: [unix:/run/file.sock]\nauthentication: [{ kind: tokens }]\nusers: { alice: { bridge: true } }\n",
    );
  });
  after(() => rmSync(directory, { recursive: true }));

  test("operators come to a socket of this machine, to what flags add, and not to the socket if they say none", () => {
    const local = serverConfigOf(PLAIN).control;
    assert.deepEqual([local.isLocal, local.listen, local.path, local.admins], [true, [], undefined, []]);
    const url = parseListenAddress("http://127.0.0.1:8081");
    const more = serverConfigOf({ ...PLAIN, control: [url], controlPath: "/admin", admins: ["ada"] }).control;
    assert.deepEqual([more.isLocal, more.listen, more.path, more.admins], [true, [url], "/admin", ["ada"]]);
    const none = serverConfigOf({ ...PLAIN, config: file, control: ["none", url] }).control;
    assert.deepEqual([none.isLocal, none.listen], [false, [url]]);
  });

  test("operators do not come to where clients of a network go", () => {
    const named = join(directory, "named.yaml");
    writeFileSync(named, "listen: [unix:/run/file.sock]\nnetworks: { office: }\n");
    refused({ config: named, controlPath: "/office" }, "CONTROL_PATH_TAKEN");
    serverConfigOf({ ...PLAIN, config: named, controlPath: "/offic" });
  });

  test("operators are not let in from elsewhere where nobody could log in", () => {
    refused({ control: EVERYWHERE }, "CONTROL_EXPOSED");
    refused({ control: EVERYWHERE, admins: ["ada"] }, "CONTROL_EXPOSED");
    refused({ control: EVERYWHERE, auth: [{ kind: "tokens" }] }, "CONTROL_EXPOSED");
    serverConfigOf({ ...PLAIN, control: EVERYWHERE, auth: [{ kind: "tokens" }], admins: ["ada"] });
  });

  test("who reaches a local listener is in, and web servers of this machine are believed", () => {
    const config = serverConfigOf(PLAIN);
    assert.equal(isOpen(config), true);
    assert.deepEqual(exposedListeners(config), []);
    assert.deepEqual(config.trustedProxies.map(formatIpPrefix), ["127.0.0.0/8", "::1/128"]);
    assert.equal(areProxiesListed(config), false);
    assert.ok(config.socketUsers.includes("www-data"));
    assert.equal(config.policy.defaults.bridge, false);
    assert.deepEqual(config.guard, GUARD_DEFAULTS);
  });

  test("with an authenticator nobody is in unasked, and nobody is believed who is not listed", () => {
    const config = serverConfigOf({ ...PLAIN, listen: EVERYWHERE, auth: [{ kind: "tokens" }] });
    assert.equal(isOpen(config), false);
    assert.deepEqual(exposedListeners(config), []);
    assert.deepEqual(config.trustedProxies, []);
  });

  test("without one, what strangers reach is told, asked for or not", () => {
    assert.deepEqual(exposedListeners(serverConfigOf({ ...PLAIN, listen: EVERYWHERE })), ["https://0.0.0.0:443"]);
    const asked = serverConfigOf({ ...PLAIN, listen: EVERYWHERE, auth: [{ kind: "tokens" }], allowAnonymous: true });
    assert.equal(isOpen(asked), true);
    assert.deepEqual(exposedListeners(asked), ["https://0.0.0.0:443"]);
  });

  test("the original's command line lets bridges in, with the routers and DHCP servers behind them", () => {
    const { policy, guard } = serverConfigOf({ ...PLAIN, isLegacy: true });
    assert.deepEqual([policy.defaults.bridge, policy.defaults.router, policy.defaults.dhcpServer], [true, true, true]);
    assert.deepEqual([guard?.rogueDhcp, guard?.macOwnership, guard?.arpSpoofing], [false, false, true]);
  });

  test("congestion control is the flag's or the file's, and not both", () => {
    const stated = join(directory, "congestion.yaml");
    writeFileSync(stated, "congestion: cubic\n");
    assert.equal(serverConfigOf({ ...PLAIN, congestion: "reno" }).congestion, "reno");
    assert.equal(serverConfigOf({ ...PLAIN, config: file, congestion: "reno" }).congestion, "reno");
    assert.equal(serverConfigOf({ ...PLAIN, config: stated }).congestion, "cubic");
    refused({ config: stated, congestion: "cubic" }, "FLAG_AND_FILE");
  });

  test("a file says it all, but for where to listen and keep state", () => {
    const config = serverConfigOf({ ...PLAIN, config: file, stateDir: "/elsewhere" });
    assert.deepEqual(config.listen, PLAIN.listen);
    assert.equal(config.stateDir, "/elsewhere");
    assert.deepEqual(
      config.policy.users.map(({ name }) => name),
      ["alice"],
    );
    assert.deepEqual(serverConfigOf({ ...PLAIN, listen: [], config: file }).listen, [
      parseListenAddress("unix:/run/file.sock"),
    ]);
  });

  test("a flag that the file would contradict is refused", () => {
    refused({ config: file, tap: "vpn0" }, "FLAG_AND_FILE");
    refused({ config: file, auth: [{ kind: "tokens" }] }, "FLAG_AND_FILE");
    refused({ config: file, allowBridge: true }, "FLAG_AND_FILE");
    const proxy = parseIpPrefix("10.0.0.0/8");
    refused({ config: file, trustedProxies: proxy === undefined ? [] : [proxy] }, "FLAG_AND_FILE");
  });

  test("nothing to listen on is refused", () => refused({ listen: [] }, "LISTEN_MISSING"));

  test("authenticators are named by --auth", () => {
    assert.deepEqual(parseAuth("tokens"), { kind: "tokens" });
    assert.deepEqual(parseAuth("htpasswd=/etc/a=b"), { kind: "htpasswd", file: "/etc/a=b" });
    assert.equal(parseAuth("web-server")?.kind, "web-server");
    for (const text of ["", "token", "htpasswd", "htpasswd=", "jwt"]) assert.equal(parseAuth(text), undefined);
  });
});
