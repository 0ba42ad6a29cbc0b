/**
 * Where the members of a network sit around its middle: on a sunflower's spiral (Vogel, "A better way to construct the
 * sunflower head", 1979), counted from the inside. A seat's place depends on nothing but its number, so nobody moves
 * when others come and go. The unit is the cell: two seats are at least 1 apart.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
}

const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
/** Two neighbours of a spiral with step 1 are never nearer than 1.63, once its first seats are left out. */
const STEP = 0.62;
/** Seats that are left out, where the middle is: it has a radius of 0.7 cells for itself. */
const LEFT_OUT = 4;

export function seatPosition(seat: number): Point {
  const radius = STEP * Math.sqrt(seat + LEFT_OUT);
  const angle = seat * GOLDEN_ANGLE;
  return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
}

/** Of the disc that holds so many seats, each with half a cell around it. */
export function discRadius(seats: number): number {
  return STEP * Math.sqrt(seats + LEFT_OUT) + 0.5;
}
