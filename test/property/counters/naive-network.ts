import { Drop, type DropReason } from "../../../src/base/drop-reason.ts";
import type { Ledger } from "./ledger.ts";
import { type Content, type Journey, LARGE_BYTES } from "./traffic.ts";

const BROADCAST = "ff:ff:ff:ff:ff:ff";
const NOBODY = "00:00:00:00:00:00";
const IP_AND_UDP_BYTES = 20;
const FRAGMENT_UNIT_BYTES = 8;
/** Answers to frames that are too big; the clock of a test does not fill the budget up again. */
const ANSWERS = 50;

/** An attachment as the model sees it. */
export interface Station {
  readonly mac: string;
  readonly mtu: number;
  readonly isBridge: boolean;
  readonly isIsolated: boolean;
  readonly isUplink: boolean;
  /** MACs behind it that it has shown. */
  readonly learned: Set<string>;
  readonly ledger: Ledger;
  /** Broadcasts that it may still send. */
  broadcasts: number;
}

/** Who is at a switch, and which of them a frame is for: plainly, and with the ledgers of all of them. */
export class NaiveNetwork {
  readonly stations = new Set<Station>();

  /** A frame that has passed the checks of its headers. */
  forward(from: Station, journey: Journey, content: Content, frameBytes: number): void {
    from.ledger.received(frameBytes, this.#decide(from, journey, content));
  }

  answer(to: Station): void {
    if (to.ledger.tooBigAnswers >= ANSWERS) return;
    to.ledger.tooBigAnswers++;
    to.ledger.given++;
  }

  #decide(from: Station, { source, destination }: Journey, content: Content): DropReason | undefined {
    if (source !== from.mac && !from.isBridge) return Drop.sourceNotPinned;
    if (destination === BROADCAST && !from.isUplink && from.broadcasts-- <= 0) return Drop.stormBroadcast;
    if (source !== from.mac) from.learned.add(source);
    if (destination === NOBODY) return Drop.destinationInvalid;
    if (destination === source) return Drop.loop;
    const others = [...this.stations].filter((one) => one !== from);
    if (destination === BROADCAST) return this.#flood(from, others, content);
    const known = [...this.stations].find(({ mac, learned }) => mac === destination || learned.has(destination));
    if (known === from) return Drop.samePort;
    if (known === undefined)
      return this.#flood(
        from,
        others.filter((one) => one.isBridge),
        content,
      );
    return areApart(from, known) ? Drop.isolated : this.#give(from, known, content);
  }

  #flood(from: Station, others: readonly Station[], content: Content): DropReason | undefined {
    const reached = others.filter((one) => !areApart(from, one));
    for (const one of reached) this.#give(from, one, content);
    return reached.length === 0 ? Drop.noDestination : undefined;
  }

  /** What is too large for a station is cut for it, or answered. */
  #give(from: Station, to: Station, content: Content): undefined {
    if (LARGE_BYTES <= to.mtu || content === "plain" || content === "super-frame") to.ledger.given++;
    else if (content === "large") {
      const most = Math.floor((to.mtu - IP_AND_UDP_BYTES) / FRAGMENT_UNIT_BYTES) * FRAGMENT_UNIT_BYTES;
      const fragments = Math.ceil((LARGE_BYTES - IP_AND_UDP_BYTES) / most);
      to.ledger.given += fragments;
      to.ledger.fragments += fragments;
    } else {
      to.ledger.withheld(Drop.tooBig);
      this.answer(from);
    }
  }
}

function areApart(one: Station, other: Station): boolean {
  return (one.isIsolated && !other.isUplink) || (other.isIsolated && !one.isUplink);
}
