/**
 * A configuration, and the files that it names, replaced under traffic: who stays loses no frame, who may not stay is cut
 * within a second, and what is wrong changes nothing.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { TAP } from "../../lab/network.ts";
import { runPing } from "../../lab/ping.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { startClient } from "../../lab/vpn.ts";
import { keyPin } from "../../src/transport/key-pin.ts";
import { TestAuthority } from "../test-authority.ts";
import { type Answer, bearer, closed } from "./attacks/gate.ts";
import { Bystander } from "./attacks/gate-bystander.ts";
import { type Configuration, GateServer, makeDirectory, NETWORKS, SERVER_ADDRESS } from "./attacks/gate-server.ts";

const noLab = await whyNoLab("ping");
const HTTP = { host: "127.0.0.1", port: 8080 } as const;
const HTTPS = { host: "127.0.0.1", port: 8443 } as const;
/** How soon a peer is gone that may not stay. */
const CUT_MS = 1_000;

const GOOD: Configuration = {
  listen: ["http://127.0.0.1:8080", "https://0.0.0.0:8443"],
  tls: { certificate: "server.crt", key: "server.key" },
  authentication: [{ kind: "tokens" }],
  networks: NETWORKS,
};

describe("a server whose configuration changes under traffic", { skip: noLab }, () => {
  let lab: Lab;
  let server: GateServer;
  let bystander: Bystander;
  let clientNamespace: Namespace;
  let authority: TestAuthority;
  let url: string;
  let file: (name: string) => string;
  let reloads = 0;
  let failures = 0;

  before(async () => {
    lab = await Lab.open();
    const namespaces = [await lab.namespace("server"), await lab.namespace("bystander")] as const;
    clientNamespace = await lab.namespace("client");
    const link = await lab.link(namespaces[1], namespaces[0]);
    url = `wss://${(await lab.link(clientNamespace, namespaces[0])).ipv4[1]}:${HTTPS.port}/`;
    const directory = makeDirectory(lab);
    file = (name) => join(directory, name);
    authority = await TestAuthority.make("servers");
    await putCertificate("first");
    server = await GateServer.start(lab, namespaces[0], directory, GOOD);
    bystander = await Bystander.start(server, namespaces[1], `wss://${link.ipv4[1]}:${HTTPS.port}/`, await pinFlags());
  });
  after(() => lab?.close());

  /** First the certificate, then the key: for a moment they do not belong together. */
  async function putCertificate(name: string): Promise<void> {
    const { certificate, key } = await authority.issue(name, { usage: "serverAuth" });
    writeFileSync(file("server.crt"), certificate);
    writeFileSync(file("server.key"), key, { mode: 0o600 });
  }

  const pinFlags = async (): Promise<string[]> => ["--pin", keyPin(await server.gate.certificate(HTTPS))];

  /** Puts a configuration in force; gives when it was written, Unix milliseconds. */
  async function reload(change: Configuration): Promise<number> {
    const writtenMs = Date.now();
    server.configure({ ...GOOD, ...change });
    await server.vpn.waitForEvent("config.reloaded", ++reloads);
    return writtenMs;
  }

  /** Puts one there that is no good; gives what the log says of it. */
  async function spoil(text: Configuration | string): Promise<string> {
    server.configure(text);
    const { msg } = await server.vpn.waitForEvent("config.reload-failed", ++failures);
    return String(msg);
  }

  async function letIn(user: string, path = "/"): Promise<Answer> {
    const answer = await server.gate.ask(HTTP, bearer(await server.token(user)), path);
    assert.equal(answer.status, 101);
    return answer;
  }

  test("cuts a user who may not join any more within a second, and nobody else", async () => {
    const [mallory, alice] = [await letIn("mallory"), await letIn("alice")];
    const peer = await server.joined("mallory", "token");
    const writtenMs = await reload({ users: { mallory: { deny: true } } });
    const lateMs = (await server.ended(peer, "denied")) - writtenMs;
    assert.ok(lateMs < CUT_MS, `cut after ${lateMs} ms`);
    await closed(mallory);
    const again = await server.gate.ask(HTTP, bearer(await server.token("mallory")));
    assert.equal(again.status, 403);
    await server.assertRefused({ reason: "denied", user: "mallory", status: 403 });
    assert.equal(alice.socket.destroyed, false);
    alice.socket.destroy();
    await bystander.goesOn();
  });

  test("holds who is connected to other rules from the next frame on", async () => {
    const tokenFile = file("erin.token");
    writeFileSync(tokenFile, await server.token("erin"), { mode: 0o600 });
    const flags = ["--tap", TAP, "--address", "10.81.0.3/24", "--token-file", tokenFile, ...(await pinFlags()), url];
    const erin = await startClient(clientNamespace, flags);
    const ping = async (): Promise<number> =>
      (await runPing(clientNamespace, { address: SERVER_ADDRESS, count: 5, deadlineSeconds: 1 })).received;
    assert.equal(await ping(), 5);
    await reload({ users: { erin: { acl: [{ action: "allow", protocol: "tcp" }] } } });
    assert.equal(await ping(), 0);
    await reload({});
    assert.equal(await ping(), 5);
    assert.equal(erin.events("client.connected").length, 1, "she was never cut");
    await erin.stop();
    await bystander.goesOn();
  });

  test("has another network at once, and cuts who is in one that goes", async () => {
    const both = { ...NETWORKS, lab: { path: "/lab" } };
    await reload({ networks: both, defaults: { networks: ["office", "lab"] } });
    const answer = await letIn("carol", "/lab");
    const peer = await server.joined("carol", "token");
    assert.equal(peer.network, "lab");
    const writtenMs = await reload({});
    const lateMs = (await server.ended(peer, "moved")) - writtenMs;
    assert.ok(lateMs < CUT_MS, `cut after ${lateMs} ms`);
    await closed(answer);
    await bystander.goesOn();
  });

  test("cuts whom a web server vouched for that is not trusted any more, and nobody else", async () => {
    const authentication = [{ kind: "web-server" }, { kind: "tokens" }];
    const alice = await letIn("alice");
    await reload({ authentication, trusted_proxies: ["127.0.0.1"] });
    const answer = await server.gate.ask(HTTP, { "X-Remote-User": "grace" });
    assert.equal(answer.status, 101);
    const peer = await server.joined("grace", "web-server");
    const writtenMs = await reload({ authentication, trusted_proxies: ["127.0.0.2"] });
    const lateMs = (await server.ended(peer, "not-a-trusted-proxy")) - writtenMs;
    assert.ok(lateMs < CUT_MS, `cut after ${lateMs} ms`);
    await closed(answer);
    assert.equal(alice.socket.destroyed, false, "her token was her own, and nobody vouched for her");
    alice.socket.destroy();
    await bystander.goesOn();
    await reload({});
  });

  test("cuts the sessions that are too many now", async () => {
    const answers = [await letIn("dave"), await letIn("dave"), await letIn("dave")];
    await reload({ users: { dave: { sessions: 1 } } });
    const isCut = () => server.vpn.events("access.ended").filter(({ reason }) => reason === "sessions").length === 2;
    await server.vpn.child.waitUntil("two to be cut", isCut);
    for (const answer of answers.slice(0, 2)) await closed(answer);
    assert.equal(answers[2]?.socket.destroyed, false, "the newest stays");
    answers[2]?.socket.destroy();
  });

  test("says line and column of what is wrong in the file, and goes on as before", async () => {
    const unknownKey = `${JSON.stringify(GOOD, undefined, 2).replace(/\n}$/, ",")}\n  "gaurd": null\n}\n`;
    assert.match(await spoil(unknownKey), /server\.yaml:\d+:3: gaurd: .*\n.*stays in force/s);
    assert.match(await spoil("listen: [\n  http://127.0.0.1:8080\nnetworks: {"), /server\.yaml:\d+:\d+: /);
    assert.match(
      await spoil({ ...GOOD, users: { alice: { up: "fast" } } }),
      /server\.yaml:\d+:\d+: users\.alice\.up: /,
    );
    assert.match(await spoil({ ...GOOD, authentication: [] }), /would let everybody in/);
    const missing = { ...GOOD, authentication: [{ kind: "htpasswd", file: "not-there" }] };
    assert.match(await spoil(missing), /cannot read .*not-there/);
    const answer = await letIn("alice");
    answer.socket.destroy();
    assert.equal((await server.gate.ask(HTTP)).status, 401);
    await server.assertRefused({ reason: "no-credentials", status: 401 });
    await bystander.goesOn();
    await reload({});
  });

  test("reads everything again at SIGHUP", async () => {
    server.vpn.child.kill("SIGHUP");
    await server.vpn.waitForEvent("config.reloaded", ++reloads);
    await bystander.goesOn();
  });

  test("shows a certificate that was replaced to newcomers; who is connected stays", async () => {
    const before = await server.gate.certificate(HTTPS);
    const alice = await server.gate.askSecurely(HTTPS, {}, bearer(await server.token("alice")));
    assert.equal(alice.status, 101);
    await putCertificate("second");
    await server.vpn.waitForEvent("tls.reloaded");
    const now = await server.gate.certificate(HTTPS);
    assert.deepEqual([before.subject, now.subject], ["CN=first", "CN=second"]);
    assert.notEqual(keyPin(now), keyPin(before));
    await bystander.goesOn();
    assert.equal(alice.socket.destroyed, false);
    alice.socket.destroy();
  });

  test("let the bystander lose no frame in all this", () => bystander.leave());
});
