/**
 * `npm run demo`: shows in half a minute that the VPN works and how fast it is, on this machine, with the real binaries:
 * builds a network of three namespaces, pings across it, runs iperf3 through it, prints the figures, removes it all.
 * Its exit status is 0 only if frames really crossed.
 */
import { parseArgs } from "node:util";
import { runIperf, type Throughput } from "./iperf.ts";
import { Lab } from "./namespace.ts";
import { buildNetwork, type Network, type Site } from "./network.ts";
import { isProfileName, PROFILES, type ProfileName } from "./path/profiles.ts";
import { percentile, runPing } from "./ping.ts";
import { requirePrograms } from "./programs.ts";
import { Progress } from "./progress.ts";

const USAGE = `usage: npm run demo [-- --nginx] [--profile NAME] [--seconds N]
  --nginx         put nginx in front of the server (contrib/nginx/uwsgi-unix.conf)
  --profile NAME  between clients and server an emulated path instead of a cable:
                  ${Object.keys(PROFILES).join(", ")}
  --seconds N     length of each of the three iperf3 runs (default 3; 8 with a profile)`;

const REAL_MACHINES = `The same between two real machines, both with Node 20.19 or newer, as root:
  once on each       npm ci && npm run build
  on the server      node dist/cli/vpn-ws.js server --listen https://0.0.0.0:8443 --auth tokens --tap vpn0 --address 10.9.0.1/24
  beside it          node dist/cli/vpn-ws.js invite alice --url wss://SERVER:8443/
  on the other       node dist/cli/vpn-ws.js client --address 10.9.0.2/24 'vpn-ws://SERVER:8443/…'      (what invite printed)
  then there         ping 10.9.0.1`;

interface Flow {
  readonly title: string;
  readonly from: Site;
  readonly to: Site;
  readonly direction: "up" | "down";
}

/** One line of the table at the end. */
interface Figure {
  readonly title: string;
  readonly text: string;
}

interface Wishes {
  readonly withNginx: boolean;
  readonly profile?: ProfileName;
  readonly seconds: number;
}

const { values } = parseArgs({
  options: {
    nginx: { type: "boolean", default: false },
    profile: { type: "string" },
    seconds: { type: "string" },
    help: { type: "boolean" },
  },
});
const { profile } = values;
if (values.help) {
  console.log(USAGE);
} else if (profile !== undefined && !isProfileName(profile)) {
  console.error(`There is no profile "${profile}".\n${USAGE}`);
  process.exitCode = 2;
} else {
  // A slow path takes a while to be filled.
  const seconds = Number(values.seconds ?? (profile === undefined ? 3 : 8));
  await demonstrate({ withNginx: values.nginx, seconds, ...(profile === undefined ? {} : { profile }) });
}

async function demonstrate(wishes: Wishes): Promise<void> {
  const progress = new Progress(process.stdout);
  let lab: Lab | undefined;
  try {
    await requirePrograms("ip", "ping", "iperf3", ...(wishes.withNginx ? (["nginx"] as const) : []));
    lab = await Lab.open();
    const figures = await measure(lab, progress, wishes);
    progress.note(`\n${formatFigures(figures)}\n\n${REAL_MACHINES}`);
  } catch (error) {
    if (lab?.isClosing) progress.note("interrupted; removing the namespaces");
    else progress.fail(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    await lab?.close();
  }
}

async function measure(
  lab: Lab,
  progress: Progress,
  { withNginx, profile, seconds }: Wishes,
): Promise<readonly Figure[]> {
  const machines = `three machines (namespaces): a server${withNginx ? " behind nginx" : ""}, two clients`;
  const setup = profile === undefined ? machines : `${machines}, each on a path like ${profile}`;
  const options = {
    front: withNginx ? "uwsgi-unix" : "direct",
    ...(profile === undefined ? {} : { path: profile }),
  } as const;
  const network = await progress.step(setup, () => buildNetwork(lab, options));
  progress.note(describeNetwork(network));
  const [first, second] = network.clients;
  if (first === undefined || second === undefined) throw new Error("the network has fewer than two clients");
  const figures = [
    await pingFigure(progress, "client 1 to server", first, network.server),
    await pingFigure(progress, "client 1 to client 2", first, second),
    await pingFigure(progress, "client 2 to client 1, IPv6", second, first, "ipv6"),
  ];
  const flows: readonly Flow[] = [
    { title: "client 1 to server", from: first, to: network.server, direction: "up" },
    { title: "server to client 1", from: first, to: network.server, direction: "down" },
    { title: "client 1 to client 2", from: first, to: second, direction: "up" },
  ];
  for (const flow of flows) figures.push(await flowFigure(progress, flow, seconds));
  return figures;
}

async function pingFigure(
  progress: Progress,
  title: string,
  from: Site,
  to: Site,
  family: "ipv4" | "ipv6" = "ipv4",
): Promise<Figure> {
  const result = await progress.step(`ping, ${title} (${to[family]})`, async () => {
    // The first packet also pays for address resolution; it shows that frames cross, the rest how fast.
    const first = await runPing(from.namespace, { address: to[family], count: 1, deadlineSeconds: 5 });
    if (first.received === 0)
      throw new Error(`no frame crossed: ${title} answered no ping\n${from.vpn.child.describe()}`);
    return runPing(from.namespace, { address: to[family], count: 100 });
  });
  const median = percentile(result.timesMs, 0.5).toFixed(3);
  const slowest = percentile(result.timesMs, 1).toFixed(3);
  return {
    title: `ping, ${title}`,
    text: `${median} ms median, ${slowest} ms slowest, ${result.received}/${result.sent}`,
  };
}

async function flowFigure(progress: Progress, flow: Flow, seconds: number): Promise<Figure> {
  const { from, to, direction, title } = flow;
  const result = await progress.step(`iperf3, one TCP flow, ${title}, ${seconds} s`, () =>
    runIperf(from.namespace, to.namespace, { address: to.ipv4, direction, seconds }),
  );
  if (result.bytes === 0) throw new Error(`no bytes crossed: ${title}\n${from.vpn.child.describe()}`);
  return { title: `TCP, ${title}`, text: formatThroughput(result) };
}

function describeNetwork({ server, clients, urls }: Network): string {
  const lines = clients.map(({ ipv4 }, index) => `    client ${index + 1}  ${ipv4}  dials ${urls[index] ?? ""}`);
  return [`    server    ${server.ipv4}`, ...lines].join("\n");
}

function formatThroughput({ megabitsPerSecond, bytes }: Throughput): string {
  return `${formatRate(megabitsPerSecond)} Mbit/s (${(bytes / 1e6).toFixed(0)} MB)`;
}

function formatFigures(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ title }) => title.length));
  return figures.map(({ title, text }) => `  ${title.padEnd(width)}  ${text}`).join("\n");
}

function formatRate(megabitsPerSecond: number): string {
  return megabitsPerSecond < 100 ? megabitsPerSecond.toFixed(1) : Math.round(megabitsPerSecond).toLocaleString("en");
}
