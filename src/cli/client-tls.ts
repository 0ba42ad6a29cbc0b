import { createSecureContext } from "node:tls";
import { ConfigError } from "../base/errors.ts";
import type { TlsClientOptions } from "../transport/dialer.ts";
import { readFlagFile } from "./files.ts";

/** What a command line says about TLS, without the pins, which an invite may bring. */
export interface ClientTlsFiles {
  readonly ca: string | undefined;
  readonly key: string | undefined;
  readonly crt: string | undefined;
  readonly verify: boolean;
}

/** Reads the files and tries them. Throws a ConfigError for what cannot be used. */
export function loadClientTls({ ca, crt, key, verify }: ClientTlsFiles, pins: readonly string[]): TlsClientOptions {
  if ((crt === undefined) !== (key === undefined)) {
    throw new ConfigError("TLS_FILES_MISSING", "--crt and --key go together: give both.");
  }
  const tls = {
    ca: ca === undefined ? undefined : readFlagFile("--ca", ca),
    cert: crt === undefined ? undefined : readFlagFile("--crt", crt),
    key: key === undefined ? undefined : readFlagFile("--key", key),
    pins,
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
