import { connect, isIP, type Socket } from "node:net";
import { addAbortSignal } from "node:stream";
import type { Clock } from "../base/clock.ts";
import { PeerError } from "../base/errors.ts";
import { type Address, type Attempt, connectFirst, type Destination, lookUp } from "./happy-eyeballs.ts";
import { isLocalOnly } from "./listen-address.ts";
import type { WayOut } from "./way-out.ts";

/** A TCP connection to a server or a proxy as the way out says: to which addresses, from which one, by which interface. */
export function connectTcp(clock: Clock, destination: Destination, way: WayOut, signal: AbortSignal): Promise<Socket> {
  const { sourceAddress: localAddress, makeSocket } = way;
  const attempt: Attempt = (host, called) => {
    way.pinRoute?.(host);
    const where = { host, port: destination.port, ...(localAddress === undefined ? {} : { localAddress }) };
    if (makeSocket === undefined) return connect({ ...where, signal: called });
    const socket = makeSocket(isIP(host) === 6 ? 6 : 4);
    addAbortSignal(called, socket);
    return socket.connect(where);
  };
  return connectFirst(clock, () => addressesOf(destination, way), signal, attempt);
}

/** Every address that can be reached from ours, the best first: those given, else what DNS says now. */
export async function addressesOf(
  { host, port }: Destination,
  { resolve, lookUp: ask = lookUp, sourceAddress }: Pick<WayOut, "resolve" | "lookUp" | "sourceAddress">,
): Promise<readonly Address[]> {
  // What is said to be on this machine is trusted without TLS, so it is not looked for elsewhere.
  const isHere = isLocalOnly({ kind: "tcp", host, port });
  const given = isHere ? undefined : (resolve.get(`${host.toLowerCase()}:${port}`) ?? resolve.get(`*:${port}`));
  const all = given?.map((address) => ({ address, family: isIP(address) })) ?? (await ask(host));
  const family = sourceAddress === undefined ? undefined : isIP(sourceAddress);
  const reachable = all.filter((one) => family === undefined || one.family === family);
  if (reachable.length > 0) return reachable;
  throw new PeerError("SOURCE_FAMILY", `${host} has no IPv${family} address, and ${sourceAddress} is one.`, {
    hint: "Give --source an address of the other family, or leave it away.",
  });
}
