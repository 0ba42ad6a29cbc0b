import type { Point } from "./sunflower.ts";

/** Room between a disc and what is next to it, in cells. */
const GAP = 0.75;

/**
 * Centres of discs around a middle, in shells like an onion's, each in its order clockwise from one side. A disc of
 * radius d at distance r is seen from the middle under the angle 2 asin(d / r): where these do not overlap, discs do
 * not either.
 */
export function placeInShells(discRadii: readonly number[], middleRadius: number, from: "top" | "right"): Point[] {
  const centres: Point[] = [];
  let inner = middleRadius;
  while (centres.length < discRadii.length) {
    const shell = takeShell(discRadii.slice(centres.length), inner, from === "top" ? -Math.PI / 2 : 0);
    centres.push(...shell.centres);
    inner = shell.outerRadius;
  }
  return centres;
}

/** As many discs as fit around `inner`, at least one, spread evenly. */
function takeShell(
  discRadii: readonly number[],
  inner: number,
  firstAngle: number,
): { centres: Point[]; outerRadius: number } {
  let thickest = 0;
  let used: number[] = [];
  for (let count = 1; count <= discRadii.length; count++) {
    thickest = Math.max(thickest, (discRadii[count - 1] as number) + GAP / 2);
    const angles = anglesOf(discRadii.slice(0, count), inner + thickest);
    if (count > 1 && sum(angles) > 2 * Math.PI) break;
    used = angles;
  }
  const radii = discRadii.slice(0, used.length);
  const widest = Math.max(...radii) + GAP / 2;
  const distance = inner + widest;
  return { centres: spread(anglesOf(radii, distance), distance, firstAngle), outerRadius: distance + widest };
}

function anglesOf(discRadii: readonly number[], distance: number): number[] {
  return discRadii.map((radius) => 2 * Math.asin((radius + GAP / 2) / distance));
}

function spread(angles: readonly number[], distance: number, firstAngle: number): Point[] {
  const spare = (2 * Math.PI - sum(angles)) / angles.length;
  let angle = firstAngle - (angles[0] ?? 0) / 2;
  return angles.map((width) => {
    const middle = angle + width / 2;
    angle += width + spare;
    return { x: distance * Math.cos(middle), y: distance * Math.sin(middle) };
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
