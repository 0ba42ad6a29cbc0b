import { constants, createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { ConfigError } from "../base/errors.ts";
import { certificateBlocks } from "../wire/pem.ts";
import { keyPin } from "./key-pin.ts";
import type { TlsOffer } from "./tls-offer.ts";
import { TLS_SETTINGS } from "./tls-settings.ts";

/** PEM texts of what a server shows, and of whom it believes. */
export interface ServerCertificateValues {
  /** The server's certificate, and behind it those of its issuers, as far as clients need them. */
  readonly certificate: string;
  /** Its key, without a passphrase. Secret. */
  readonly key: string;
  /** CAs that sign client certificates; undefined: no client is asked for one. */
  readonly clientCa: string | undefined;
  /**
   * Revocation lists, one of each CA in a client's chain. OpenSSL trusts nobody under a CA without a list, or whose list
   * is past its next update: that is kept, because a list that is not renewed hides who was revoked since.
   */
  readonly clientCrl: string | undefined;
}

/** A certificate that can be replaced while connections stand; they keep what they began with. */
export class ServerCertificate implements TlsOffer {
  #state: Loaded;

  /** Throws ConfigError `TLS_FILES_INVALID` or `CLIENT_CA_INVALID`. */
  constructor(values: ServerCertificateValues) {
    this.#state = load(values);
  }

  /** Puts other values in force for connections from now on. Throws as the constructor does; then the old ones stay. */
  replace(values: ServerCertificateValues): void {
    this.#state = load(values);
  }

  context(): SecureContext {
    return this.#state.context;
  }

  get asksCertificate(): boolean {
    return this.#state.asksCertificate;
  }

  /** Of the key in force. */
  get pin(): string {
    return keyPin(this.#state.leaf);
  }

  /** Unix milliseconds when the certificate in force ends. */
  get expiresMs(): number {
    return Date.parse(this.#state.leaf.validTo);
  }
}

interface Loaded {
  readonly context: SecureContext;
  readonly asksCertificate: boolean;
  readonly leaf: X509Certificate;
}

/**
 * No tickets where clients show certificates: a resumed session would take over the client's certificate as it was
 * judged then, though it has expired or been revoked since. Without tickets there is no resumption at all: OpenSSL
 * could keep sessions itself, Node has that switched off.
 */
const NO_RESUMPTION = TLS_SETTINGS.secureOptions | constants.SSL_OP_NO_TICKET;

function load({ certificate: cert, key, clientCa, clientCrl }: ServerCertificateValues): Loaded {
  const asksCertificate = clientCa !== undefined;
  const settings = asksCertificate ? { ...TLS_SETTINGS, secureOptions: NO_RESUMPTION } : TLS_SETTINGS;
  const leaf = attempt(certificateFault, () => readPair(cert, key));
  if (clientCa === undefined) {
    if (clientCrl !== undefined) throw authorityFault("a revocation list is of no use without a client CA");
    const context = attempt(certificateFault, () => createSecureContext({ ...settings, cert, key }));
    return { context, asksCertificate, leaf };
  }
  const context = attempt(authorityFault, () => {
    checkAuthorities(clientCa);
    return createSecureContext({
      ...settings,
      cert,
      key,
      ca: clientCa,
      ...(clientCrl === undefined ? {} : { crl: clientCrl }),
    });
  });
  return { context, asksCertificate, leaf };
}

/** Node would take an empty text for no key at all, and fail at each connection instead. */
function readPair(certificate: string, key: string): X509Certificate {
  const leaf = new X509Certificate(certificate);
  if (!leaf.checkPrivateKey(createPrivateKey(key))) throw new Error("they do not belong together");
  return leaf;
}

/** Node takes a text without any certificate for an empty list, and then nobody could come in. */
function checkAuthorities(pem: string): void {
  const blocks = certificateBlocks(pem);
  if (blocks.length === 0) throw new Error("there is no certificate in PEM");
  for (const block of blocks) new X509Certificate(block);
}

function attempt<T>(fault: (reason: string, cause?: unknown) => ConfigError, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw fault(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function certificateFault(reason: string, cause?: unknown): ConfigError {
  return new ConfigError("TLS_FILES_INVALID", `cannot use the server's certificate with its key: ${reason}.`, {
    cause,
    hint: "Both must be PEM: the certificate with its chain, and its own key without a passphrase.",
  });
}

function authorityFault(reason: string, cause?: unknown): ConfigError {
  return new ConfigError("CLIENT_CA_INVALID", `cannot check client certificates: ${reason}.`, {
    cause,
    hint: "The CA's certificates and its revocation lists must be PEM.",
  });
}
