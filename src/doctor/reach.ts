import { connect, isIP, type Socket } from "node:net";
import { formatMs, plural } from "../base/words.ts";
import { connectFaultOf } from "../transport/connect-fault.ts";
import type { Address } from "../transport/happy-eyeballs.ts";
import type { Finding } from "./finding.ts";
import { finding } from "./finding.ts";
import type { Ground, Step } from "./step.ts";

/** Addresses that are tried at most; a name with more has them for balance, not for us. */
const MAX_TRIED = 8;

export interface Doors {
  readonly port: number;
  readonly addresses: readonly Address[];
  /** Who is there, for the sentences: the server, or a proxy. */
  readonly whose: "server" | "proxy";
}

interface Knock {
  readonly address: string;
  readonly family: number;
  /** Undefined if it did not open. */
  readonly tookMs: number | undefined;
  readonly code: string;
  readonly reason: string;
}

const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "no answer",
  ENETUNREACH: "this machine has no route there",
  EHOSTUNREACH: "no way to that host",
  EADDRNOTAVAIL: "not from the address given with --source",
};

const MENDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Nothing listens on that port: is it running, and is the port right?",
  ETIMEDOUT:
    "No answer comes: a firewall swallows the packets, here, on the way or there. Is the port open to the outside?",
  ENETUNREACH: "This machine has no route there: is it online?",
  EHOSTUNREACH: "There is no way to that host from here.",
};

/** Knocks at every address by itself; a client would take the first that opens. True if one did. */
export const reach: Step<Doors, true> = async (ground, doors) => {
  const tried = doors.addresses.slice(0, MAX_TRIED);
  const knocks = await Promise.all(tried.map((address) => knock(ground, address, doors.port)));
  const verdict = judge(doors, knocks);
  ground.report(verdict);
  return verdict.level === "fault" ? undefined : true;
};

function knock({ clock, options, signal }: Ground, { address, family }: Address, port: number): Promise<Knock> {
  const startMs = clock.nowMs();
  return new Promise((resolve) => {
    const settle = (tookMs: number | undefined, code = "", reason = ""): void => {
      cancel();
      signal.removeEventListener("abort", onAbort);
      socket?.destroy();
      resolve({ address, family, tookMs, code, reason });
    };
    const onAbort = (): void => settle(undefined, "ABORTED", "called off");
    let socket: Socket | undefined;
    const cancel = clock.after(options.timeoutMs, () => settle(undefined, "ETIMEDOUT"));
    try {
      socket = open(options.way, address, port);
      signal.addEventListener("abort", onAbort, { once: true });
      socket.on("error", (error) => {
        const { code, reason } = connectFaultOf(error);
        settle(undefined, code, reason);
      });
      socket.once("connect", () => settle(clock.nowMs() - startMs));
    } catch (error) {
      settle(undefined, "EFAIL", error instanceof Error ? error.message : String(error));
    }
  });
}

function open({ makeSocket, sourceAddress }: Ground["options"]["way"], host: string, port: number): Socket {
  const where = { host, port, ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }) };
  return makeSocket === undefined ? connect(where) : makeSocket(isIP(host) === 6 ? 6 : 4).connect(where);
}

function judge({ port, whose }: Doors, knocks: readonly Knock[]): Finding {
  const open = knocks.filter(({ tookMs }) => tookMs !== undefined);
  const details = knocks.map(describe);
  const figures = {
    port,
    addresses: knocks.map(({ address, tookMs, code }) => ({
      address,
      tookMs: tookMs === undefined ? null : Math.round(tookMs * 10) / 10,
      code: code === "" ? null : code,
    })),
  };
  const [first] = knocks;
  if (open.length === 0) {
    const what = `port ${port} of the ${whose} does not open: ${first === undefined ? "" : sentenceOf(first)}`;
    return finding("connect", "fault", what, { details, mend: MENDS[first?.code ?? ""] ?? "", figures });
  }
  const fastest = Math.min(...open.map(({ tookMs }) => tookMs as number));
  const what = `port ${port} of the ${whose} opens in ${formatMs(fastest)}`;
  const shut = knocks.filter(({ tookMs, code }) => tookMs === undefined && code !== "ENETUNREACH");
  if (shut.length === 0) return finding("connect", "good", what, { details, figures });
  const families = [...new Set(shut.map(({ family }) => `IPv${family}`))].join(" and ");
  const count = plural(shut.length, "address does", "addresses do");
  const mend = `${families}: ${count} not open, and a connection that begins there loses a quarter of a second. Take them out of DNS, or let the ${whose} listen there.`;
  return finding("connect", "warning", `${what}, but not by ${families}`, { details, mend, figures });
}

function describe(one: Knock): string {
  return `${one.address}: ${one.tookMs === undefined ? sentenceOf(one) : formatMs(one.tookMs)}`;
}

function sentenceOf({ code, reason }: Knock): string {
  return CODES[code] ?? (reason === "" ? code : reason);
}
