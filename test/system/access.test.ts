/** Every way in, from end to end: the operator's commands and files, a real client with a TAP, and pings through it. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { run } from "../../lab/child.ts";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { TAP } from "../../lab/network.ts";
import { type NginxLocation, startNginx } from "../../lab/nginx.ts";
import { runPing } from "../../lab/ping.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { type LogEvent, SERVER_BINARY, startClient, startVpn } from "../../lab/vpn.ts";
import { TestAuthority } from "../test-authority.ts";
import { Issuer } from "./attacks/gate-issuer.ts";
import { GateServer, makeDirectory, NETWORKS, SERVER_ADDRESS } from "./attacks/gate-server.ts";

const noLab = await whyNoLab("ping", "nginx", "openssl", "htpasswd");
const PORT = 8443;
const ADDRESS = ["--tap", TAP, "--address", "10.81.0.2/24"];
const PASSWORD = "correct horse: battery";
/** nginx takes a colon in a plain password for its end. */
const FRONT_PASSWORD = "let ter%";

describe("a server on the open Internet", { skip: noLab }, () => {
  let lab: Lab;
  let server: GateServer;
  let clientNamespace: Namespace;
  let issuer: Issuer;
  let authority: TestAuthority;
  let file: (name: string) => string;
  let host: string;
  let url: string;
  let pin: string;

  before(async () => {
    lab = await Lab.open();
    const serverNamespace = await lab.namespace("server");
    clientNamespace = await lab.namespace("client");
    host = (await lab.link(clientNamespace, serverNamespace)).ipv4[1];
    url = `wss://${host}:${PORT}/`;
    const directory = makeDirectory(lab);
    file = (name) => join(directory, name);
    issuer = await Issuer.make("https://id.example", file("keys.json"));
    authority = await TestAuthority.make("clients");
    writeFileSync(file("clients.crt"), authority.certificate);
    writeFileSync(file("htpasswd"), await passwordLines(), { mode: 0o600 });
    server = await GateServer.start(lab, serverNamespace, directory, {
      listen: [`https://0.0.0.0:${PORT}`, "http://127.0.0.1:8080", `unix:${file("vpn.sock")}`],
      tls: { client_ca: "clients.crt" },
      trusted_proxies: ["127.0.0.1"],
      authentication: [
        { kind: "web-server" },
        { kind: "certificate" },
        { kind: "tokens" },
        { kind: "jwt", issuer: issuer.name, audience: "vpn", jwks: "keys.json" },
        { kind: "htpasswd", file: "htpasswd" },
      ],
      networks: NETWORKS,
      users: { ivan: { addresses: ["10.81.0.20"] } },
    });
    const [own] = server.vpn.events("tls.own-certificate");
    pin = String(own?.pin);
  });
  after(() => lab?.close());

  /** One line for each way in which a password may stand there, as common programs write them. */
  async function passwordLines(): Promise<string> {
    const lines = await Promise.all([
      run(["htpasswd", "-nbB", "bcrypt", PASSWORD]),
      run(["htpasswd", "-nbm", "apr1", PASSWORD]),
      run(["htpasswd", "-nbs", "sha", PASSWORD]),
    ]);
    const { stdout } = await run(["openssl", "passwd", "-apr1", PASSWORD]);
    return [...lines.map((line) => line.stdout.trim()), `openssl:${stdout.trim()}`, ""].join("\n");
  }

  function secretFile(name: string, text: string): string {
    writeFileSync(file(name), `${text}\n`, { mode: 0o600 });
    return file(name);
  }

  /** A client with these flags comes in as this user, and its frames cross both ways. */
  async function assertJoins(user: string, method: string, flags: readonly string[]): Promise<LogEvent> {
    const client = await startClient(clientNamespace, flags);
    const joined = await server.joined(user, method);
    assert.equal(joined.network, "office");
    assert.equal((await runPing(clientNamespace, { address: SERVER_ADDRESS, count: 5 })).received, 5);
    await client.stop();
    return joined;
  }

  /** Runs a client until it says all of this; the server has seen no request of it. */
  async function assertStaysAway(flags: readonly string[], ...texts: readonly string[]): Promise<void> {
    const decisions = (): number =>
      server.vpn.events("access.refused").length + server.vpn.events("peer.joined").length;
    const decided = decisions();
    const { child } = startVpn(clientNamespace, ["client", ...flags]);
    await child.waitUntil(texts.join(" … "), () => texts.every((text) => child.stderr.includes(text)));
    await child.stop();
    assert.equal(decisions(), decided);
  }

  for (const user of ["bcrypt", "apr1", "sha", "openssl"]) {
    test(`lets in the user of a line with ${user} in an htpasswd file`, async () => {
      const authFile = secretFile("auth", `${user}:${PASSWORD}`);
      await assertJoins(user, "htpasswd", ["--auth-file", authFile, "--pin", pin, ...ADDRESS, url]);
    });
  }

  test("lets in who was given a password by vpn-ws passwd a moment ago", async () => {
    const command = `printf '%s\\n' "$0" | "$@"`;
    const words = [PASSWORD, process.execPath, SERVER_BINARY, "passwd", file("htpasswd"), "ann"];
    await run(["sh", "-c", command, ...words]);
    await server.vpn.waitForEvent("access.reloaded");
    const environment = { VPN_WS_AUTH: `ann:${PASSWORD}` };
    const client = await startClient(clientNamespace, ["--pin", pin, ...ADDRESS, url], { environment });
    await server.joined("ann", "htpasswd");
    await client.stop();
  });

  test("lets in who has a token", async () => {
    const tokenFile = secretFile("token", await server.token("tom"));
    await assertJoins("tom", "token", ["--token-file", tokenFile, "--pin", pin, ...ADDRESS, url]);
  });

  test("lets in who has a token of the issuer, in the groups that it names", async () => {
    const token = await issuer.sign({ ...issuer.claims("jane"), groups: ["staff", "admins"] });
    const flags = ["--token-file", secretFile("jwt", token), "--pin", pin, ...ADDRESS, url];
    assert.equal((await assertJoins("jane", "jwt", flags)).groups, "staff admins");
  });

  test("lets in who has a certificate of its CA", async () => {
    const { certificate, key } = await authority.issue("carol");
    const flags = ["--crt", secretFile("carol.crt", certificate), "--key", secretFile("carol.key", key)];
    await assertJoins("carol", "certificate", [...flags, "--pin", pin, ...ADDRESS, url]);
  });

  test("lets in who has an invite and nothing else, also at the next start although it is used up", async () => {
    const invite = await server.operate("invite", "ivan", "--url", url);
    const stateDir = file("client-state");
    mkdirSync(stateDir, { mode: 0o700 });
    for (const start of ["first", "second"]) {
      const joined = await assertInvited(["--state-dir", stateDir, invite]);
      assert.equal(joined.user, "ivan", start);
    }
    const tokens = JSON.parse(await server.operate("token", "list", "--json")) as Record<string, unknown>[];
    const ofIvan = tokens.filter(({ user }) => user === "ivan").map(({ kind, state }) => `${kind} ${state}`);
    assert.deepEqual(ofIvan.sort(), ["credential good", "invite used-up"]);
    const stranger = ["--state-dir", file("strangers-state"), invite];
    const { child } = startVpn(clientNamespace, ["client", ...stranger]);
    await child.waitUntil("a refusal", () => child.stderr.includes("expired, revoked or used up"));
    await child.stop();
  });

  /** Its address is the server's to give. */
  async function assertInvited(flags: readonly string[]): Promise<LogEvent> {
    const count = server.vpn.events("peer.joined").length;
    const client = await startClient(clientNamespace, flags);
    const joined = await server.vpn.waitForEvent("peer.joined", count + 1);
    await client.child.waitUntil("the address", async () =>
      (await clientNamespace.ip("-o", "address", "show")).includes("10.81.0.20/24"),
    );
    assert.equal((await runPing(clientNamespace, { address: SERVER_ADDRESS, count: 5 })).received, 5);
    await client.stop();
    return joined;
  }

  for (const location of ["uwsgi-unix", "proxy"] as const satisfies readonly NginxLocation[]) {
    test(`takes nginx's word for whom it let in, by ${location}.conf`, async () => {
      writeFileSync(file("nginx-users"), `nina:{PLAIN}${FRONT_PASSWORD}\n`);
      const nginx = await startNginx(lab, server.namespace, {
        location,
        unixSocket: file("vpn.sock"),
        serverLines: [`auth_basic vpn; auth_basic_user_file ${file("nginx-users")};`],
      });
      const authFile = secretFile("auth", `nina:${FRONT_PASSWORD}`);
      const joined = await assertJoins("nina", "web-server", ["--auth-file", authFile, ...ADDRESS, `ws://${host}/vpn`]);
      assert.equal(joined.address, "10.77.0.1");
      await nginx.child.stop();
    });
  }

  test("is known by the pin of the certificate it made: with another one nothing is sent to it", async () => {
    const tokenFile = secretFile("token", await server.token("tom"));
    const other = `sha256/${Buffer.alloc(32, 7).toString("base64")}`;
    const flags = ["--token-file", tokenFile, "--pin", other, url];
    await assertStaysAway(flags, "has another key than the one pinned", `seen ${pin}`, "Nothing was sent.");
  });

  test("is not trusted without its pin", async () => {
    const tokenFile = secretFile("token", await server.token("tom"));
    const flags = ["--token-file", tokenFile, url];
    await assertStaysAway(flags, `does not trust the certificate of ${url}`, "give its pin with --pin");
  });
});
