import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { ConfigError } from "../base/errors.ts";
import { openInterfaceSocket } from "../device/interface-socket.ts";
import { parseHeaderLine } from "../transport/extra-header.ts";
import { parseResolve } from "../transport/resolve-entry.ts";
import type { WayOut } from "../transport/way-out.ts";
import type { HeaderList } from "../wire/http.ts";
import { readFlagFile } from "./files.ts";
import { findProxy, type ProxySettings } from "./find-proxy.ts";

/** What a command line, or a configuration file, says about the way to a server. */
export interface WaySettings extends ProxySettings {
  /** PEM file of those who sign a proxy's certificate. */
  readonly proxyCa: string | undefined;
  /** Each `Name: value`. */
  readonly headers: readonly string[];
  readonly headerFile: string | undefined;
  readonly host: string | undefined;
  readonly sni: string | undefined;
  /** Each `host:port:address`. */
  readonly resolve: readonly string[];
  readonly source: string | undefined;
  readonly interfaceName: string | undefined;
}

/** Straight, unless the environment says otherwise. */
export const WAY_SETTINGS_DEFAULTS: WaySettings = Object.freeze({
  proxy: undefined,
  proxyAuthFile: undefined,
  proxyCa: undefined,
  headers: [],
  headerFile: undefined,
  host: undefined,
  sni: undefined,
  resolve: [],
  source: undefined,
  interfaceName: undefined,
});

/** Checks the settings and reads their files. Throws a ConfigError, which holds no secret. */
export function loadWay(settings: WaySettings, environment: NodeJS.ProcessEnv): WayOut {
  const { host, sni, source, interfaceName } = settings;
  return Object.freeze({
    proxyFor: findProxy(settings, environment),
    proxyCa: settings.proxyCa === undefined ? undefined : readCertificates(settings.proxyCa),
    resolve: parseResolve(settings.resolve),
    sourceAddress: source === undefined ? undefined : checked("--source", source, isIP(source) !== 0, "an IP address"),
    makeSocket: interfaceName === undefined ? undefined : socketMaker(interfaceName),
    headers: readHeaders(settings),
    hostHeader: host === undefined ? undefined : checked("--host", host, /^[\x21-\x7e]{1,255}$/.test(host), "a host"),
    serverName: sni === undefined ? undefined : checked("--sni", sni, isName(sni), "a name of a host"),
  });
}

function readHeaders({ headers, headerFile }: WaySettings): HeaderList {
  const inFile = headerFile === undefined ? "" : readFlagFile("--header-file", headerFile).toString("utf8");
  const lines = inFile.split(/\r?\n/).filter((line) => line.trim() !== "");
  return [
    ...headers.map((line) => parseHeaderLine(line, "--header")),
    ...lines.map((line) => parseHeaderLine(line, headerFile ?? "")),
  ];
}

function readCertificates(path: string): Buffer {
  const ca = readFlagFile("--proxy-ca", path);
  try {
    // A secure context takes a file without any certificate, and trusts nobody then.
    new X509Certificate(ca);
    return ca;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("TLS_FILES_INVALID", `cannot use ${path}: ${reason}.`, { cause, hint: "It must be PEM." });
  }
}

function socketMaker(interfaceName: string): NonNullable<WayOut["makeSocket"]> {
  // IFNAMSIZ is 16 with the final zero.
  const isName = /^[^\s/]+$/.test(interfaceName) && Buffer.byteLength(interfaceName) <= 15;
  checked("--interface", interfaceName, isName, "the name of an interface");
  return (version) => openInterfaceSocket(interfaceName, version);
}

/** SNI carries names only (RFC 6066, 3). */
function isName(text: string): boolean {
  return isIP(text) === 0 && text.length <= 253 && /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/.test(text);
}

function checked(flag: string, value: string, isGood: boolean, what: string): string {
  if (isGood) return value;
  throw new ConfigError("WAY_INVALID", `${flag} must be ${what}, not ${JSON.stringify(value)}.`);
}
