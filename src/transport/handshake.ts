import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Clock } from "../base/clock.ts";
import { discardReads, type FirstByte, type PeekByte, peekFirstByte, readFirstByte } from "./first-byte.ts";
import { httpIncoming, type Incoming, type IncomingHead, type Origin, refuse, uwsgiIncoming } from "./incoming.ts";
import type { Protocol } from "./listen-address.ts";
import { verifiedPeerCertificate } from "./peer-certificate.ts";
import { detectProtocol } from "./protocol.ts";
import { type HeadFormat, type HeadOutcome, readHead } from "./read-head.ts";
import type { TlsOffer } from "./tls-offer.ts";

export interface HandshakeOptions {
  /** What may be spoken here. */
  readonly spoken: readonly Protocol[];
  readonly origin: Origin;
  /** From the accepted connection to the end of the request head, TLS included. */
  readonly timeoutMs: number;
}

export interface HandshakeDeps {
  readonly clock: Clock;
  /** Undefined: TLS is refused. */
  readonly tls: TlsOffer | undefined;
  /** Without it TLS is slower. */
  readonly peekByte?: PeekByte | undefined;
}

/** Why a connection ended before it made a request; counted by the listener. */
export type Refusal = "late" | "gone" | "unknown-protocol" | "tls-failed" | "malformed";

export interface HandshakeEvents {
  done(incoming: Incoming): void;
  refused(reason: Refusal, detail: string): void;
}

/**
 * One accepted connection until its request is whole:
 *
 *     first byte ─┬─ 0x16 ─► TLS ─► HTTP head ─┐
 *                 ├─ A…Z ─────────► HTTP head ──┼─► done
 *                 └─ 0, 1 ────────► uwsgi vars ─┘        anything else, malformed or late: refused
 */
export function shakeHands(
  deps: HandshakeDeps,
  socket: Socket,
  options: HandshakeOptions,
  events: HandshakeEvents,
): void {
  const deadlineMs = deps.clock.nowMs() + options.timeoutMs;
  const remainingMs = (): number => Math.max(0, deadlineMs - deps.clock.nowMs());

  const drop = (reason: Refusal, detail: string): void => {
    socket.destroy();
    events.refused(reason, detail);
  };
  const readRequest = (stream: Socket, format: HeadFormat<IncomingHead>, certificate?: X509Certificate): void =>
    readHead(deps.clock, stream, { timeoutMs: remainingMs(), format }, (outcome) => {
      const { origin } = options;
      if (outcome.state === "done")
        events.done({ ...outcome.head, origin, certificate, socket: stream, rest: outcome.rest });
      else refuseOutcome(stream, outcome, events);
    });
  const readTls = (): void => {
    if (deps.tls === undefined) {
      drop("tls-failed", "TLS was spoken, but there is no certificate");
      return;
    }
    startTls(deps.clock, deps.tls, socket, remainingMs(), (outcome) => {
      if (typeof outcome === "string") drop("tls-failed", outcome);
      else readRequest(outcome, httpIncoming, verifiedPeerCertificate(outcome));
    });
  };
  const onFirstByte = (first: FirstByte): void => {
    const protocol = typeof first === "string" ? undefined : detectProtocol(first);
    if (typeof first === "string") drop(first, "no byte came");
    else if (protocol === undefined || !options.spoken.includes(protocol)) {
      refuseProtocol(socket, protocol, options.spoken, events);
    } else if (protocol === "tls") readTls();
    else readRequest(socket, protocol === "http" ? httpIncoming : uwsgiIncoming);
  };
  const { clock, peekByte } = deps;
  const isTlsOnly = options.spoken.every((protocol) => protocol === "tls");
  const onPeeked = (first: FirstByte): void => {
    if (typeof first === "number" && detectProtocol(first) !== "tls") discardReads(socket);
    onFirstByte(first);
  };
  const isPeeked =
    isTlsOnly && peekByte !== undefined && peekFirstByte(clock, socket, peekByte, remainingMs(), onPeeked);
  if (!isPeeked) readFirstByte(clock, socket, remainingMs(), onFirstByte);
}

/** Runs the server's side of TLS over the socket; answers the TLS socket, or why there is none. */
function startTls(
  clock: Clock,
  tls: TlsOffer,
  socket: Socket,
  timeoutMs: number,
  done: (outcome: TLSSocket | string) => void,
): void {
  const stream = new TLSSocket(socket, {
    isServer: true,
    secureContext: tls.context(),
    requestCert: tls.asksCertificate,
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
  });
  let isDone = false;
  const finish = (outcome: TLSSocket | string): void => {
    if (isDone) return;
    isDone = true;
    cancelTimer();
    stream.off("secure", onSecure).off("close", onGone);
    done(outcome);
  };
  const onSecure = (): void => finish(stream);
  const onGone = (): void => finish("the connection was closed");
  const cancelTimer = clock.after(timeoutMs, () => finish("the TLS handshake took too long"));
  stream.once("secure", onSecure).once("close", onGone);
  // The listener stays for the stream's life: an error without one would end the process. "close" follows an error.
  stream.on("error", (error) => finish(error.message));
}

/** Says so in HTTP: a TLS client shows at least that this is no TLS; others would not understand a word. */
function refuseProtocol(
  socket: Socket,
  protocol: Protocol | undefined,
  spoken: readonly Protocol[],
  events: HandshakeEvents,
): void {
  const detail = `${protocol ?? "an unknown protocol"} was spoken where ${spoken.join(", ")} is`;
  if (protocol === "http") refuse(socket, 400, "This port speaks TLS: use https or wss.");
  else if (protocol === "tls") refuse(socket, 400, "This port speaks plain HTTP: use http or ws.");
  else socket.destroy();
  events.refused("unknown-protocol", detail);
}

function refuseOutcome(
  stream: Socket,
  outcome: Exclude<HeadOutcome<unknown>, { readonly state: "done" }>,
  events: HandshakeEvents,
): void {
  if (outcome.state === "fault") {
    refuse(stream, outcome.status ?? 400, outcome.message);
    events.refused("malformed", outcome.message);
  } else if (outcome.state === "late") {
    refuse(stream, 408, "The request took too long.");
    events.refused("late", "the request was not whole in time");
  } else {
    stream.destroy();
    events.refused("gone", "the connection was closed before the request was whole");
  }
}
