import { sparklinePoints } from "../text/sparkline-points.ts";

const WIDTH = 96;
const HEIGHT = 22;

/** A few values as a small line; the figures stand beside it, so it says nothing to a screen reader. */
export function Sparkline({ values }: { values: readonly number[] }) {
  return (
    <svg class="sparkline" width={WIDTH} height={HEIGHT} aria-hidden="true">
      <polyline points={sparklinePoints(values, WIDTH, HEIGHT)} />
    </svg>
  );
}
