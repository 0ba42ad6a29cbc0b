import { readFileSync } from "node:fs";
import { ConfigError } from "../base/errors.ts";
import { replaceFile } from "./replace-file.ts";
import { makeSelfSigned, type SelfSigned } from "./self-signed.ts";
import type { StateDirectory } from "./state-directory.ts";

const OWN_CERTIFICATE_FILE = "server.crt";
const OWN_KEY_FILE = "server.key";

export interface OwnCertificate extends SelfSigned {
  /** Made just now: no client knows its key yet. */
  readonly isNew: boolean;
}

/**
 * The server's own certificate and key, made on the first start and kept from then on. A server without its key is a
 * stranger to every client that has pinned it, so a lost one is an error, and not made anew.
 */
export async function keepOwnCertificate(directory: StateDirectory, names: readonly string[]): Promise<OwnCertificate> {
  const certificate = readOwnCertificate(directory);
  const keyPath = directory.file(OWN_KEY_FILE);
  if (certificate !== undefined) {
    const key = readIfThere(keyPath);
    if (key !== undefined) return { certificate, key, isNew: false };
    throw new ConfigError("OWN_KEY_MISSING", `${keyPath} is missing, the key of ${OWN_CERTIFICATE_FILE} beside it.`, {
      hint: `Restore it, or remove ${directory.file(OWN_CERTIFICATE_FILE)} to begin anew: clients then need new pins or invites.`,
    });
  }
  const made = await makeSelfSigned(names);
  // The certificate comes last: while it is not there nobody can have seen the key.
  await replaceFile(keyPath, made.key, { mode: 0o600, owner: undefined });
  await replaceFile(directory.file(OWN_CERTIFICATE_FILE), made.certificate, { mode: 0o644, owner: undefined });
  return { ...made, isNew: true };
}

/** The certificate as a server has kept it, PEM; undefined if none has been made. */
export function readOwnCertificate(directory: StateDirectory): string | undefined {
  return readIfThere(directory.file(OWN_CERTIFICATE_FILE));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    const reason = cause instanceof Error && "code" in cause ? cause.code : cause;
    throw new ConfigError("FILE_UNREADABLE", `cannot read ${path}: ${String(reason)}.`, { cause });
  }
}
