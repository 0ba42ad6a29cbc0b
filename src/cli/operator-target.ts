import { findSockets, socketDirectory } from "../api/socket-directory.ts";
import { ConfigError, PeerError } from "../base/errors.ts";
import { formatAuthorization } from "../transport/client-credentials.ts";
import { connectFailure } from "../transport/stale-socket.ts";
import { readLoginFile, readTokenFile } from "./credentials.ts";
import { readFlagFile } from "./files.ts";

/** What a command line says about the server (or client) that is to be looked at. */
export interface OperatorFlags {
  readonly control?: string;
  readonly login?: string;
  readonly token?: string;
  readonly ca?: string;
}

/** A control interface, and what is shown to it. */
export interface OperatorTarget {
  /** For people: a `unix:` path or a URL without what may be secret. */
  readonly display: string;
  /** Undefined for TCP. */
  readonly socketPath: string | undefined;
  /** Where its API begins; without a slash at the end. */
  readonly base: URL;
  /** Header of each request. Secret. */
  readonly authorization: string | undefined;
  /** Certificates that https may stand on, in PEM; undefined: the system's. */
  readonly ca: Buffer | undefined;
}

const EXAMPLES = "Examples: unix:/run/vpn-ws/server-1234.sock, http://127.0.0.1:8081, https://vpn.example.com/admin.";

/** The server that the flags name, or the only one of this machine. Throws a VpnError that says what to do. */
export async function findServer(flags: OperatorFlags): Promise<OperatorTarget> {
  return flags.control === undefined ? socketTarget(await onlyServer()) : namedTarget(flags.control, flags);
}

/** What `--control` names, with the credentials of the flags beside it. */
export function namedTarget(text: string, { login, token, ca }: OperatorFlags): OperatorTarget {
  if (text.startsWith("unix:/")) return socketTarget(text.slice("unix:".length));
  const base = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = base !== undefined && /^https?:$/.test(base.protocol) && base.search === "" && base.hash === "";
  if (!isHttp || base.username !== "" || base.password !== "") {
    const message = "--control is a unix socket, or a URL of http or https without user, password and query.";
    throw new ConfigError("CONTROL_URL_INVALID", message, { hint: EXAMPLES });
  }
  base.pathname = base.pathname.replace(/\/+$/, "");
  return {
    display: base.href.replace(/\/$/, ""),
    socketPath: undefined,
    base,
    authorization: authorizationOf(login, token),
    ca: ca === undefined ? undefined : readFlagFile("--ca", ca),
  };
}

/** Whoever listens at a unix socket; who we are is told by the kernel. */
export function socketTarget(socketPath: string): OperatorTarget {
  const base = new URL("http://localhost");
  return { display: `unix:${socketPath}`, socketPath, base, authorization: undefined, ca: undefined };
}

function authorizationOf(login: string | undefined, token: string | undefined): string | undefined {
  if (login !== undefined && token !== undefined) {
    throw new ConfigError("CREDENTIALS_AMBIGUOUS", "--login and --token say two things: give one of them.");
  }
  if (login !== undefined) return formatAuthorization(readLoginFile("--login", login));
  return token === undefined ? undefined : formatAuthorization(readTokenFile("--token", token));
}

async function onlyServer(): Promise<string> {
  const directory = socketDirectory();
  const paths = findSockets(directory).flatMap(({ kind, path }) => (kind === "server" ? [path] : []));
  const living = paths.length === 1 ? paths : await withoutDead(paths);
  const [only, another] = living;
  if (only === undefined) {
    throw new PeerError(
      "CONTROL_NO_SERVER",
      `no server was found on this machine: ${directory} has no socket of one.`,
      {
        hint: "Is it running? If it is elsewhere, say where: --control https://vpn.example.com:8081 --login FILE.",
      },
    );
  }
  if (another === undefined) return only;
  const choices = living.map((path) => `--control unix:${path}`).join("\n  ");
  throw new ConfigError("CONTROL_AMBIGUOUS", `${living.length} servers run on this machine.`, {
    hint: `Say which:\n  ${choices}`,
  });
}

async function withoutDead(paths: readonly string[]): Promise<readonly string[]> {
  const failures = await Promise.all(paths.map(connectFailure));
  return paths.filter((_, index) => failures[index]?.code !== "ECONNREFUSED" && failures[index]?.code !== "ENOENT");
}
