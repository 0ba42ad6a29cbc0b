/** From an invite to a lasting credential, with the programs as they are installed. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { SERVER_BINARY, startClient, startServer, startVpn, type VpnProcess } from "../../lab/vpn.ts";
import { parseInvite } from "../../src/transport/invite.ts";

const noLab = await whyNoLab();
const PORT = 8443;

describe("an invite", { skip: noLab }, () => {
  let lab: Lab;
  let serverNamespace: Namespace;
  let clientNamespace: Namespace;
  let directory: string;
  let address: string;
  let server: VpnProcess;
  let invite: string;

  before(async () => {
    lab = await Lab.open();
    directory = mkdtempSync(join(tmpdir(), "vpn-ws-invite-"));
    [serverNamespace, clientNamespace] = [await lab.namespace("server"), await lab.namespace("client")];
    address = (await lab.link(clientNamespace, serverNamespace)).ipv4[1];
    server = await serve();
    invite = await makeInvite();
  });
  after(async () => {
    await lab?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const serve = (): Promise<VpnProcess> => {
    const flags = ["--listen", `https://0.0.0.0:${PORT}`, "--auth", "tokens", "--state-dir", join(directory, "server")];
    return startServer(serverNamespace, flags);
  };

  async function makeInvite(): Promise<string> {
    const words = ["invite", "alice", "--url", `wss://${address}:${PORT}/`, "--state-dir", join(directory, "server")];
    return (await serverNamespace.run([process.execPath, SERVER_BINARY, ...words])).stdout.trim();
  }

  const stateDir = (name: string): string[] => ["--state-dir", join(directory, name)];

  /** Everything that a client and the system show of it while it runs. */
  const shownBy = ({ child }: VpnProcess): string =>
    child.stderr + child.stdout + readFileSync(`/proc/${child.pid}/cmdline`, "latin1");

  test("lets its client in, once by its token and from then on by what was given for it", async () => {
    const { token } = parseInvite(invite);
    const first = await startClient(clientNamespace, ["--log-level", "trace", ...stateDir("laptop"), invite]);
    const { user } = await first.waitForEvent("client.credential");
    assert.equal(user, "alice");
    const { servers } = JSON.parse(readFileSync(join(directory, "laptop", "credentials.json"), "utf8"));
    for (const secret of [token, servers[0].token]) {
      assert.ok(!shownBy(first).includes(secret));
      assert.ok(!server.child.stderr.includes(secret));
    }
    await first.stop();
    for (const words of [[invite], []]) {
      const again = await startClient(clientNamespace, [...stateDir("laptop"), ...words]);
      assert.equal(again.events("client.credential").length, 0);
      await again.stop();
    }
  });

  test("lets nobody else in, who is told what to do", async () => {
    const { child } = startVpn(clientNamespace, ["client", ...stateDir("stranger"), invite]);
    await child.waitUntil("the refusal", () => child.stderr.includes("ask the server's operator for a new invite"));
    assert.ok(!child.stderr.includes(parseInvite(invite).token));
    await child.stop();
  });

  test("outlives a restart of the server, whose key stays", async () => {
    await server.stop();
    server = await serve();
    await (await startClient(clientNamespace, [...stateDir("laptop"), invite])).stop();
    assert.deepEqual(parseInvite(await makeInvite()).pins, parseInvite(invite).pins);
  });

  test("is of no use at another server: its key is another, and nothing is sent", async () => {
    await server.stop();
    rmSync(join(directory, "server", "server.crt"));
    server = await serve();
    const { child } = startVpn(clientNamespace, ["client", ...stateDir("laptop"), invite]);
    await child.waitUntil("the refusal", () => child.stderr.includes("has another key than the one pinned"));
    await child.stop();
    assert.equal(server.events("peer.joined").length + server.events("access.refused").length, 0);
  });
});
