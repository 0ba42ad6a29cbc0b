/** The control API where operators find it: at its socket, on its listener, behind nginx; and what it does to a real client. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { TAP } from "../../lab/network.ts";
import { type Nginx, startNginx } from "../../lab/nginx.ts";
import { runPing } from "../../lab/ping.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { temporaryDirectory } from "../../lab/temporary.ts";
import { startClient, startServer, type VpnProcess } from "../../lab/vpn.ts";
import { basic } from "../asked.ts";
import { askHttp, type HttpAnswer, type HttpQuestion } from "../http-ask.ts";
import { openDoor } from "./door.ts";

/** All but `ann`, who is in the network, are there for the control API. Their passwords are their names. */
const USERS = ["ann", "admin", "viewer"] as const;
const NOBODY_UID = 65_534;
const INNER = "10.83.0.1";

/** Locations for `--control-path /admin`, as docs/OPERATIONS.md has them. */
const locations = (socket: string): readonly string[] => [
  `location /admin/ { include uwsgi_params; uwsgi_pass unix:${socket}; uwsgi_read_timeout 1h; }`,
  `location /proxied/ {
     proxy_pass http://127.0.0.1:8080/admin/;
     proxy_set_header Host $http_host;
     proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
     proxy_read_timeout 1h;
   }`,
];

describe("the control API of a running server", { skip: await whyNoLab("nginx", "ping") }, () => {
  let lab: Lab;
  let hub: Namespace;
  let site: Namespace;
  let server: VpnProcess;
  let client: VpnProcess;
  let nginx: Nginx;
  let directory: string;
  /** Addresses that the test's own process reaches. */
  let local: string;
  let own: string;
  let web: string;

  const file = (name: string): string => join(directory, name);

  function writeUsers(...users: readonly string[]): void {
    const lines = users.map((user) => `${user}:{SHA}${createHash("sha1").update(user).digest("base64")}\n`);
    writeFileSync(file("users"), lines.join(""));
  }

  function start(): Promise<VpnProcess> {
    const flags = ["--config", file("server.yaml"), "--state-dir", file("state"), "--uid", "nobody"];
    return startServer(hub, flags, { environment: { RUNTIME_DIRECTORY: file("run") } });
  }

  before(async () => {
    lab = await Lab.open();
    directory = temporaryDirectory(lab, "control-api");
    writeUsers(...USERS);
    writeFileSync(file("ann"), "ann:ann\n", { mode: 0o600 });
    writeFileSync(
      file("server.yaml"),
      `listen: ["http://0.0.0.0:8080", "unix:${file("vpn.sock")}"]
authentication: [{ kind: htpasswd, file: users }]
networks: { lan: { tap: ${TAP}, addresses: [${INNER}/24] } }
control: { listen: ["http://127.0.0.1:8081"], path: /admin, admins: [admin], viewers: [viewer] }
`,
    );
    hub = await lab.namespace("server");
    site = await lab.namespace("client");
    const { ipv4 } = await lab.link(site, hub);
    server = await start();
    nginx = await startNginx(lab, hub, {
      location: "uwsgi-unix",
      unixSocket: file("vpn.sock"),
      serverLines: locations(file("vpn.sock")),
    });
    client = await startClient(site, [
      ...["--tap", TAP, "--address", "10.83.0.2/24", "--auth-file", file("ann")],
      `ws://${ipv4[1]}:8080/`,
    ]);
    const [name = ""] = readdirSync(file("run"));
    local = `unix:${join(file("run"), name)}`;
    own = `unix:${await openDoor(lab, hub, 8081)}`;
    web = `unix:${await openDoor(lab, hub, nginx.port)}`;
  });
  after(() => lab?.close());

  const ask = (address: string, path: string, more: Omit<HttpQuestion, "path"> = {}): Promise<HttpAnswer> =>
    askHttp(address, { path, ...more });
  const annsId = async (): Promise<string> => {
    const { text } = await ask(local, "/api/v1/peers?search=ann");
    return (JSON.parse(text) as { peers: { id: string }[] }).peers[0]?.id ?? "";
  };

  /** What comes by a live feed until it holds all of the texts. */
  function hear(address: string, path: string, ...texts: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { host: "localhost", ...basic("viewer") };
      const asking = request({ socketPath: address.replace("unix:", ""), path, headers, agent: false }, (answer) => {
        let heard = "";
        answer.setEncoding("utf8").on("data", (text: string) => {
          heard += text;
          if (!texts.every((one) => heard.includes(one))) return;
          asking.destroy();
          resolve(heard);
        });
        answer.once("end", () => reject(new Error(`it ended behind ${heard}`)));
      });
      asking.once("error", reject).end();
    });
  }

  test("has a socket of the user that the server became, at which root is an admin", async () => {
    const { mode, uid } = statSync(local.replace("unix:", ""));
    assert.equal(mode & 0o777, 0o600);
    assert.equal(uid, NOBODY_UID);
    const answer = await ask(local, "/api/v1/session");
    assert.deepEqual(JSON.parse(answer.text).operator, { name: "local 0", role: "admin" });
    assert.equal((await ask(local, "/api/v1/reload", { method: "POST" })).status, 200);
  });

  test("lets users look and act by what they are listed for, wherever they come", async () => {
    const cases: readonly (readonly [user: string, look: number, act: number])[] = [
      ["admin", 200, 200],
      ["viewer", 200, 403],
      ["ann", 403, 403],
      ["", 401, 401],
    ];
    for (const [address, prefix] of [
      [own, ""],
      [web, "/admin"],
      [web, "/proxied"],
    ] as const) {
      for (const [user, look, act] of cases) {
        const headers = user === "" ? {} : basic(user);
        const what = `${user} at ${prefix}`;
        assert.equal((await ask(address, `${prefix}/api/v1/peers`, { headers })).status, look, what);
        const flush = { method: "POST", headers, body: { network: "lan" } };
        assert.equal((await ask(address, `${prefix}/api/v1/fdb/flush`, flush)).status, act, what);
      }
    }
  });

  test("refuses pages of others, and names that are not ours", async () => {
    const headers = { ...basic("admin"), origin: "http://evil.example" };
    for (const [address, path] of [
      [own, "/api/v1/peers"],
      [web, "/admin/api/v1/peers"],
      [web, "/proxied/api/v1/peers"],
    ] as const) {
      assert.equal((await ask(address, path, { headers })).status, 403, path);
    }
    const rebound = { ...basic("admin"), host: "evil.example" };
    assert.equal((await ask(own, "/api/v1/peers", { headers: rebound })).status, 421);
  });

  test("logs a browser in behind nginx, with a cookie for its path", async () => {
    const page = { origin: "http://vpn.example", host: "vpn.example", "sec-fetch-site": "same-origin" };
    const login = { method: "POST", headers: page, body: { user: "viewer", password: "viewer" } };
    const answer = await ask(web, "/admin/api/v1/session", login);
    assert.equal(answer.status, 200);
    const [cookie = "", path] = answer.headers["set-cookie"]?.[0]?.split("; ") ?? [];
    assert.equal(path, "Path=/admin");
    const look = await ask(web, "/admin/api/v1/server", { headers: { ...page, cookie } });
    assert.equal(JSON.parse(look.text).peers.here, 1);
  });

  test("tells what happens as it happens, through nginx by uwsgi and by HTTP", async () => {
    for (const path of ["/admin/api/v1/live", "/proxied/api/v1/live"]) {
      const heard = hear(web, path, "event: hello", "event: sample", '"event":"control.action"');
      await ask(local, "/api/v1/fdb/flush", { method: "POST" });
      const again = setInterval(() => void ask(local, "/api/v1/fdb/flush", { method: "POST" }), 200);
      await heard.finally(() => clearInterval(again));
    }
    assert.equal(nginx.errorLog(), "");
  });

  test("counts what the client sends", async () => {
    assert.equal((await runPing(site, { address: INNER, count: 3 })).received, 3);
    const { text } = await ask(own, `/api/v1/peers/${await annsId()}`, { headers: basic("viewer") });
    const peer = JSON.parse(text) as { user: string; traffic: { receivedFrames: number; sentFrames: number } };
    assert.equal(peer.user, "ann");
    assert.ok(peer.traffic.receivedFrames >= 3 && peer.traffic.sentFrames >= 3);
  });

  test("sends a client away through nginx, which feels it, and comes back", async () => {
    const id = await annsId();
    const kick = { method: "DELETE", headers: basic("admin"), body: { reason: "please update" } };
    assert.equal((await ask(web, `/admin/api/v1/peers/${id}`, kick)).status, 200);
    await client.waitForEvent("client.disconnected");
    assert.match(client.child.stderr, /please update/);
    await client.waitForEvent("client.connected", 2);
    assert.notEqual(await annsId(), id);
    const audit = server.events("control.action").at(-1);
    assert.deepEqual([audit?.operator, audit?.action, String(audit?.peer)], ["admin", "kick", id]);
  });

  test("logs no secret", () => {
    assert.doesNotMatch(server.child.stderr, /vpn-ws-session|Basic |"password"/);
  });

  test("knows a browser that logged in, however the server ends and starts again, and no other user then", async () => {
    const logIn = async (user: string): Promise<string> => {
      const answer = await ask(own, "/api/v1/session", { method: "POST", body: { user, password: user } });
      return answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    };
    const page = { "sec-fetch-site": "same-origin" };
    const cookies = { admin: await logIn("admin"), viewer: await logIn("viewer"), gone: await logIn("viewer") };
    const look = async (who: keyof typeof cookies): Promise<number> =>
      (await ask(own, "/api/v1/server", { headers: { cookie: cookies[who] } })).status;
    const logOut = await ask(own, "/api/v1/session", { method: "DELETE", headers: { ...page, cookie: cookies.gone } });
    assert.equal(logOut.status, 204, logOut.text);
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      server.child.kill(signal);
      await server.child.ended;
      server = await start();
      assert.deepEqual([await look("admin"), await look("viewer"), await look("gone")], [200, 200, 401]);
    }
    const { mode, uid } = statSync(file("state/sessions.json"));
    assert.deepEqual([mode & 0o777, uid], [0o600, NOBODY_UID]);
    server.child.kill("SIGKILL");
    await server.child.ended;
    writeUsers("admin");
    server = await start();
    assert.deepEqual([await look("admin"), await look("viewer")], [200, 401]);
  });

  test("stops the server in order when an admin says so, and answers before", async () => {
    const answer = await ask(own, "/api/v1/drain", { method: "POST", headers: basic("admin") });
    assert.equal(answer.status, 200);
    assert.equal((await server.child.ended).status, 0);
  });
});
