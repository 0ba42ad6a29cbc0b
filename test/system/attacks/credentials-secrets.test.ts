/**
 * Every kind of secret, in good and in failing attempts, with all that can be logged: none of them is in an output, on
 * a command line, in a child's environment, in a file that is not its own, or in what is left of a process that was killed.
 */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { run } from "../../../lab/child.ts";
import { Lab, type Namespace } from "../../../lab/namespace.ts";
import { whyNoLab } from "../../../lab/programs.ts";
import { LEGACY_CLIENT_BINARY, SERVER_BINARY, VpnProcess } from "../../../lab/vpn.ts";
import { TestAuthority } from "../../test-authority.ts";
import { type Answer, basic, bearer, Gate } from "./gate.ts";
import { Issuer } from "./gate-issuer.ts";
import { Secrets } from "./gate-secrets.ts";
import { makeDirectory, NETWORKS, operate } from "./gate-server.ts";

const noLab = await whyNoLab("openssl");
const HTTPS_PORT = 8443;
const HTTP_PORT = 8080;
/** Shown to the end of what a shell and the kernel pass on to a child. */
const TELL_ALL = "echo told:; env; tr '\\0' '\\n' < /proc/self/environ; tr '\\0' '\\n' < /proc/$PPID/cmdline";
/** Commands that run side by side. */
const AT_A_TIME = 4;
const USERS = ["urle", "filo", "envy"];

interface Attempt {
  readonly environment: Readonly<Record<string, string>>;
  readonly binary: string;
}

describe("a run under --log-level trace", { skip: noLab }, () => {
  const secrets = new Secrets();
  const password = secrets.add("password", 'pä$$ wörd/%41 &?#@:+"\\secret');
  let lab: Lab;
  let namespaces: readonly [server: Namespace, client: Namespace];
  let directory: string;
  let server: VpnProcess;
  let gate: Gate;
  let issuer: Issuer;
  let authority: TestAuthority;
  let url: string;
  let pin: string;
  let clients = 0;
  const outputs: VpnProcess[] = [];
  const file = (name: string): string => join(directory, name);

  before(async () => {
    lab = await Lab.open();
    namespaces = [await lab.namespace("server"), await lab.namespace("client")];
    const host = (await lab.link(namespaces[1], namespaces[0])).ipv4[1];
    url = `wss://${host}:${HTTPS_PORT}/`;
    directory = makeDirectory(lab);
    for (const name of ["given", "cwd-server", "cwd-client"]) mkdirSync(file(name), { mode: 0o700 });
    issuer = await Issuer.make("https://id.example", file("keys.json"));
    authority = await TestAuthority.make("clients");
    writeFileSync(file("clients.crt"), authority.certificate);
    const { stdout } = await run(["openssl", "passwd", "-apr1", password]);
    writeFileSync(file("htpasswd"), USERS.map((user) => `${user}:${stdout}`).join(""), { mode: 0o600 });
    writeFileSync(file("server.yaml"), JSON.stringify(configuration()));
    const flags = ["--config", file("server.yaml"), "--state-dir", file("state"), "--exec", TELL_ALL];
    server = start(namespaces[0], "cwd-server", ["server", ...flags]);
    gate = await Gate.open(lab, namespaces[0]);
    await server.waitForEvent("server.ready");
    pin = String(server.events("tls.own-certificate")[0]?.pin);
    addKey("server's key", readFileSync(file("state/server.key"), "utf8"));
  });
  after(() => lab?.close());

  function configuration(): Readonly<Record<string, unknown>> {
    return {
      listen: [`https://0.0.0.0:${HTTPS_PORT}`, `http://127.0.0.1:${HTTP_PORT}`],
      tls: { client_ca: "clients.crt" },
      authentication: [
        { kind: "certificate" },
        { kind: "tokens" },
        { kind: "jwt", issuer: issuer.name, audience: "vpn", jwks: "keys.json" },
        { kind: "htpasswd", file: "htpasswd" },
      ],
      networks: NETWORKS,
    };
  }

  /** Starts `vpn-ws` where core files are allowed and would be written to a folder of ours. */
  function start(
    namespace: Namespace,
    cwd: string,
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    binary = SERVER_BINARY,
  ): VpnProcess {
    const shell = ["sh", "-c", 'ulimit -c unlimited; exec "$0" "$@"'];
    const logs = ["server", "client"].includes(words[0] ?? "");
    const log = logs ? ["--log-format", "json", "--log-level", "trace"] : [];
    const argv = [...shell, process.execPath, binary, ...words, ...log];
    const options = { cwd: file(cwd), environment: { VPN_WS_DEBUG: "1", ...environment } };
    const vpn = new VpnProcess(namespace.start(argv, options));
    outputs.push(vpn);
    return vpn;
  }

  function addKey(name: string, pem: string): void {
    for (const line of pem.split("\n").filter((one) => one.length > 40)) secrets.add(name, line);
  }

  /** A file outside of what is searched, as its owner keeps it. */
  function given(name: string, text: string): string {
    writeFileSync(file(`given/${name}`), `${text}\n`, { mode: 0o600 });
    return file(`given/${name}`);
  }

  const tokenOf = async (user: string, ...flags: readonly string[]): Promise<string> =>
    secrets.add(`token of ${user}`, await operate(directory, "token", "create", user, "--expires", "1d", ...flags));

  /** A client that comes in, and whose command line and child show nothing then. */
  async function comesIn(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const state = ["--state-dir", file("client-state")];
    const flags = ["--tap", `v${++clients}`, "--exec", TELL_ALL, ...state];
    const client = start(namespaces[1], "cwd-client", ["client", ...flags, ...words], environment);
    await client.waitForEvent("client.connected");
    assertHidden(client);
    assert.match(client.child.stdout, /told:.*VPN_WS_TAP=v/s, "its child has told everything");
    await client.stop();
  }

  function assertHidden({ child: { pid, stdout, stderr } }: VpnProcess): void {
    secrets.assertNotIn("command line", readFileSync(`/proc/${pid}/cmdline`, "latin1"));
    secrets.assertNotIn("title", readFileSync(`/proc/${pid}/comm`, "latin1"));
    secrets.assertNotIn("standard output", stdout);
    secrets.assertNotIn("standard error", stderr);
  }

  /** A command that ends by itself with an error like this one, which shows nothing. */
  async function fails(words: readonly string[], expected: RegExp, more: Partial<Attempt> = {}): Promise<void> {
    const { environment, binary } = more;
    const { child } = start(namespaces[1], "cwd-client", words, environment, binary);
    const { status, stdout, stderr } = await child.ended;
    secrets.assertNotIn(`output of a command that should say ${expected}`, stdout + stderr);
    assert.notEqual(status, 0);
    assert.match(stderr, expected);
  }

  /** All of them, a few at a time. */
  async function allFail(attempts: readonly (readonly [...Parameters<typeof fails>])[]): Promise<void> {
    for (let at = 0; at < attempts.length; at += AT_A_TIME) {
      await Promise.all(attempts.slice(at, at + AT_A_TIME).map((attempt) => fails(...attempt)));
    }
  }

  async function isRefused(answer: Promise<Answer>, status = 401): Promise<void> {
    const { status: got, head, body } = await answer;
    assert.equal(got, status);
    secrets.assertNotIn("answer", head + body);
  }

  test("finds secrets in whatever form", () => {
    const probe = new Secrets();
    const secret = probe.add("probe", "a s€cret");
    const forms = [secret, `url=${encodeURIComponent(secret)}`, Buffer.from(secret).toString("hex")];
    for (const before of ["", "u", "us", "use"]) {
      for (const encoding of ["base64", "base64url"] as const) {
        forms.push(Buffer.from(`${before}${secret}:and more`).toString(encoding));
      }
    }
    for (const form of forms)
      assert.throws(() => probe.assertNotIn("here", `before ${form} behind`), /here: probe/, form);
    probe.assertNotIn("here", "a secret, almost");
  });

  test("shows no password, in a URL, a file or the environment", async () => {
    const inUrl = url.replace("//", `//urle:${encodeURIComponent(password)}@`);
    await comesIn(["--pin", pin, inUrl]);
    await comesIn(["--pin", pin, "--auth-file", given("auth", `filo:${password}`), url]);
    await comesIn(["--pin", pin, url], { VPN_WS_AUTH: `envy:${password}` });
  });

  test("shows no token, neither the operator's nor an issuer's, in a file or the environment", async () => {
    const tokenFile = given("token", await tokenOf("tom"));
    await comesIn(["--pin", pin, "--token-file", tokenFile, url]);
    await comesIn(["--pin", pin, url], { VPN_WS_TOKEN: await tokenOf("tim") });
    const jwt = secrets.add("JWT", await issuer.sign(issuer.claims("jane")));
    secrets.add("JWT's signature", jwt.split(".")[2] ?? "");
    await comesIn(["--pin", pin, "--token-file", given("jwt", jwt), url]);
  });

  test("shows no invite and not what is given for it, wherever the invite is read from", async () => {
    for (const [user, words] of [
      ["ivan", (invite: string) => [invite]],
      ["igor", (invite: string) => ["--invite-file", given("invite", invite)]],
    ] as const) {
      const invite = await operate(directory, "invite", user, "--url", url);
      secrets.add(`invite of ${user}`, invite.split("~").at(-1) ?? "");
      await comesIn(words(invite));
    }
    const kept = JSON.parse(readFileSync(file("client-state/credentials.json"), "utf8")) as {
      readonly servers: readonly { readonly token: string }[];
    };
    assert.equal(kept.servers.length, 1, "the second has taken the first one's place");
    for (const { token } of kept.servers) secrets.add("kept credential", token);
    await comesIn([]);
  });

  test("shows no key of a client certificate", async () => {
    const { certificate, key } = await authority.issue("carol");
    addKey("client's key", key);
    await comesIn(["--pin", pin, "--crt", given("carol.crt", certificate), "--key", given("carol.key", key), url]);
  });

  test("shows no secret that is refused, wherever it stands in the request", async () => {
    const to = { host: "127.0.0.1", port: HTTP_PORT };
    const wrong = secrets.add("wrong password", "not the pässword at all");
    const revoked = await tokenOf("rose");
    await operate(directory, "token", "revoke", "--user", "rose");
    const forged = secrets.add("forged JWT", issuer.unsigned(issuer.claims("jane")));
    let from = 0;
    const ask = (headers: Readonly<Record<string, string>>, path?: string): Promise<Answer> =>
      gate.ask({ ...to, localAddress: `127.1.0.${++from}` }, headers, path);
    await isRefused(ask(basic("urle", wrong)));
    await isRefused(ask(basic("nobody", wrong)));
    await isRefused(ask(basic(wrong.slice(0, 0), wrong)));
    await isRefused(ask(bearer(revoked)));
    await isRefused(ask(bearer(`${revoked}x`)));
    await isRefused(ask(basic("rose", revoked)));
    await isRefused(ask(basic(revoked, "")));
    await isRefused(ask(basic(revoked, "x-oauth-basic")));
    await isRefused(ask(bearer(forged)));
    await isRefused(ask(basic(forged, "")));
    await isRefused(ask({ Authorization: `Bearer  ${revoked} ${revoked}` }));
    await isRefused(ask({ Authorization: `Token ${revoked}` }));
    await isRefused(ask({ "X-Api-Key": revoked, Cookie: `token=${revoked}` }));
    await isRefused(ask({}, `/?access_token=${revoked}`));
    secrets.assertNotIn("log", server.child.stderr);
  });

  test("shows no secret of a command that cannot be carried out", async () => {
    const encoded = encodeURIComponent(password);
    const token = await tokenOf("tess");
    const invite = `vpn-ws://127.0.0.1:1/${token}`;
    const texts = [
      `wss://urle:${encoded}@127.0.0.1:99999/`,
      `wss://urle:${encoded}@[::1/`,
      `http://urle:${encoded}@127.0.0.1/`,
      `urle:${encoded}@127.0.0.1`,
      `wss://urle:${password}@127.0.0.1/`,
      `wss:// 127.0.0.1/?token=${token}`,
      `${invite}%`,
      `${invite}~${token}~`,
      `vpn-ws:/${token}`,
      `vpn-ws://urle:${encoded}@127.0.0.1/${token}`,
    ];
    const state = ["--state-dir", file("state")];
    const isLegacy = { binary: LEGACY_CLIENT_BINARY };
    const wrongToken = given("bad-token", `${token} ${token}`);
    const twoLines = given("bad-auth", `urle:${password}\n${password}`);
    const noColon = given("worse-auth", password.replaceAll(":", ""));
    const wrongInvite = given("bad-invite", `${invite}\u0007`);
    const noCertificate = given("bad.crt", token);
    await allFail([
      ...texts.map((text) => [["client", text], /is no ws:\/\/ or wss:\/\/ URL|invite cannot be used/] as const),
      ...texts.slice(0, 3).map((text) => [["v0", text], /is no ws:\/\/ or wss:\/\/ URL/, isLegacy] as const),
      [[invite], /put the word client in front/],
      [["client", "--token", token, url], /unknown option '--token'/],
      [["client", "--token-file", wrongToken, url], /does not hold one line with a token/],
      [["client", "--auth-file", twoLines, url], /does not hold one line of the form user:password/],
      [["client", "--auth-file", noColon, url], /does not hold one line of the form user:password/],
      [["client", "--invite-file", wrongInvite], /invite cannot be used/],
      [["client", "--pin", pin, url, token], /is no ws:\/\/ or wss:\/\/ URL/],
      [["client", "--pin", token, url], /the text is not the pin of a key/],
      [["client", url], /does not hold one line with a token/, { environment: { VPN_WS_TOKEN: `${token}\n${token}` } }],
      [["client", "--key", file("state/server.key"), "--crt", noCertificate, url], /cannot use .*bad\.crt/],
      [["passwd", given("users", ""), "urle", password], /too many arguments/],
      [["token", "revoke", token, ...state], /that is not the id of a token/],
      [["invite", "ivan", "--url", texts[0] ?? "", ...state], /is no ws:\/\/ or wss:\/\/ URL/],
      [["invite", "ivan", "--url", url.replace("//", `//urle:${encoded}@`), ...state], /holds no user and password/],
    ]);
  });

  test("shows no secret of a file that is wrong", async () => {
    const token = await tokenOf("tess");
    const other = file("given/other-state");
    mkdirSync(other, { mode: 0o700 });
    for (const text of [`{"${token}"`, `{"version":1,"tokens":["${token}"]}`, token]) {
      writeFileSync(join(other, "tokens.json"), text, { mode: 0o600 });
      await fails(["token", "list", "--state-dir", other], /is not a token file/);
    }
    writeFileSync(join(other, "credentials.json"), `{"version":1,"servers":["${token}"`, { mode: 0o600 });
    await fails(["client", "--state-dir", other], /is not what this version has written/);
    const jwt = { kind: "jwt", issuer: issuer.name, audience: "vpn" };
    const inUrl = { ...jwt, jwks: `https://u:${encodeURIComponent(password)}@id.example/` };
    const symmetric = { ...jwt, jwks: given("private.json", `{"keys":[{"kty":"oct","k":"${token}"}]}`) };
    const inClear = { kind: "htpasswd", file: given("clear", `urle:${token}`) };
    const swapped = given("swapped.crt", readFileSync(file("state/server.key"), "utf8"));
    const changes = [
      ["in-url", { authentication: [inUrl] }, /in-url\.yaml:\d+:\d+: authentication/],
      ["symmetric", { authentication: [symmetric] }, /it holds secret keys/],
      ["in-clear", { authentication: [inClear] }, /clear/],
      [
        "swapped",
        { tls: { client_ca: "clients.crt", certificate: swapped, key: file("state/server.crt") } },
        /cannot use the server's certificate/,
      ],
    ] as const;
    await allFail(
      changes.map(([name, change, expected]) => {
        const path = file(`${name}.yaml`);
        writeFileSync(path, JSON.stringify({ ...configuration(), ...change }));
        return [["server", "--config", path, "--state-dir", other], expected] as const;
      }),
    );
  });

  test("leaves no secret in a file that is not its own, and no other user a look at those that are", () => {
    assert.deepEqual(readdirSync(file("state")).sort(), ["server.crt", "server.key", "tokens.json"]);
    for (const name of ["state", "client-state"]) assert.equal(statSync(file(name)).mode & 0o777, 0o700, name);
    assert.equal(statSync(file("state/tokens.json")).mode & 0o777, 0o600);
    secrets.assertNotInFiles(file("state"), [file("state/server.key")]);
    secrets.assertNotInFiles(file("client-state"), [file("client-state/credentials.json")]);
  });

  test("leaves no core file, and shows nothing to other programs of its own user", async () => {
    // Who runs as an ordinary user is open to all other programs of that user, unless it closes itself.
    chmodSync(file("cwd-client"), 0o777);
    const client = start(namespaces[1], "cwd-client", ["client", "--tap", "core", "--pin", pin, url], {
      VPN_WS_TOKEN: await tokenOf("core"),
    });
    await client.waitForEvent("client.connected");
    for (const [vpn, cwd] of [
      [client, "cwd-client"],
      [server, "cwd-server"],
    ] as const) {
      const { pid } = vpn.child;
      const [, soft, hard] =
        /^Max core file size\s+(\S+)\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8")) ?? [];
      assert.deepEqual([soft, hard], ["0", "0"], cwd);
      await assertClosed(pid);
      vpn.child.kill("SIGABRT");
      assert.equal((await vpn.child.ended).status, null, "it was killed");
      assert.deepEqual(readdirSync(file(cwd)), [], cwd);
    }
  });

  /** Root without the right to look into any process is who an ordinary user is to its own processes. */
  async function assertClosed(pid: number): Promise<void> {
    const withoutRights = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"];
    for (const name of ["mem", "environ"]) {
      const { status, stdout } = await run([...withoutRights, "head", "-c", "1", `/proc/${pid}/${name}`], {
        allowFailure: true,
      });
      assert.deepEqual([status, stdout], [1, ""], `/proc/PID/${name}`);
    }
    assert.ok(existsSync(`/proc/${pid}`));
  }

  test("was searched to the end: in every output of every program there is no secret", () => {
    assert.ok(outputs.length > 40);
    for (const { child } of outputs) secrets.assertNotIn("output", child.stdout + child.stderr);
    assert.ok(server.child.stderr.includes('"event":"access.refused"'));
  });
});
