import type { Point } from "./sunflower.ts";

/** Room between a disc and what is next to it, in cells. */
const GAP = 0.75;

/**
 * Centres of discs around a middle, in shells like an onion's, each in its order clockwise from one side. Each is as near
 * to the middle as its shell allows. From there a disc of radius d at distance r is seen under the angle 2 asin(d / r):
 * where these do not overlap, discs do not either.
 */
export function placeInShells(discRadii: readonly number[], middleRadius: number, from: "top" | "right"): Point[] {
  const centres: Point[] = [];
  let inner = middleRadius;
  while (centres.length < discRadii.length) {
    const shell = takeShell(discRadii.slice(centres.length), inner);
    centres.push(...spread(shell, inner, from === "top" ? -Math.PI / 2 : 0));
    inner += 2 * Math.max(...shell.map(withGap));
  }
  return centres;
}

/** As many discs as fit around `inner`, at least one. */
function takeShell(discRadii: readonly number[], inner: number): readonly number[] {
  let angle = 0;
  const end = discRadii.findIndex((radius) => {
    angle += angleOf(radius, inner);
    return angle > 2 * Math.PI;
  });
  return end < 0 ? discRadii : discRadii.slice(0, Math.max(1, end));
}

/** Evenly: what is left of the circle is shared out. */
function spread(discRadii: readonly number[], inner: number, firstAngle: number): Point[] {
  const angles = discRadii.map((radius) => angleOf(radius, inner));
  const spare = (2 * Math.PI - angles.reduce((sum, angle) => sum + angle, 0)) / angles.length;
  let angle = firstAngle - (angles[0] ?? 0) / 2;
  return discRadii.map((radius, index) => {
    const width = angles[index] as number;
    const middle = angle + width / 2;
    angle += width + spare;
    const distance = inner + withGap(radius);
    return { x: distance * Math.cos(middle), y: distance * Math.sin(middle) };
  });
}

function angleOf(radius: number, inner: number): number {
  return 2 * Math.asin(withGap(radius) / (inner + withGap(radius)));
}

function withGap(radius: number): number {
  return radius + GAP / 2;
}
