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

/** The server is at 0, 0. */
export interface World {
  /** From the server to the farthest edge of a network, on either side. */
  readonly reachX: number;
  readonly reachY: number;
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
  const reach = (axis: "x" | "y"): number =>
    Math.max(MIDDLE_RADIUS, ...places.map((place) => Math.abs(place[axis]) + place.radius));
  return { reachX: reach("x"), reachY: reach("y"), places };
}

/** A thousand peers look like more than ten, and still fit. */
function groupRadius(seats: number): number {
  return 0.8 + 0.15 * Math.log2(seats);
}

/** Pixels of a cell, when the world fills the frame. */
export function cellIn({ width, height }: Frame, { reachX, reachY }: World): number {
  return Math.min((width / 2 - MARGIN) / reachX, (height / 2 - MARGIN) / reachY);
}
