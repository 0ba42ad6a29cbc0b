import type { Seats } from "./seats.ts";
import { type Point, seatPosition } from "./sunflower.ts";
import { cellIn, type Frame, MARGIN, type Span, scaleIn, type World, type WorldPlace } from "./world.ts";

export interface DrawnNode extends Point {
  /** Of the peer or uplink; otherwise `server`, or `network:NAME`. */
  readonly id: string;
  /** `hub` is the middle of a network without an uplink, `group` a folded network. */
  readonly kind: "server" | "uplink" | "hub" | "peer" | "group";
  /** Empty for a server with several networks. */
  readonly network: string;
  readonly radius: number;
  /** For whom it stands. */
  readonly peers: number;
}

interface Disc extends Point {
  readonly network: string;
  readonly radiusX: number;
  readonly radiusY: number;
}

export interface Layout extends Frame {
  /** Distance of neighbours, in pixels, at least. */
  readonly cell: number;
  readonly nodes: readonly DrawnNode[];
  /** Around the networks that are not folded. */
  readonly discs: readonly Disc[];
  /** What stands for a peer or uplink: itself, or the group that it is folded into. */
  readonly nodeOf: ReadonlyMap<string, DrawnNode>;
}

/** Peers nearer to each other than this are told apart by nobody. */
export const MIN_CELL = 12;
/** A drawing of two peers need not fill a screen. */
const MAX_CELL = 64;
/** A wide frame is filled by pulling the drawing apart, but a disc should still look like one. */
const MAX_STRETCH = 1.5;
/** Of a symbol, in cells: two of the widest are still apart. */
const RADII = { server: 0.45, uplink: 0.36, hub: 0.2, peer: 0.28 } as const;
const SERVER_ID = "server";
const ORIGIN = { x: 0, y: 0 };

/** Turns cells into pixels. A frame that is too small for the world grows. */
export function place(world: World, frame: Frame, seatsOf: (network: string) => Seats): Layout {
  return new Placing(world, frame, seatsOf).place();
}

class Placing {
  readonly #world: World;
  readonly #frame: Frame;
  readonly #cell: number;
  readonly #scaleX: number;
  readonly #scaleY: number;
  readonly #seatsOf: (network: string) => Seats;
  readonly #nodes: DrawnNode[] = [];
  readonly #discs: Disc[] = [];
  readonly #nodeOf = new Map<string, DrawnNode>();

  constructor(world: World, frame: Frame, seatsOf: (network: string) => Seats) {
    this.#world = world;
    this.#seatsOf = seatsOf;
    this.#cell = Math.min(MAX_CELL, Math.max(MIN_CELL, cellIn(frame, world)));
    const needed = ({ from, to }: Span): number => Math.ceil((to - from) * this.#cell + 2 * MARGIN);
    const width = Math.max(frame.width, needed(world.spanX));
    const height = Math.max(frame.height, needed(world.spanY));
    this.#frame = { width, height };
    this.#scaleX = this.#stretched(scaleIn(width, world.spanX));
    this.#scaleY = this.#stretched(scaleIn(height, world.spanY));
  }

  #stretched(scale: number): number {
    return Math.max(this.#cell, Math.min(scale, this.#cell * MAX_STRETCH));
  }

  place(): Layout {
    const alone = this.#world.places.length === 1 ? this.#world.places[0]?.members : undefined;
    this.#add(
      { id: alone?.uplink ?? SERVER_ID, kind: "server", network: alone?.name ?? "", peers: 0 },
      ORIGIN,
      RADII.server,
    );
    for (const place of this.#world.places) {
      if (place.folded) this.#placeGroup(place);
      else this.#placeMembers(place, alone !== undefined);
    }
    return { ...this.#frame, cell: this.#cell, nodes: this.#nodes, discs: this.#discs, nodeOf: this.#nodeOf };
  }

  #placeGroup({ x, y, radius, members }: WorldPlace): void {
    const { name, peers, uplink } = members;
    const group = this.#add(
      { id: `network:${name}`, kind: "group", network: name, peers: peers.length },
      { x, y },
      radius,
    );
    for (const id of peers) this.#nodeOf.set(id, group);
    if (uplink !== undefined && !this.#nodeOf.has(uplink)) this.#nodeOf.set(uplink, group);
  }

  #placeMembers({ x, y, radius, members }: WorldPlace, isAlone: boolean): void {
    const { name, peers, uplink } = members;
    this.#discs.push({
      network: name,
      ...this.#toPixels({ x, y }),
      radiusX: radius * this.#scaleX,
      radiusY: radius * this.#scaleY,
    });
    if (!isAlone) {
      const kind = uplink === undefined ? "hub" : "uplink";
      this.#add({ id: uplink ?? `network:${name}`, kind, network: name, peers: 0 }, { x, y }, RADII[kind]);
    }
    const seats = this.#seatsOf(name);
    for (const id of peers) {
      const seat = seatPosition(seats.seatOf(id) as number);
      this.#add({ id, kind: "peer", network: name, peers: 1 }, { x: x + seat.x, y: y + seat.y }, RADII.peer);
    }
  }

  #add(node: Omit<DrawnNode, "x" | "y" | "radius">, at: Point, radius: number): DrawnNode {
    const drawn = { ...node, ...this.#toPixels(at), radius: radius * this.#cell };
    this.#nodes.push(drawn);
    this.#nodeOf.set(node.id, drawn);
    return drawn;
  }

  #toPixels({ x, y }: Point): Point {
    const { spanX, spanY } = this.#world;
    const { width, height } = this.#frame;
    return {
      x: width / 2 + (x - middleOf(spanX)) * this.#scaleX,
      y: height / 2 + (y - middleOf(spanY)) * this.#scaleY,
    };
  }
}

function middleOf({ from, to }: Span): number {
  return (from + to) / 2;
}
