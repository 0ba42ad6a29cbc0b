/** What Prometheus says of our metrics, alert rules and dashboard, and a real one that scrapes a real server. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { run } from "../../lab/child.ts";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { findProgram, whyNoLab } from "../../lab/programs.ts";
import { temporaryDirectory } from "../../lab/temporary.ts";
import { SERVER_BINARY, startClient, startServer } from "../../lab/vpn.ts";
import { waitFor } from "../../lab/wait.ts";
import { MetricsRegistry } from "../../src/api/metrics-registry.ts";
import { FakeControlModel } from "../fake-control-model.ts";
import { readMetrics } from "../prometheus-text.ts";
import { PROJECT_ROOT } from "../source-files.ts";

const contrib = (path: string): string => join(PROJECT_ROOT, "contrib", path);
/** As in contrib/prometheus/scrape.yml. */
const CONTROL = "127.0.0.1:9410";
const PROMETHEUS = "127.0.0.1:9090";

describe("what watches a server", { skip: await whyNoLab("promtool", "prometheus") }, () => {
  let lab: Lab;
  let directory: string;
  before(async () => {
    lab = await Lab.open();
    directory = temporaryDirectory(lab, "monitoring");
  });
  after(() => lab?.close());

  async function promtool(...words: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await run([findProgram("promtool") ?? "", ...words], { allowFailure: true });
    assert.equal(status, 0, stdout + stderr);
  }

  function file(name: string, text: string): string {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  }

  async function checkMetrics(name: string, text: string): Promise<void> {
    const { status, stdout, stderr } = await run(["sh", "-c", '"$PROMTOOL" check metrics <"$METRICS"'], {
      allowFailure: true,
      environment: { PROMTOOL: findProgram("promtool") ?? "", METRICS: file(name, text) },
    });
    assert.equal(status, 0, stdout + stderr);
    // It warns of bad names without failing.
    assert.equal(stdout + stderr, "");
  }

  test("metrics are as Prometheus wants them", async () => {
    const model = new FakeControlModel(100);
    model.advance(20_000);
    await checkMetrics("metrics", await new MetricsRegistry(model).text());
  });

  test("alert rules are valid, and each speaks when it should and not before", async () => {
    await promtool("check", "rules", contrib("prometheus/alerts.yml"));
    await promtool("test", "rules", join(PROJECT_ROOT, "test/system/alert-cases.yml"));
  });

  test("the scrape configuration is valid", async () => {
    await promtool("check", "config", "--syntax-only", contrib("prometheus/scrape.yml"));
  });

  test("the dashboard's expressions are valid", async () => {
    const { panels } = JSON.parse(readFileSync(contrib("grafana/vpn-ws.json"), "utf8"));
    const expressions: string[] = panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
      targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m").replaceAll(/\$(instance|network)/g, ".*")),
    );
    const rules = expressions.map((expr, number) => ({ record: `panel:${number}`, expr }));
    // JSON is YAML.
    await promtool("check", "rules", file("panels.yml", JSON.stringify({ groups: [{ name: "panels", rules }] })));
  });

  describe("a real Prometheus", () => {
    let namespace: Namespace;
    let token: string;
    before(async () => {
      const remote = await lab.namespace("client");
      namespace = await lab.namespace("server");
      const address = (await lab.link(remote, namespace)).ipv4[1];
      const state = ["--state-dir", join(directory, "state")];
      const configuration = {
        listen: ["http://0.0.0.0:8080"],
        control: { listen: [`http://${CONTROL}`], viewers: ["prometheus"] },
        authentication: [{ kind: "tokens" }],
        users: { prometheus: { deny: true } },
      };
      await startServer(namespace, ["--config", file("server.yaml", JSON.stringify(configuration)), ...state]);
      const tokenFor = async (user: string): Promise<string> => {
        const words = ["token", "create", user, "--expires", "1d", ...state];
        return file(`${user}.token`, (await namespace.run([process.execPath, SERVER_BINARY, ...words])).stdout);
      };
      token = await tokenFor("prometheus");
      const url = `ws://${address}:8080/`;
      await startClient(remote, ["--token-file", await tokenFor("alice"), url]);
      const scrape = readFileSync(contrib("prometheus/scrape.yml"), "utf8")
        .replace("/etc/prometheus/vpn-ws.token", token)
        .replace("scrape_interval: 15s", "scrape_interval: 1s");
      const config = file("prometheus.yml", `rule_files: [${contrib("prometheus/alerts.yml")}]\n${scrape}`);
      const storage = `--storage.tsdb.path=${join(directory, "tsdb")}`;
      const words = [`--config.file=${config}`, storage, `--web.listen-address=${PROMETHEUS}`];
      namespace.start([findProgram("prometheus") ?? "", ...words]);
    });

    /** What an expression is now, as Prometheus knows it. */
    async function query(expression: string): Promise<string> {
      const words = ["query", "instant", `http://${PROMETHEUS}`, expression];
      return (await namespace.run([findProgram("promtool") ?? "", ...words], { allowFailure: true })).stdout;
    }

    test("scrapes the server with its token", async () => {
      await waitFor("a scrape", async () => (await query('up{job="vpn-ws"}')).includes("=> 1 @"));
      await waitFor("the peer", async () => /=> 1 @/.test(await query("sum(vpn_ws_peers)")));
      assert.match(await query("vpn_ws_build_info"), /version="\d+\.\d+\.\d+"/);
    });

    test("what the server shows is as Prometheus wants it, and for nobody without credentials", async () => {
      const get = async (headers: Readonly<Record<string, string>>): Promise<string> => {
        const script = "fetch(process.argv[1], JSON.parse(process.argv[2])).then((r) => r.text()).then(console.log)";
        const words = [`http://${CONTROL}/metrics`, JSON.stringify({ headers })];
        return (await namespace.run([process.execPath, "-e", script, ...words])).stdout;
      };
      const text = await get({ authorization: `Bearer ${readFileSync(token, "utf8").trim()}` });
      await checkMetrics("live-metrics", text);
      const joins = readMetrics(text).find(({ name }) => name === "vpn_ws_joins_total");
      assert.equal(joins?.samples[0]?.value, 1);
      assert.doesNotMatch(await get({}), /vpn_ws/);
    });
  });
});
