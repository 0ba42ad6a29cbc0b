/**
 * The switch as docs/PROTOCOL.md words it, with arrays and linear search: the oracle beside the fast one. Addresses
 * are text, ports are names, and what a frame did is a list.
 */
export interface NaiveFrame {
  readonly destination: string;
  readonly source: string;
}

export interface NaivePort {
  readonly id: number;
  /** The number it has in the switch, used again after it left. */
  readonly index: number;
  readonly bridge: boolean;
  mac: string | undefined;
}

export interface NaiveOptions {
  readonly floodBroadcast: boolean;
  readonly floodMulticast: boolean;
  readonly fdbCapacity: number;
  readonly agingMs: number;
}

/** A reason not to forward, or the ids of the ports that are to be offered the frame, in no particular order. */
export type NaiveVerdict =
  | { readonly dropped: string; readonly ports?: undefined }
  | { readonly dropped?: undefined; readonly ports: readonly number[] };

const ZERO = "00:00:00:00:00:00";
const BROADCAST = "ff:ff:ff:ff:ff:ff";

const isGroup = (mac: string): boolean => Number.parseInt(mac.slice(0, 2), 16) % 2 === 1;

export class NaiveSwitch {
  ports: NaivePort[] = [];
  /** Seen behind a bridge port. */
  learned: { mac: string; id: number; seenMs: number }[] = [];
  /** Whose address it is: the port that announced or showed it last. */
  owners: { mac: string; id: number }[] = [];
  unlearned = 0;
  readonly #options: NaiveOptions;

  constructor(options: NaiveOptions) {
    this.#options = options;
  }

  attach(port: NaivePort): void {
    this.ports.push(port);
    if (port.mac !== undefined) this.#own(port, port.mac);
  }

  detach(port: NaivePort): void {
    this.ports = this.ports.filter((other) => other !== port);
    this.learned = this.learned.filter(({ id }) => id !== port.id);
    const owned = this.owners.find(({ id }) => id === port.id);
    this.owners = this.owners.filter((owner) => owner !== owned);
    // Another port of the same client has the address then; of several the one with the lowest number.
    const [heir] = this.ports.filter(({ mac }) => mac === owned?.mac).sort((a, b) => a.index - b.index);
    if (owned !== undefined && heir !== undefined) this.#own(heir, owned.mac);
  }

  tick(nowMs: number): void {
    this.learned = this.learned.filter(({ seenMs }) => nowMs - seenMs <= this.#options.agingMs);
  }

  forward(ingress: NaivePort, { destination, source }: NaiveFrame, nowMs: number): NaiveVerdict {
    if (source === ZERO || source === BROADCAST) return { dropped: "source-invalid" };
    if (ingress.mac === undefined) {
      if (isGroup(source)) return { dropped: "source-invalid" };
      ingress.mac = source;
      this.#own(ingress, source);
    }
    if (!ingress.bridge && source !== ingress.mac) return { dropped: "source-not-pinned" };
    if (ingress.bridge && source !== ingress.mac && !isGroup(source)) this.#learn(ingress, source, nowMs);
    if (destination === ZERO) return { dropped: "destination-invalid" };
    if (destination === source) return { dropped: "loop" };
    return this.#decide(ingress, destination);
  }

  #decide(ingress: NaivePort, destination: string): NaiveVerdict {
    const others = this.ports.filter((port) => port !== ingress && port.mac !== undefined);
    const bridges = others.filter(({ bridge }) => bridge);
    if (isGroup(destination)) return flood(this.#isFlooded(destination) ? others : bridges);
    const known = [...this.owners, ...this.learned].find(({ mac }) => mac === destination);
    if (known === undefined) return flood(bridges);
    return known.id === ingress.id ? { dropped: "same-port" } : { ports: [known.id] };
  }

  #isFlooded(destination: string): boolean {
    if (destination === BROADCAST) return this.#options.floodBroadcast;
    const isMulticast = destination.startsWith("01:00:5e:") || destination.startsWith("33:33:");
    return isMulticast && this.#options.floodMulticast;
  }

  #learn(ingress: NaivePort, mac: string, nowMs: number): void {
    if (this.owners.some((owner) => owner.mac === mac)) return;
    const row = this.learned.find((one) => one.mac === mac);
    if (row === undefined && this.learned.length >= this.#options.fdbCapacity) this.unlearned++;
    else if (row === undefined) this.learned.push({ mac, id: ingress.id, seenMs: nowMs });
    else Object.assign(row, { id: ingress.id, seenMs: nowMs });
  }

  #own({ id }: NaivePort, mac: string): void {
    this.learned = this.learned.filter((one) => one.mac !== mac);
    this.owners = this.owners.filter((one) => one.mac !== mac);
    this.owners.push({ mac, id });
  }
}

function flood(ports: readonly NaivePort[]): NaiveVerdict {
  return ports.length > 0 ? { ports: ports.map(({ id }) => id) } : { dropped: "no-destination" };
}
