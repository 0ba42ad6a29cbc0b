import { createSecureContext } from "node:tls";
import { systemClock } from "../base/clock.ts";
import { ConfigError } from "../base/errors.ts";
import { makeFailure } from "../base/failure.ts";
import { AGENT } from "../base/version.ts";
import { Client } from "../client/client.ts";
import { CLIENT_DEFAULTS } from "../client/client-options.ts";
import { parseCidr } from "../device/cidr.ts";
import { nativeMask } from "../device/native-mask.ts";
import { openTap, TAP_DEFAULTS } from "../device/tap.ts";
import type { TlsClientOptions } from "../transport/dialer.ts";
import { parseServerUrl } from "../transport/server-url.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import { findCredentials, hideCommandLine } from "./credentials.ts";
import { runExec } from "./exec.ts";
import { readFlagFile } from "./files.ts";
import { type LogFormat, type LogLevel, makeLogger } from "./log.ts";
import { runUntilSignal } from "./process-life.ts";
import { tuneSocket } from "./tune-socket.ts";

/** A client as its command line describes it, in the new form or in the original's. */
export interface ClientSettings {
  readonly url: string;
  readonly tap: string | undefined;
  readonly addresses: readonly string[];
  readonly mtu: number | undefined;
  readonly bridge: boolean;
  readonly exec: string | undefined;
  readonly ca: string | undefined;
  readonly key: string | undefined;
  readonly crt: string | undefined;
  readonly verify: boolean;
  readonly authFile: string | undefined;
  readonly dialects: readonly Dialect[];
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

/** TAP, `--exec`, then the link to the server, kept up until a signal comes. */
export async function runClient(settings: ClientSettings): Promise<void> {
  const log = makeLogger(settings.logFormat, settings.logLevel);
  const url = parseServerUrl(settings.url);
  // A query may hold a token.
  if (url.credentials !== undefined || url.path.includes("?")) hideCommandLine(`vpn-ws client ${url.display}`);
  if (url.credentials !== undefined) {
    log.warn("client.credentials", "a password in the URL can be seen by other users for a moment: use --auth-file");
  }
  const credentials = findCredentials(settings.authFile, url.credentials);
  const tls = loadTls(settings);
  if (!tls.verify && url.isSecure) {
    log.warn("client.unverified", "--no-verify: whoever sits on the path can read and change everything");
  }
  const { tap: name = TAP_DEFAULTS.name, mtu } = settings;
  const addresses = settings.addresses.map(parseCidr);
  const device = openTap({ ...TAP_DEFAULTS, name, addresses, ...(mtu === undefined ? {} : { mtu }) });
  const failed = makeFailure();
  const client = new Client(
    { clock: systemClock, log, mask: nativeMask(), tuneSocket, device, onDeviceError: failed.fail },
    Object.freeze({ ...CLIENT_DEFAULTS, url, tls, credentials, bridge: settings.bridge, dialects: settings.dialects }),
  );
  try {
    if (settings.exec !== undefined) runExec(settings.exec, device.name);
  } catch (error) {
    await client.stop();
    throw error;
  }
  log.info("client.started", `${AGENT}: TAP ${device.name}, ${device.mac}`, { tap: device.name, mac: device.mac });
  client.start();
  await runUntilSignal(log, client, failed.promise);
  log.info("client.stopped", "stopped");
}

function loadTls({ ca, crt, key, verify }: ClientSettings): TlsClientOptions {
  if ((crt === undefined) !== (key === undefined)) {
    throw new ConfigError("TLS_FILES_MISSING", "--crt and --key go together: give both.");
  }
  const tls = {
    ca: ca === undefined ? undefined : readFlagFile("--ca", ca),
    cert: crt === undefined ? undefined : readFlagFile("--crt", crt),
    key: key === undefined ? undefined : readFlagFile("--key", key),
    verify,
  };
  try {
    createSecureContext({ ca: tls.ca, cert: tls.cert, key: tls.key });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const files = [ca, crt, key].filter((file) => file !== undefined).join(", ");
    throw new ConfigError("TLS_FILES_INVALID", `cannot use ${files}: ${reason}.`, {
      cause,
      hint: "All must be PEM, and --key must be the key of --crt, without a passphrase.",
    });
  }
  return tls;
}
