import type { X509Certificate } from "node:crypto";

/** What a trusted web server says about the client that it let through. */
export interface FrontWord {
  /** REMOTE_USER or X-Remote-User; empty if it did not authenticate. */
  readonly user: string;
  /** Subject of the client certificate that the web server has verified, as RFC 2253 writes it; empty if there was none. */
  readonly distinguishedName: string;
}

/** Everything an authenticator may look at. The headers are the client's words, nothing of them is believed. */
export interface AccessRequest {
  /** IP address of the client as far as it can be trusted; empty if nobody knows. */
  readonly address: string;
  /** Percent-encoded, as it came. */
  readonly path: string;
  /** Takes the name in lower case. */
  header(name: string): string | undefined;
  /** Undefined unless the request came through a web server that is trusted. */
  readonly front: FrontWord | undefined;
  /** The client's own certificate on our TLS listener, verified by TLS; undefined if it showed none, or a web server speaks for it. */
  readonly certificate: X509Certificate | undefined;
}
