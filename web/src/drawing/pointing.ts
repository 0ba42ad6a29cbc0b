import type { DrawnNode, Layout } from "./placing.ts";
import type { Point } from "./sunflower.ts";

export type Direction = "up" | "down" | "left" | "right";

/** A finger is not as exact as a mouse, in pixels. */
const REACH = 12;

/** What is under a point, or just beside it. */
export function nodeAt({ nodes }: Layout, point: Point): DrawnNode | undefined {
  let nearest: DrawnNode | undefined;
  let best = REACH;
  for (const node of nodes) {
    const distance = Math.hypot(node.x - point.x, node.y - point.y) - node.radius;
    if (distance >= best) continue;
    best = distance;
    nearest = node;
  }
  return nearest;
}

/** Where an arrow key leads: the nearest that lies more in that direction than beside it. */
export function neighbourOf({ nodes }: Layout, from: Point, direction: Direction): DrawnNode | undefined {
  let nearest: DrawnNode | undefined;
  let best = Number.POSITIVE_INFINITY;
  for (const node of nodes) {
    const { ahead, aside } = seenFrom(from, node, direction);
    // What lies aside counts more, so that a row is walked before it is left.
    const distance = ahead + 2 * aside;
    if (ahead <= 0 || aside > ahead || distance >= best) continue;
    best = distance;
    nearest = node;
  }
  return nearest;
}

function seenFrom(from: Point, to: Point, direction: Direction): { ahead: number; aside: number } {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const isVertical = direction === "up" || direction === "down";
  const sign = direction === "up" || direction === "left" ? -1 : 1;
  return isVertical ? { ahead: sign * dy, aside: Math.abs(dx) } : { ahead: sign * dx, aside: Math.abs(dy) };
}
