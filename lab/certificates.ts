/**
 * Certificates for the lab, made by the openssl program in a temporary directory: a CA, a server's with the names and
 * addresses asked for, a client's, and a second CA that nobody trusts, to show that a stranger is refused.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./child.ts";
import type { Lab } from "./namespace.ts";

export interface KeyPair {
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
}

export interface Certificates {
  /** Holds everything below; removed with the lab. */
  readonly directory: string;
  readonly authority: KeyPair;
  readonly server: KeyPair;
  readonly client: KeyPair;
  /** A CA that has signed none of the above. */
  readonly stranger: KeyPair;
}

export interface CertificateNames {
  /** Names and addresses the server's certificate is for, e.g. `["vpn.example", "10.77.0.2", "fd77::2"]`. */
  readonly server: readonly string[];
  /** Common name in the client's certificate. */
  readonly client?: string;
}

/** Makes all of them; elliptic curves, because RSA keys take seconds. */
export async function makeCertificates(lab: Lab, names: CertificateNames): Promise<Certificates> {
  const directory = mkdtempSync(join(tmpdir(), "vpnws-certificates-"));
  lab.onClose(() => rmSync(directory, { recursive: true, force: true }));
  const authority = await selfSigned(directory, "authority", "vpn-ws lab authority");
  const alternatives = names.server.map((name) => `${isAddress(name) ? "IP" : "DNS"}:${name}`).join(",");
  return {
    directory,
    authority,
    server: await signed(authority, directory, "server", names.server[0] ?? "server", [
      "extendedKeyUsage=serverAuth",
      `subjectAltName=${alternatives}`,
    ]),
    client: await signed(authority, directory, "client", names.client ?? "client", ["extendedKeyUsage=clientAuth"]),
    stranger: await selfSigned(directory, "stranger", "vpn-ws lab stranger"),
  };
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function pathsOf(directory: string, name: string): KeyPair {
  return { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
}

async function selfSigned(directory: string, name: string, commonName: string): Promise<KeyPair> {
  const paths = pathsOf(directory, name);
  const output = ["-keyout", paths.key, "-out", paths.certificate];
  await run(["openssl", "req", "-x509", ...NEW_KEY, ...output, "-days", "30", "-subj", `/CN=${commonName}`]);
  return paths;
}

async function signed(
  authority: KeyPair,
  directory: string,
  name: string,
  commonName: string,
  extensions: readonly string[],
): Promise<KeyPair> {
  const paths = pathsOf(directory, name);
  const request = join(directory, `${name}.csr`);
  const extensionFile = join(directory, `${name}.ext`);
  const uses = ["basicConstraints=CA:FALSE", "keyUsage=digitalSignature,keyAgreement", ...extensions];
  writeFileSync(extensionFile, `${uses.join("\n")}\n`);
  await run(["openssl", "req", ...NEW_KEY, "-keyout", paths.key, "-out", request, "-subj", `/CN=${commonName}`]);
  const signer = ["-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial"];
  const output = ["-out", paths.certificate, "-days", "30", "-extfile", extensionFile];
  await run(["openssl", "x509", "-req", "-in", request, ...signer, ...output]);
  return paths;
}

function isAddress(name: string): boolean {
  return name.includes(":") || /^[\d.]+$/.test(name);
}
