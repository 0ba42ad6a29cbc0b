import type { Command } from "commander";
import { collect } from "./flags.ts";
import type { WaySettings } from "./way-settings.ts";

/** The flags of every command that goes to a server: how to get there. */
export interface WayFlags {
  readonly proxy?: string;
  readonly proxyAuthFile?: string;
  readonly proxyCa?: string;
  readonly header?: readonly string[];
  readonly headerFile?: string;
  readonly host?: string;
  readonly sni?: string;
  readonly resolve?: readonly string[];
  readonly source?: string;
  readonly interface?: string;
}

export function addWayFlags(command: Command): Command {
  return command
    .option(
      "--proxy <url>",
      "go by this proxy: http://, https://, socks5:// or socks5h://host[:port], or none (default: as HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say)",
    )
    .option("--proxy-auth-file <file>", "file with user:password for the proxy")
    .option("--proxy-ca <file>", "certificates that sign an https:// proxy's, PEM (default: the system's list)")
    .option("--header <line>", "'Name: value', sent with the request, repeatable", collect)
    .option("--header-file <file>", "file with such lines, for those that are secret")
    .option("--host <name>", "the header Host, in place of the URL's")
    .option("--sni <name>", "the name asked for and checked in TLS, in place of the URL's")
    .option("--resolve <host:port:address>", "take this address and ask no DNS, repeatable", collect)
    .option("--source <address>", "our own address of the connection")
    .option("--interface <name>", "the interface that the connection leaves by");
}

/** Their settings, complete. */
export function waySettings(flags: WayFlags): WaySettings {
  return {
    proxy: flags.proxy,
    proxyAuthFile: flags.proxyAuthFile,
    proxyCa: flags.proxyCa,
    headers: flags.header ?? [],
    headerFile: flags.headerFile,
    host: flags.host,
    sni: flags.sni,
    resolve: flags.resolve ?? [],
    source: flags.source,
    interfaceName: flags.interface,
  };
}
