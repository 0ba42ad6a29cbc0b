/** Networks around the server in cells, before anybody knows how large that is on a screen. */
import { placeInShells } from "./shells.ts";
import { discRadius, type Point } from "./sunflower.ts";

export interface NetworkMembers {
  readonly name: string;
  /** Id of the server's own TAP in it. */
  readonly uplink: string | undefined;
  /** Ids, in the order they came. */
  readonly peers: readonly string[];
}

/** In pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
}

/** For names at the edge, in pixels. */
export const MARGIN = 24;
const MIDDLE_RADIUS = 0.9;
const ORIGIN = { x: 0, y: 0 };

export interface WorldPlace extends Point {
  readonly members: NetworkMembers;
  readonly folded: boolean;
  readonly radius: number;
}

/** From the least to the greatest, on one axis. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The server is at 0, 0. */
export interface World {
  /** What is taken by anything. */
  readonly spanX: Span;
  readonly spanY: Span;
  readonly places: readonly WorldPlace[];
}

/** `seatsIn` tells for how many a network has room: by that it is drawn, so that nothing moves for one who comes. */
export function makeWorld(
  networks: readonly NetworkMembers[],
  folded: ReadonlySet<string>,
  seatsIn: (network: string) => number,
  frame: Frame,
): World {
  const radii = networks.map(({ name }) => (folded.has(name) ? groupRadius : discRadius)(seatsIn(name)));
  const isAlone = networks.length === 1 && folded.size === 0;
  const centres = isAlone
    ? [ORIGIN]
    : placeInShells(radii, MIDDLE_RADIUS, frame.width > frame.height ? "right" : "top");
  const places = networks.map((members, index) => ({
    ...(centres[index] as Point),
    members,
    folded: folded.has(members.name),
    radius: radii[index] as number,
  }));
  return { spanX: spanOf(places, "x"), spanY: spanOf(places, "y"), places };
}

function spanOf(places: readonly WorldPlace[], axis: "x" | "y"): Span {
  const from = Math.min(-MIDDLE_RADIUS, ...places.map((place) => place[axis] - place.radius));
  const to = Math.max(MIDDLE_RADIUS, ...places.map((place) => place[axis] + place.radius));
  return { from, to };
}

/** A thousand peers look like more than ten, and still fit. */
function groupRadius(seats: number): number {
  return 0.8 + 0.15 * Math.log2(seats);
}

/** Pixels of a cell, when the world fills the frame. */
export function cellIn({ width, height }: Frame, { spanX, spanY }: World): number {
  return Math.min(scaleIn(width, spanX), scaleIn(height, spanY));
}

/** Pixels of a cell, when the span fills the side of a frame. */
export function scaleIn(side: number, { from, to }: Span): number {
  return (side - 2 * MARGIN) / (to - from);
}
