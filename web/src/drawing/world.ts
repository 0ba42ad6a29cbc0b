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

export interface WorldPlace extends Point {
  readonly members: NetworkMembers;
  readonly folded: boolean;
  readonly radius: number;
}

export interface World {
  readonly radius: number;
  readonly places: readonly WorldPlace[];
}

/** `seatsIn` tells for how many a network has room: by that it is drawn, so that nothing moves for one who comes. */
export function makeWorld(
  networks: readonly NetworkMembers[],
  folded: ReadonlySet<string>,
  seatsIn: (network: string) => number,
): World {
  const radii = networks.map(({ name }) => (folded.has(name) ? groupRadius : discRadius)(seatsIn(name)));
  const alone = networks.length === 1 && folded.size === 0;
  const shells = alone
    ? { centres: [{ x: 0, y: 0 }], radius: radii[0] as number }
    : placeInShells(radii, MIDDLE_RADIUS);
  const places = networks.map((members, index) => ({
    ...(shells.centres[index] as Point),
    members,
    folded: folded.has(members.name),
    radius: radii[index] as number,
  }));
  return { radius: shells.radius, places };
}

/** A thousand peers look like more than ten, and still fit. */
function groupRadius(seats: number): number {
  return 0.8 + 0.15 * Math.log2(seats);
}

/** Pixels of a cell, when the world fills the frame. */
export function cellIn(frame: Frame, { radius }: World): number {
  return (Math.min(frame.width, frame.height) / 2 - MARGIN) / radius;
}
