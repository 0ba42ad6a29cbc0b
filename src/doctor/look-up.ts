import { isIP } from "node:net";
import { joinWords } from "../base/words.ts";
import type { Address, Destination } from "../transport/happy-eyeballs.ts";
import { finding } from "./finding.ts";
import type { Ground, Step } from "./step.ts";

/** What became of asking for one family. */
interface Asked {
  readonly family: 4 | 6;
  readonly addresses: readonly Address[];
  /** Why there are none; empty if there are. */
  readonly code: string;
  readonly tookMs: number;
}

const CODES: Readonly<Record<string, string>> = {
  ENOTFOUND: "no address",
  ENODATA: "no address",
  EAI_AGAIN: "DNS does not answer",
  ETIMEDOUT: "no answer in time",
};

/** Longer than this, and each connection is felt to be slow. */
const SLOW_MS = 500;

/** The addresses of a server's or a proxy's name, each family by itself. */
export const lookUp: Step<Destination, readonly Address[]> = async (ground, { host, port }) => {
  const given = givenFor(ground, { host, port });
  if (given !== undefined) {
    ground.report(
      finding("name", "good", `${host} is ${listOf(given)}, as --resolve says`, { figures: { host, given: true } }),
    );
    return given;
  }
  if (isIP(host) !== 0) {
    ground.report(finding("name", "good", `${host} is an address: no name to look up`, { figures: { host } }));
    return [{ address: host, family: isIP(host) }];
  }
  const asked = await Promise.all(([4, 6] as const).map((family) => ask(ground, host, family)));
  const addresses = asked.flatMap((one) => one.addresses);
  ground.report(judge(host, asked));
  return addresses.length === 0 ? undefined : addresses;
};

function givenFor({ options }: Ground, { host, port }: Destination): readonly Address[] | undefined {
  const { resolve } = options.way;
  const given = resolve.get(`${host.toLowerCase()}:${port}`) ?? resolve.get(`*:${port}`);
  return given?.map((address) => ({ address, family: isIP(address) }));
}

async function ask({ clock, lookUp: look, options }: Ground, host: string, family: 4 | 6): Promise<Asked> {
  const startMs = clock.nowMs();
  let cancel = (): void => {};
  const late = new Promise<string>((resolve) => {
    cancel = clock.after(options.timeoutMs, () => resolve("ETIMEDOUT"));
  });
  const answer = await Promise.race([look(host, family).catch(codeOf), late]);
  cancel();
  const tookMs = clock.nowMs() - startMs;
  return typeof answer === "string"
    ? { family, addresses: [], code: answer, tookMs }
    : { family, addresses: answer, code: "", tookMs };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "EFAIL";
}

function judge(host: string, asked: readonly Asked[]) {
  const addresses = asked.flatMap((one) => one.addresses);
  const slowestMs = Math.max(...asked.map(({ tookMs }) => tookMs));
  const details = asked.map(describe);
  const figures = {
    host,
    families: asked.map(({ family, addresses: found, code, tookMs }) => ({
      family,
      addresses: found.map(({ address }) => address),
      code: code === "" ? null : code,
      tookMs: Math.round(tookMs),
    })),
  };
  if (addresses.length === 0) {
    const isMute = asked.some(({ code }) => code === "EAI_AGAIN" || code === "ETIMEDOUT");
    const mend = isMute
      ? "DNS does not answer: is this machine online, and are the servers in /etc/resolv.conf the right ones?"
      : "Is the name spelled right, and does this machine's DNS know it? Behind a proxy, names may be known to the proxy only: give it with --proxy. With --resolve you can name the address yourself.";
    return finding("name", "fault", `${host} has no address`, { details, mend, figures });
  }
  const what = `${host} is ${listOf(addresses)}`;
  if (slowestMs <= SLOW_MS) return finding("name", "good", what, { details, figures });
  const mend = "DNS is slow: each new connection waits for it. Is the first server in /etc/resolv.conf alive?";
  return finding("name", "warning", `${what}, after ${Math.round(slowestMs)} ms`, { details, mend, figures });
}

function describe({ family, addresses, code, tookMs }: Asked): string {
  const found = addresses.length === 0 ? (CODES[code] ?? code) : listOf(addresses);
  return `IPv${family}: ${found} (${Math.round(tookMs)} ms)`;
}

function listOf(addresses: readonly Address[]): string {
  return joinWords([...new Set(addresses.map(({ address }) => address))]);
}
