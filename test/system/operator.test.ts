/** The operator's commands as people use them, on a real server with real clients: what is shown is so, what is done is felt. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { type Child, type Finished, run } from "../../lab/child.ts";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { TAP } from "../../lab/network.ts";
import { runPing } from "../../lab/ping.ts";
import { PingWatch } from "../../lab/ping-watch.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { temporaryDirectory } from "../../lab/temporary.ts";
import { SERVER_BINARY, startClient, startServer, type VpnProcess } from "../../lab/vpn.ts";

const USERS = ["ann", "bob", "eve"] as const;
const INNER = "10.82.0.1";

describe("the operator's commands", { skip: await whyNoLab("ping", "tcpdump") }, () => {
  let lab: Lab;
  let hub: Namespace;
  let sites: readonly { readonly namespace: Namespace; readonly url: string }[];
  let server: VpnProcess;
  let clients: VpnProcess[];
  let directory: string;
  /** systemd's word for where sockets are; so two runs of this test do not meet. */
  let environment: { readonly RUNTIME_DIRECTORY: string };

  const file = (name: string): string => join(directory, name);

  before(async () => {
    lab = await Lab.open();
    directory = temporaryDirectory(lab, "operator");
    environment = { RUNTIME_DIRECTORY: file("run") };
    const lines = USERS.map((user) => `${user}:{SHA}${createHash("sha1").update(`${user}!`).digest("base64")}\n`);
    writeFileSync(file("users"), lines.join(""), { mode: 0o600 });
    for (const user of USERS) writeFileSync(file(user), `${user}:${user}!\n`, { mode: 0o600 });
    hub = await lab.namespace("server");
    const spokes = [await lab.namespace("client1"), await lab.namespace("client2")];
    sites = await Promise.all(
      spokes.map(async (namespace) => {
        const { ipv4 } = await lab.link(namespace, hub);
        return { namespace, url: `ws://${ipv4[1]}:8080/` };
      }),
    );
    server = await serve();
    clients = await Promise.all([enter("ann", 0), enter("bob", 1)]);
  });
  after(() => lab?.close());

  function serve(): Promise<VpnProcess> {
    const who = ["--auth", `htpasswd=${file("users")}`, "--control", "http://127.0.0.1:8081", "--admin", "ann"];
    const where = ["--listen", "http://0.0.0.0:8080", "--tap", TAP, "--address", `${INNER}/24`];
    return startServer(hub, [...where, ...who, "--state-dir", file("state")], { environment });
  }

  function enter(user: (typeof USERS)[number], site: number, tap = TAP): Promise<VpnProcess> {
    const { namespace, url } = sites[site] as (typeof sites)[number];
    const address = `10.82.0.${2 + USERS.indexOf(user)}/24`;
    const flags = ["--tap", tap, "--address", address, "--auth-file", file(user), url];
    return startClient(namespace, flags, { environment });
  }

  const start = (...words: readonly string[]): Child =>
    hub.start([process.execPath, SERVER_BINARY, ...words], { environment });
  const say = async (...words: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await start(...words).ended;
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const refused = async (...words: readonly string[]): Promise<Finished> => {
    const finished = await start(...words).ended;
    assert.notEqual(finished.status, 0);
    assert.doesNotMatch(finished.stderr, /^\s+at /m);
    return finished;
  };

  /** On a terminal of 80 columns and 24 lines; what is written to it comes from a pipe. */
  async function startOnTerminal(
    ...words: readonly string[]
  ): Promise<{ readonly child: Child; type(keys: string): Promise<void> }> {
    const pipe = file(`keys-${words[0]}-${readdirSync(directory).length}`);
    await run(["mkfifo", pipe]);
    const command = ["stty cols 80 rows 24;", "exec", process.execPath, SERVER_BINARY, ...words].join(" ");
    const child = hub.start(["sh", "-c", `exec script -qec '${command}' /dev/null < ${pipe}`], {
      environment: { ...environment, TERM: "xterm" },
    });
    const keyboard = await open(pipe, "w");
    void child.ended.then(() => keyboard.close());
    return { child, type: async (keys) => void (await keyboard.write(keys)) };
  }

  test("status shows the server and each client, whatever their TAPs are called", async () => {
    const sockets = readdirSync(environment.RUNTIME_DIRECTORY).map((name) => join(environment.RUNTIME_DIRECTORY, name));
    assert.deepEqual(
      sockets.map((path) => statSync(path).mode & 0o777),
      [0o600, 0o600, 0o600],
    );
    assert.ok((await runPing(sites[0]?.namespace as Namespace, { address: INNER, count: 3 })).received > 0);
    const text = await say("status");
    assert.match(
      text,
      /^server unix:.*\n {2}program +vpn-ws.*\n {2}state +serving since .*\n {2}listening +http:\/\/0\.0\.0\.0:8080/m,
    );
    assert.match(text, / {2}network +default: 2 peers, TAP vpn0, MTU 1500, \d addresses in the FDB/);
    assert.equal(text.match(/^ {2}state +connected to ws:\/\/10\.77\.\d\.2:8080\/ \(v2\) since /gm)?.length, 2);
    const { servers, clients: shown } = JSON.parse(await say("status", "--json"));
    assert.deepEqual([servers.length, servers[0].status.peers.here], [1, 2]);
    for (const { status } of shown) {
      assert.deepEqual([status.state, status.tap.name, status.sessions, status.lastError], ["connected", TAP, 1, null]);
      assert.ok(status.receivedBytes > 0 && status.connections.length > 0);
    }
    assert.doesNotMatch(JSON.stringify(shown), /ann|bob|!/, "no credentials");
  });

  test("peers and fdb show who is on, and where each address is", async () => {
    const [heading, ...lines] = (await say("peers")).trimEnd().split("\n");
    assert.match(heading ?? "", /^ID +USER +NETWORK +ADDRESS +MAC /);
    assert.equal(lines.length, 3);
    const mac = (await sites[0]?.namespace.ip("-br", "link", "show", "dev", TAP))?.split(/\s+/)[2] ?? "none";
    const line = lines.find((one) => one.includes(mac));
    assert.match(line ?? "", /^ *\d+ +ann +default +10\.77\.\d\.1 +.* open /);
    assert.match(
      (await say("fdb", "--search", mac)).split("\n")[1] ?? "",
      new RegExp(`^default +${mac} +\\d+ +ann +pinned`),
    );
  });

  test("events -f sees who joins and leaves, and ends with ctrl-c", async () => {
    const events = start("events", "-f", "-n", "0", "--json");
    const seen = (): { event: string; id: number; fields: { user?: string } }[] =>
      events.stdout.split("\n").flatMap((line) => (line.endsWith("}") ? [JSON.parse(line)] : []));
    // Something happens until it has begun to look.
    await events.waitUntil("the first event", async () => {
      await refused("peers", "--control", "http://127.0.0.1:8081", "--login", file("bob"));
      return seen().length > 0;
    });
    const eve = await enter("eve", 0, "vpn1");
    await events.waitUntil("the join", () =>
      seen().some(({ event, fields }) => event === "peer.joined" && fields.user === "eve"),
    );
    await eve.stop();
    await events.waitUntil("the end", () => seen().some(({ event }) => event === "peer.left"));
    const ids = seen().map(({ id }) => id);
    assert.deepEqual(
      ids,
      Array.from(ids, (_, index) => (ids[0] ?? 0) + index),
    );
    events.kill("SIGINT");
    assert.equal((await events.ended).status, 0);
  });

  test("limit keeps a client apart from the others until it is taken back", async () => {
    const ping = async (address: string): Promise<number> =>
      (await runPing(sites[0]?.namespace as Namespace, { address, count: 3, deadlineSeconds: 1 })).received;
    const bob = "10.82.0.3";
    assert.equal(await ping(bob), 3);
    const said = await say("limit", "bob", "--isolate", "yes", "--up", "100kbit");
    assert.match(said, /^peer \d+ may send 100000 bit\/s and be sent as much as it can; peer \d+ is isolated\n$/);
    assert.equal(await ping(bob), 0);
    assert.equal(await ping(INNER), 3);
    assert.match(
      await say("limit", "bob", "--isolate", "policy", "--up", "policy"),
      /as much .* as much .* not isolated/,
    );
    assert.equal(await ping(bob), 3);
    assert.match((await refused("limit", "bob")).stderr, /--isolate/);
  });

  test("kick is felt by a client, which keeps out while its user is banned", async () => {
    const [, bob] = clients as [VpnProcess, VpnProcess];
    assert.match(await say("kick", "bob", "--reason", "ask at the desk", "--ban", "1h"), /bob|peer/);
    await bob.waitForEvent("client.disconnected");
    await bob.waitForEvent("client.dial-failed");
    const [peers, bans, text] = await Promise.all([say("peers"), say("bans"), say("status")]);
    assert.doesNotMatch(peers, /bob/);
    const [, id = ""] = /^(\d+) +bob .* ask at the desk$/m.exec(bans) ?? [];
    assert.match(text, /^ {2}state +connecting to ws:.*$/m);
    assert.match(text, /^ {2}last error +[\d:]+ .*An operator has sent you away/m);
    assert.match(bob.events("client.disconnected")[0]?.msg as string, /ask at the desk/);
    await Promise.all([say("bans", "--end", id), bob.stop()]);
    clients[1] = await enter("bob", 1);
    assert.match(await say("peers"), /bob/);
  });

  test("capture writes what passes into a file that tcpdump reads, whoever ends it", async () => {
    const pings = new PingWatch(sites[0]?.namespace as Namespace, INNER, 0.05);
    const capture = start("capture", "--peer", "ann", "--filter", "icmp", "-w", file("pings.pcapng"));
    const size = (): number => statSync(file("pings.pcapng"), { throwIfNoEntry: false })?.size ?? 0;
    await capture.waitUntil("some frames", () => size() > 2_000);
    capture.kill("SIGINT");
    const { status, stderr } = await capture.ended;
    assert.equal(status, 0);
    const [, frames] = /^vpn-ws: (\d+) frames; none was lost\.$/m.exec(stderr) ?? [];
    const { stdout } = await run(["tcpdump", "-n", "-r", file("pings.pcapng")]);
    assert.equal(stdout.trimEnd().split("\n").length, Number(frames));
    assert.match(stdout, /10\.82\.0\.2 > 10\.82\.0\.1: ICMP echo request/);
    const piped = hub.start(["sh", "-c", `${process.execPath} ${SERVER_BINARY} capture -w - | head -c 500 | wc -c`], {
      environment,
    });
    assert.equal((await piped.ended).stdout.trim(), "500");
    await pings.stop();
    assert.match((await refused("capture", "--filter", "port (", "-w", "-")).stderr, /refused|invalid/);
    const { child } = await startOnTerminal("capture", "-w", "-");
    assert.match((await child.ended).stdout, /nothing for a terminal/);
  });

  test("dashboard prints an address whose ticket is good once", async () => {
    const [, base = "", ticket = ""] =
      /^(http:\/\/127\.0\.0\.1:8081)\/#ticket=(.*)\n$/.exec(await say("dashboard")) ?? [];
    const body = JSON.stringify({ ticket });
    const argv = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "content-type: application/json"];
    const logIn = async (): Promise<string> =>
      (await hub.run([...argv, "-H", `origin: ${base}`, "-d", body, `${base}/api/v1/session`])).stdout;
    assert.deepEqual([await logIn(), await logIn()], ["200", "401"]);
  });

  test("whoever may not look is told what to do", async () => {
    const reading = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"];
    const nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", ...reading];
    const argv = [...nobody, process.execPath, SERVER_BINARY, "peers"];
    const http = ["--control", "http://127.0.0.1:8081"];
    const [local, ann, bob, stranger] = await Promise.all([
      hub.run(argv, { allowFailure: true, environment }),
      say("peers", ...http, "--login", file("ann")),
      refused("peers", ...http, "--login", file("bob")),
      refused("peers", ...http),
    ]);
    assert.equal(local.status, 1);
    assert.match(local.stderr, /^vpn-ws: we may not look at unix:.*\n {2}Run this as root/);
    assert.match(ann, / ann /);
    assert.match(bob.stderr, /does not allow that/);
    assert.match(stranger.stderr, /--login FILE/);
  });

  test("peers --watch draws in place on a terminal, lives through a restart, and ends with q", async () => {
    const { child, type } = await startOnTerminal("peers", "--watch", "--interval", "0.5");
    const pictures = (): string[] => child.stdout.split("\u001b[H").slice(1).map(stripVTControlCharacters);
    const pings = new PingWatch(sites[0]?.namespace as Namespace, INNER, 0.05);
    await child.waitUntil("rates", () => / ann .* \d+ kbit\/s +\d+ kbit\/s +0\s*$/m.test(pictures().at(-1) ?? ""));
    await pings.stop();
    for (const line of (pictures().at(-1) ?? "").split("\r\n")) assert.ok(line.length <= 80, line);
    const first = /process (\d+)/.exec(pictures().at(-1) ?? "")?.[1];
    await server.stop();
    await child.waitUntil("the trouble", () => /asking again: no/.test(pictures().at(-1) ?? ""));
    server = await serve();
    await child.waitUntil("the other server", () => {
      const now = /process (\d+)/.exec(pictures().at(-1) ?? "")?.[1];
      return now !== first && !/asking again/.test(pictures().at(-1) ?? "");
    });
    await type("q");
    const { status, stdout } = await child.ended;
    assert.equal(status, 0);
    assert.ok(stdout.trimEnd().endsWith("\u001b[?25h\u001b[?1049l"));
  });
});
