/**
 * Where everything of the drawing is, in pixels: the server in the middle, each network a disc of peers around its
 * uplink. With one network its uplink is the server's; several lie around the server in shells. Networks that would be
 * too small to read are folded, the largest first; those that somebody opened are not, and the frame grows instead.
 *
 *       one network                several
 *        o  o  o                  o o
 *       o  [S]  o               o  u  o ── [S] ── ( 380 peers )
 *        o  o  o                  o o
 */

import { type Layout, MIN_CELL, place } from "./placing.ts";
import { Seats } from "./seats.ts";
import { cellIn, type Frame, makeWorld, type NetworkMembers, type World } from "./world.ts";

export class NetworkLayout {
  readonly #seats = new Map<string, Seats>();

  /** Lays out who is there now; whoever was there before keeps his seat. */
  update(networks: readonly NetworkMembers[], frame: Frame, opened: ReadonlySet<string>): Layout {
    this.#seatAll(networks);
    const world = this.#unfoldAsFarAsReadable(networks, frame, opened);
    return place(world, frame, (network) => this.#seats.get(network) as Seats);
  }

  #seatAll(networks: readonly NetworkMembers[]): void {
    const here = new Set(networks.map(({ name }) => name));
    for (const name of this.#seats.keys()) if (!here.has(name)) this.#seats.delete(name);
    for (const { name, peers } of networks) {
      const seats = this.#seats.get(name) ?? new Seats();
      this.#seats.set(name, seats);
      seats.update(peers);
    }
  }

  /** By seats, not by peers: who comes and goes does not open and close networks. */
  #unfoldAsFarAsReadable(networks: readonly NetworkMembers[], frame: Frame, opened: ReadonlySet<string>): World {
    const seatsIn = (name: string): number => this.#seats.get(name)?.capacity ?? 0;
    const largestFirst = networks
      .map(({ name }) => name)
      .filter((name) => !opened.has(name))
      .sort((a, b) => seatsIn(b) - seatsIn(a) || (a < b ? -1 : 1));
    const folding = (count: number): World =>
      makeWorld(networks, new Set(largestFirst.slice(0, count)), seatsIn, frame);
    let enough = largestFirst.length;
    for (let low = 0; low < enough; ) {
      const middle = (low + enough) >> 1;
      if (cellIn(frame, folding(middle)) >= MIN_CELL) enough = middle;
      else low = middle + 1;
    }
    return folding(enough);
  }
}
